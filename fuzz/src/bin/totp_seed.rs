//! A TOTP seed as people have it. The first eight bytes are the step; the code of a seed that is taken is that of another
//! implementation, where the seed is plain base32.
#![no_main]

use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::{Corpus, fuzz_target};
use sha1::Sha1;
use valetkey::mfa::{Seed, Step, code};
use valetkey_fuzz::check_message;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((step, rest)) = bytes.split_first_chunk() else {
        return Corpus::Reject;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return Corpus::Reject;
    };
    let step = u64::from_be_bytes(*step);
    match Seed::parse(text) {
        Ok(seed) => {
            let code = code(&seed, Step::new(step));
            assert!(code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit()));
            if let Some(key) = base32(text) {
                assert_eq!(code.expose(), totp(&key, step));
            }
        }
        Err(error) => check_message(&error.to_string()),
    }
    Corpus::Keep
});

/// Nothing, if it is more than letters and digits of base32.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

fn totp(key: &[u8], step: u64) -> String {
    let mut hmac = Hmac::<Sha1>::new_from_slice(key).expect("a key of any length");
    hmac.update(&step.to_be_bytes());
    let tag = hmac.finalize().into_bytes();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}
