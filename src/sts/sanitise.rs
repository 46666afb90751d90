use zeroize::Zeroizing;

use super::wire::percent_encoded;
use crate::sanitise::{REDACTED, printable, replaced, shortened, without_runs};

/// What stands for a quoted value.
const QUOTED: &str = "Value '...'";

/// From this length on a run of letters and digits may be a secret access key (40) or a session token (hundreds).
const CREDENTIALS_LENGTH: usize = 32;

/// A foreign text (STS's message, a library's error) as it may appear in a message of ours: its first line, printable
/// ASCII, without the values that STS quotes, without the secrets of the call and without what looks like credentials
/// that a server put there, at most 300 characters.
///
/// Some messages of STS quote a parameter (`Value '…' at 'tokenCode' failed …`); that of `SignatureDoesNotMatch` goes
/// on with the canonical request after its first line.
pub(super) fn text(foreign: &str, secrets: &[&str]) -> String {
    let line = foreign.trim_start().lines().next().unwrap_or_default();
    let shown = shortened(clean(&without_quoted_values(&printable(line)), secrets));
    if hides_any(&shown, secrets) {
        String::from(REDACTED)
    } else {
        shown
    }
}

/// The shortest secret, an MFA code. What is shorter would be found in every text.
const SHORTEST: usize = 6;

/// How much of a long secret in a row is too much to show.
const TELLING_LENGTH: usize = 12;

/// Whether a secret of the call, or a piece of a long one, stands there with other characters between its own. Only a
/// server that means harm writes so; nothing of what it says is worth that.
fn hides_any(text: &str, secrets: &[&str]) -> bool {
    let text = bare(text);
    let secrets = secrets.iter().map(|secret| bare(secret));
    secrets.filter(|secret| secret.len() >= SHORTEST).any(|secret| {
        let mut pieces = secret.windows(TELLING_LENGTH.min(secret.len()));
        pieces.any(|piece| text.windows(piece.len()).any(|shown| shown == piece))
    })
}

fn bare(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
    bare.extend(text.bytes().filter(u8::is_ascii_alphanumeric));
    bare
}

/// STS's error code, if it looks like one: 1 to 64 of `[A-Za-z0-9._:-]`.
pub(super) fn code(foreign: &str, secrets: &[&str]) -> Option<String> {
    word(foreign, b"._:-").map(|code| std::mem::take(&mut *clean(code, secrets)))
}

/// From this length on a run in a request id may be a secret access key. Ids of 32 digits are common.
const SECRET_KEY_LENGTH: usize = 40;

/// STS's request id, if it looks like one: 1 to 64 of `[A-Za-z0-9-]`.
pub(super) fn request_id(foreign: &str, secrets: &[&str]) -> Option<String> {
    let id = word(foreign, b"-")?;
    let mut clean = without_credentials(&without_secrets(id, secrets), SECRET_KEY_LENGTH);
    Some(std::mem::take(&mut *clean))
}

fn word<'a>(foreign: &'a str, more: &[u8]) -> Option<&'a str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || more.contains(&b);
    ((1..=64).contains(&foreign.len()) && foreign.bytes().all(fits)).then_some(foreign)
}

fn without_quoted_values(text: &str) -> Zeroizing<String> {
    let room = text.len() + text.matches("Value '").count() * QUOTED.len();
    let mut clean = Zeroizing::new(String::with_capacity(room));
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once("Value '") {
        clean.push_str(before);
        clean.push_str(QUOTED);
        // A value may itself hold quotes: it ends where the name of the parameter begins, or else nowhere.
        rest = quoted.find("' at '").map_or("", |end| &quoted[end + 1..]);
    }
    clean.push_str(rest);
    clean
}

fn clean(text: &str, secrets: &[&str]) -> Zeroizing<String> {
    without_credentials(&without_secrets(text, secrets), CREDENTIALS_LENGTH)
}

/// `text` without the secrets, in whatever form they stand in it.
pub(super) fn without_secrets(text: &str, secrets: &[&str]) -> Zeroizing<String> {
    let mut clean = Zeroizing::new(text.to_owned());
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let encoded = percent_encoded(secret);
        let upper = String::from_utf8_lossy(&encoded);
        let lower = with_lower_case_escapes(&upper);
        for form in [secret, upper.as_ref(), lower.as_str()] {
            // The wrapper is replaced, not the text in it: only its drop wipes.
            clean = replaced(&clean, form, REDACTED);
        }
    }
    clean
}

/// `%2f` is the same escape as `%2F`; the letters outside escapes keep their case.
fn with_lower_case_escapes(encoded: &str) -> Zeroizing<String> {
    let mut lower = Zeroizing::new(String::with_capacity(encoded.len()));
    let mut escape = 0_u8;
    for c in encoded.chars() {
        escape = if c == '%' { 3 } else { escape.saturating_sub(1) };
        lower.push(if escape > 0 { c.to_ascii_lowercase() } else { c });
    }
    lower
}

/// Without long runs of base64's characters (and `%`, of their escapes) in which there are both letters and digits: no
/// word of a sentence and no UUID is one; that a long path in an ARN may be one is the price.
fn without_credentials(text: &str, length: usize) -> Zeroizing<String> {
    without_runs(
        text,
        |c| c.is_ascii_alphanumeric() || "/+=%".contains(c),
        |run| {
            let (letters, digits) = (|c: char| c.is_ascii_alphabetic(), |c: char| c.is_ascii_digit());
            run.len() >= length && run.contains(letters) && run.contains(digits)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "138502";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLEKEY";

    #[test]
    fn quoted_values_are_left_out() {
        let text = |foreign| text(foreign, &[]);
        assert_eq!(
            text(
                r"2 validation errors detected: Value '138502\\' at 'tokenCode' failed to satisfy constraint: Member must have length less than or equal to 6; Value '1'3' at 'tokenCode' failed to satisfy constraint: [\d]*"
            ),
            r"2 validation errors detected: Value '...' at 'tokenCode' failed to satisfy constraint: Member must have length less than or equal to 6; Value '...' at 'tokenCode' failed to satisfy constraint: [\d]*"
        );
        assert_eq!(text("Value 'never closed 123456"), "Value '...'");
        assert_eq!(text("a plain sentence."), "a plain sentence.");
    }

    #[test]
    fn the_secrets_of_the_call_are_left_out_in_every_form() {
        for (foreign, expected) in [
            ("code 138502 is bad, 138502!", "code [redacted] is bad, [redacted]!"),
            ("key wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLEKEY.", "key [redacted]."),
            ("key wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCY%3DEXAMPLEKEY", "key [redacted]"),
            ("key wJalrXUtnFEMI%2fK7MDENG%2bbPxRfiCY%3dEXAMPLEKEY", "key [redacted]"),
            ("1\u{0}3\u{7}8502", "[redacted]"),
        ] {
            assert_eq!(text(foreign, &[SECRET, CODE]), expected);
        }
    }

    #[test]
    fn a_text_that_hides_a_secret_is_left_out_whole() {
        let token = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ";
        let pieces: Vec<_> = (0..5).map(|n| &token[n * 10..][..10]).collect();
        for foreign in [
            format!("no: {}", pieces.join(" . ")),
            format!("code {} {}", &CODE[..3], &CODE[3..]),
        ] {
            assert_eq!(text(&foreign, &[CODE, token]), REDACTED);
        }
        let harmless = "Signature expired: 20261122T064935Z is now earlier than 20261122T065935Z";
        assert_eq!(text(harmless, &[CODE, token, "", "~a~"]), harmless);
    }

    #[test]
    fn what_looks_like_credentials_is_left_out() {
        let token = "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt/+=";
        for (foreign, expected) in [
            (format!("token {token}, {token}."), "token [redacted], [redacted]."),
            (token[..32].to_owned(), "[redacted]"),
            (token[..31].to_owned(), &token[..31]),
            (token.replace('/', "%2F"), "[redacted]"),
            ("x".repeat(32), &"x".repeat(32)),
            ("1".repeat(32), &"1".repeat(32)),
            (
                "arn:aws:iam::123456789012:user/somebody is not c6104cbe-af31-11e0-8154-cbc7ccf896c7".to_owned(),
                "arn:aws:iam::123456789012:user/somebody is not c6104cbe-af31-11e0-8154-cbc7ccf896c7",
            ),
        ] {
            assert_eq!(text(&foreign, &[]), expected);
        }
        let code_like = "A1".repeat(16);
        assert_eq!(code(&code_like, &[]).as_deref(), Some("[redacted]"));
    }

    #[test]
    fn a_buffer_that_holds_the_raw_text_is_never_left_for_a_larger_one() {
        let raw = "Value '' at 'x' 138502".repeat(500);
        let quoted = without_quoted_values(&raw);
        assert_eq!(quoted.capacity(), raw.len() + 500 * QUOTED.len());
    }

    #[test]
    fn one_line_of_printable_ascii_and_no_more_than_300_characters() {
        assert_eq!(
            text("\n The signature does not match.\r\n\nThe Canonical String\nPOST", &[]),
            "The signature does not match."
        );
        assert_eq!(text("a\u{1b}[31mred\u{202e}é\tb", &[]), "a[31mred??b");
        assert_eq!(text("", &[]), "");
        let hidden = text(&format!("{}{SECRET}", "x".repeat(280)), &[SECRET]);
        assert_eq!(hidden, format!("{}[redacted]", "x".repeat(280)));
    }

    #[test]
    fn codes_and_request_ids_have_an_alphabet_and_a_length() {
        let secrets = [CODE];
        assert_eq!(code("AccessDenied", &secrets).as_deref(), Some("AccessDenied"));
        assert_eq!(code("a.B_c:d-9", &[]).as_deref(), Some("a.B_c:d-9"));
        assert_eq!(code(CODE, &secrets).as_deref(), Some("[redacted]"));
        let id = "c6104cbe-af31-11e0-8154-cbc7ccf896c7";
        assert_eq!(request_id(id, &secrets).as_deref(), Some(id));
        assert_eq!(request_id("a138502b", &secrets).as_deref(), Some("a[redacted]b"));
        for bad in ["", "a b", "a\nb", "é", &"x".repeat(65)] {
            assert_eq!((code(bad, &[]), request_id(bad, &[])), (None, None), "{bad:?}");
        }
        assert_eq!(request_id("a.b", &[]), None);
        let key = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab";
        assert_eq!(request_id(key, &[]).as_deref(), Some("[redacted]"));
        let short = &key[1..];
        assert_eq!(request_id(short, &[]).as_deref(), Some(short));
    }
}
