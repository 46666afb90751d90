use zeroize::Zeroizing;

use super::wire::percent_encoded;

/// The most characters of a foreign text in a message of ours.
const LONGEST: usize = 300;

/// What stands for a removed secret.
const REDACTED: &str = "[redacted]";

/// A foreign text (STS's message, a library's error) as it may appear in a message of ours: its first line, printable
/// ASCII, without the values that STS quotes and without the secrets of the call, at most 300 characters.
///
/// Some messages of STS quote a parameter (`Value '…' at 'tokenCode' failed …`); that of `SignatureDoesNotMatch` goes
/// on with the canonical request after its first line.
pub(super) fn text(foreign: &str, secrets: &[&str]) -> String {
    let line = foreign.trim_start().lines().next().unwrap_or_default();
    let mut printable = Zeroizing::new(String::with_capacity(line.len()));
    printable.extend(line.chars().filter(|c| !c.is_control()).map(ascii));
    let mut clean = without_secrets(&without_quoted_values(&printable), secrets);
    if clean.len() > LONGEST {
        clean.truncate(LONGEST - 3);
        clean.push_str("...");
    }
    clean.trim_end().to_owned()
}

fn ascii(c: char) -> char {
    if c.is_ascii() { c } else { '?' }
}

/// STS's error code, if it looks like one: 1 to 64 of `[A-Za-z0-9._:-]`.
pub(super) fn code(foreign: &str, secrets: &[&str]) -> Option<String> {
    word(foreign, b"._:-").map(|code| without_secrets(code, secrets))
}

/// STS's request id, if it looks like one: 1 to 64 of `[A-Za-z0-9-]`.
pub(super) fn request_id(foreign: &str, secrets: &[&str]) -> Option<String> {
    word(foreign, b"-").map(|id| without_secrets(id, secrets))
}

fn word<'a>(foreign: &'a str, more: &[u8]) -> Option<&'a str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || more.contains(&b);
    ((1..=64).contains(&foreign.len()) && foreign.bytes().all(fits)).then_some(foreign)
}

fn without_quoted_values(text: &str) -> Zeroizing<String> {
    let mut clean = Zeroizing::new(String::with_capacity(text.len() + 16));
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once("Value '") {
        clean.push_str(before);
        clean.push_str("Value '...'");
        // A value may itself hold quotes: it ends where the name of the parameter begins, or else nowhere.
        rest = quoted.find("' at '").map_or("", |end| &quoted[end + 1..]);
    }
    clean.push_str(rest);
    clean
}

fn without_secrets(text: &str, secrets: &[&str]) -> String {
    let mut clean = Zeroizing::new(text.to_owned());
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let encoded = percent_encoded(secret);
        let upper = String::from_utf8_lossy(&encoded);
        let lower = Zeroizing::new(with_lower_case_escapes(&upper));
        for form in [secret, upper.as_ref(), lower.as_str()] {
            *clean = clean.replace(form, REDACTED);
        }
    }
    std::mem::take(&mut *clean)
}

/// `%2f` is the same escape as `%2F`; the letters outside escapes keep their case.
fn with_lower_case_escapes(encoded: &str) -> String {
    let mut lower = encoded.to_owned();
    for (at, _) in encoded.match_indices('%') {
        lower.replace_range(at..at + 3, &encoded[at..at + 3].to_ascii_lowercase());
    }
    lower
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
    fn one_line_of_printable_ascii_and_no_more_than_300_characters() {
        assert_eq!(
            text("\n The signature does not match.\r\n\nThe Canonical String\nPOST", &[]),
            "The signature does not match."
        );
        assert_eq!(text("a\u{1b}[31mred\u{202e}é\tb", &[]), "a[31mred??b");
        assert_eq!(text("", &[]), "");
        let long = text(&"x".repeat(5_000), &[]);
        assert_eq!((long.len(), long.ends_with("x...")), (300, true));
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
    }
}
