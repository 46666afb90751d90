use zeroize::Zeroizing;

use super::Error;
use crate::aws::{Invalid, SamlAssertion};
use crate::secret::Secret;

pub(super) const WHAT: &str = "SAML assertion";

/// In bytes: the longest that STS takes has 100000 characters, and tools break base64 into lines.
pub(super) const LIMIT: usize = 160 * 1024;

/// The SAML response in a text: base64, however it is broken into lines. `place` is where the text was.
pub(super) fn parse(text: &str, place: &str) -> Result<SamlAssertion, Error> {
    // Taken once: a buffer that grows would leave copies behind that nobody wipes.
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    base64.extend(text.chars().filter(|char| !char.is_ascii_whitespace()));
    let refuse = |rule| Error::Content {
        what: WHAT,
        place: place.to_owned(),
        rule,
    };
    rule(&base64).map_or(Ok(()), |rule| Err(refuse(rule)))?;
    SamlAssertion::try_from(Secret::from(std::mem::take(&mut *base64))).map_err(|Invalid(rule)| refuse(rule))
}

/// What is wrong with it, for those who took it from another place of a browser's exchange.
fn rule(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("holds nothing; the identity provider's SAML response in base64 must be there");
    }
    if text.starts_with('<') {
        return Some("holds XML; encode it in base64, as the identity provider sends it");
    }
    if text.contains('%') {
        return Some("is encoded for a URL; decode %2B, %2F and %3D to +, / and =");
    }
    let letters = text.trim_end_matches('=');
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if text.len() - letters.len() > 2 || !letters.bytes().all(of_base64) {
        return Some("must be the identity provider's SAML response in base64, and nothing else");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, String> {
        let assertion = parse(text, "/a").map_err(|error| error.to_string())?;
        Ok(assertion.expose().to_owned())
    }

    #[test]
    fn line_breaks_do_not_count() {
        for text in ["PHNhbWw+", " PHNh\r\nbWw+\n", "PH Nh\tbWw+"] {
            assert_eq!(parsed(text), Ok("PHNhbWw+".to_owned()));
        }
        assert!(parsed("PHNhbA==").is_ok() && parsed("PHNhbDw=").is_ok());
        assert!(parsed(&"A".repeat(100_000)).is_ok());
    }

    #[test]
    fn anything_else_is_refused_with_its_remedy_and_never_shown() {
        let base64 = "must be the identity provider's SAML response in base64, and nothing else";
        for (text, rule) in [
            (
                "",
                "holds nothing; the identity provider's SAML response in base64 must be there",
            ),
            (
                " \n",
                "holds nothing; the identity provider's SAML response in base64 must be there",
            ),
            (
                "<samlp:Response/>",
                "holds XML; encode it in base64, as the identity provider sends it",
            ),
            (
                "PHNhbWw%2B",
                "is encoded for a URL; decode %2B, %2F and %3D to +, / and =",
            ),
            ("SAMLResponse=PHNhbWw+", base64),
            ("PHNh===", base64),
            ("PH=Nh", base64),
            ("PHNhbWwä", base64),
            ("PHN", "must be a SAML response in base64: 4 to 100000 characters"),
            (
                &"A".repeat(100_001),
                "must be a SAML response in base64: 4 to 100000 characters",
            ),
        ] {
            assert_eq!(parsed(text), Err(format!("SAML assertion: /a: {rule}")));
        }
    }
}
