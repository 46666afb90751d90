use std::collections::HashSet;

use data_encoding::BASE64URL_NOPAD;

use super::token::{TOKEN_LEN, TokenKey};
use super::*;
use crate::clock::BootInstant;

fn at(nanoseconds: u64) -> BootInstant {
    BootInstant::from_boot(Duration::from_nanos(nanoseconds))
}

#[test]
fn a_token_tells_its_expiry_to_its_own_key_alone() {
    let (key, other) = (TokenKey::new().unwrap(), TokenKey::new().unwrap());
    for expires in [at(0), at(1), at(21_600_000_000_000), at(u64::MAX)] {
        let token = key.seal(expires);
        assert_eq!(token.len(), TOKEN_LEN);
        assert_eq!(key.open(token.as_bytes()), Some(expires));
        assert_eq!(other.open(token.as_bytes()), None, "another start");
    }
}

#[test]
fn whatever_was_changed_opens_nothing() {
    let key = TokenKey::new().unwrap();
    let token = key.seal(at(1));
    let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut forged = sealed.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.open(BASE64URL_NOPAD.encode(&forged).as_bytes()), None, "bit {bit}");
    }
    for length in (0..TOKEN_LEN).chain([TOKEN_LEN + 1]) {
        let forged: String = token.chars().cycle().take(length).collect();
        assert_eq!(key.open(forged.as_bytes()), None, "{length} characters");
    }
    for wrong in ['=', '+', '/', ' ', '\0', '\u{7f}'] {
        let forged = format!("{}{wrong}", &token[..TOKEN_LEN - 1]);
        assert_eq!(key.open(forged.as_bytes()), None, "{wrong:?}");
    }
    assert_eq!(key.open(&vec![b'A'; 1 << 20]), None);
}

#[test]
fn a_hundred_thousand_tokens_differ_and_leave_the_first_one_good() {
    let key = TokenKey::new().unwrap();
    let first = key.seal(at(7));
    let tokens: HashSet<_> = (0..100_000).map(|_| key.seal(at(7))).collect();
    assert_eq!(tokens.len(), 100_000);
    assert!(!tokens.contains(&first));
    assert_eq!(key.open(first.as_bytes()), Some(at(7)));
}

#[test]
fn a_ttl_is_a_number_of_seconds() {
    let of = |text: &str| ttl(&HeaderValue::from_str(text).unwrap());
    for (text, seconds) in [("1", 1), ("300", 300), ("600", 600), ("21600", 21_600)] {
        assert_eq!(of(text), Some(seconds), "{text}");
    }
    for text in [
        "",
        "0",
        "060",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x10",
        "21601",
        "021600",
        "99999",
        "4294967297",
        "60s",
        "6 0",
        "٣",
    ] {
        assert_eq!(of(text), None, "{text}");
    }
}
