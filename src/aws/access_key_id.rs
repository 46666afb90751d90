use std::fmt;
use std::str::FromStr;

use super::{Invalid, all_word_or};

/// The public half of an access key pair: 16 to 128 letters, digits or `_` (`accessKeyIdType` of the STS model).
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeyId(Box<str>);

impl AccessKeyId {
    /// The whole id, for signing and for the served document.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the id of temporary credentials (`ASIA…`), which cannot serve as a long-term key.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with("ASIA")
    }
}

impl FromStr for AccessKeyId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (16..=128).contains(&text.len()) && all_word_or(text, b"") {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be an access key id: 16 to 128 letters and digits, such as AKIA…",
            ))
        }
    }
}

/// The last four characters only: enough to tell two keys apart in a log.
impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_aws_keys_and_those_of_other_servers() {
        for text in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "sixteen_letters_"] {
            assert_eq!(text.parse::<AccessKeyId>().map(|id| id.as_str() == text), Ok(true));
        }
    }

    #[test]
    fn refuses_what_is_too_short_too_long_or_has_other_characters() {
        let too_long = "A".repeat(129);
        for text in [
            "",
            "AKIA",
            "AKIAIOSFODNN7EX",
            too_long.as_str(),
            "AKIAIOSFODNN7EXAMPL ",
            "ÄKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(text.parse::<AccessKeyId>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_temporary_ids() {
        let id = |text: &str| text.parse::<AccessKeyId>().unwrap();
        assert!(id("ASIAIOSFODNN7EXAMPLE").is_temporary());
        assert!(!id("AKIAIOSFODNN7EXAMPLE").is_temporary());
    }

    #[test]
    fn shows_the_last_four_characters_only() {
        let id: AccessKeyId = "AKIAIOSFODNN7EXAMPLE".parse().unwrap();
        assert_eq!(format!("{id} {id:?}"), "…MPLE …MPLE");
    }
}
