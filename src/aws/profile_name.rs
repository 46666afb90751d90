use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// The name of a profile. It is a path segment of the endpoint, a folder's name and a metric label, so it has 1 to 64
/// letters, digits, `_`, `.` or `-`, and begins with a letter, a digit or `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileName(Box<str>);

impl ProfileName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let well_formed = text.len() <= 64
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || b == b'.' || b == b'-');
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be 1 to 64 letters, digits, \"_\", \".\" or \"-\", and begin with a letter, a digit or \"_\"",
            ))
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_safe_as_a_path_and_a_label() {
        for text in ["ops", "0", "_x", "a.b-c_D", &"x".repeat(64)] {
            assert!(text.parse::<ProfileName>().is_ok(), "{text}");
        }
        for text in ["", ".", "..", "-x", "a/b", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert!(text.parse::<ProfileName>().is_err(), "{text:?}");
        }
    }
}
