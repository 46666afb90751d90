use std::str::FromStr;

use crate::aws::{Invalid, ProfileName, all_word_or};

/// A role session's name or a source identity: 2 to 64 characters of `[\w+=,.@-]` (`roleSessionNameType` and
/// `sourceIdentityType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionName(Box<str>);

impl SessionName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The role session name of a profile that gives none: CloudTrail shows which profile of valetkey acted.
    pub fn of_profile(profile: &ProfileName) -> Self {
        let mut name = format!("valetkey-{profile}");
        name.truncate(64);
        Self(name.into())
    }
}

impl FromStr for SessionName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (2..=64).contains(&text.len()) && all_word_or(text, b"+=,.@-") {
            Ok(Self(text.into()))
        } else {
            Err(Invalid("must be 2 to 64 letters, digits or any of \"_+=,.@-\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_letters_of_the_model() {
        for text in ["ab", "Jane.Doe+x=1,2@example-_", &"x".repeat(64)] {
            assert_eq!(text.parse::<SessionName>().unwrap().as_str(), text);
        }
        for text in ["", "a", "a b", "a/b", "a:b", "ä1", &"x".repeat(65)] {
            assert!(text.parse::<SessionName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_profile_gives_a_name_that_aws_takes() {
        for profile in ["ops", &"x".repeat(64)] {
            let name = SessionName::of_profile(&profile.parse().unwrap());
            assert_eq!(name.as_str().parse(), Ok(name.clone()));
            assert!(name.as_str().starts_with(&format!("valetkey-{}", &profile[..3])));
        }
    }
}
