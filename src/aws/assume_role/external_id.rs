use std::str::FromStr;

use crate::aws::{Invalid, all_word_or};

/// An external id: 2 to 1224 characters of `[\w+=,.@:\/-]` (`externalIdType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalId(Box<str>);

impl ExternalId {
    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (2..=1224).contains(&text.len()) && all_word_or(text, b"+=,.@:/-") {
            Ok(Self(text.into()))
        } else {
            Err(Invalid("must be 2 to 1224 letters, digits or any of \"_+=,.@:/-\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_letters_of_the_model() {
        for text in ["ab", "a:b/c,d=e+f.g@h-i_j", &"x".repeat(1224)] {
            assert_eq!(text.parse::<ExternalId>().unwrap().as_str(), text);
        }
        for text in ["", "a", "a b", "a\\b", "ä1", &"x".repeat(1225)] {
            assert!(text.parse::<ExternalId>().is_err(), "{text:?}");
        }
    }
}
