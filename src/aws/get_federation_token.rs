use std::str::FromStr;

use super::{Invalid, SessionDuration, SessionPolicies, SessionTokenSize, TagList, all_word_or};

/// What GetFederationToken is asked for: a session of a user that IAM does not know. Without session policies it may do
/// nothing but what resources allow it by name.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetFederationToken {
    /// The federated user.
    pub name: FederatedUserName,
    /// Session policies.
    pub policies: SessionPolicies,
    /// How long the credentials live.
    pub duration: SessionDuration,
    /// Session tags.
    pub tags: TagList,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

/// A federated user's name: 2 to 32 characters of `[\w+=,.@-]` (`userNameType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FederatedUserName(Box<str>);

impl FederatedUserName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FederatedUserName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (2..=32).contains(&text.len()) && all_word_or(text, b"+=,.@-") {
            Ok(Self(text.into()))
        } else {
            Err(Invalid("must be 2 to 32 letters, digits or any of \"_+=,.@-\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_letters_of_the_model() {
        for text in ["ab", "Jane.Doe+x=1,2@example-_", &"x".repeat(32)] {
            assert_eq!(text.parse::<FederatedUserName>().unwrap().as_str(), text);
        }
        for text in ["", "a", "a b", "a/b", "ä1", &"x".repeat(33)] {
            assert!(text.parse::<FederatedUserName>().is_err(), "{text:?}");
        }
    }
}
