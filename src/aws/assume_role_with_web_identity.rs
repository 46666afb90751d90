use std::str::FromStr;

use super::{Invalid, RoleArn, RoleDuration, SessionName, SessionPolicies, SessionTokenSize};
use crate::secret::Secret;

/// What AssumeRoleWithWebIdentity is asked for, but for the token, which is another one each time.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssumeRoleWithWebIdentity {
    /// The role.
    pub role_arn: RoleArn,
    /// The name of the session in the role's ARN and in CloudTrail.
    pub role_session_name: SessionName,
    /// How long the credentials live.
    pub duration: RoleDuration,
    /// The provider of an OAuth 2.0 access token; none for an OpenID Connect token, which names its issuer.
    pub provider_id: Option<ProviderId>,
    /// Session policies.
    pub policies: SessionPolicies,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

/// The host name of an OAuth 2.0 provider, such as `www.amazon.com`: 4 to 2048 characters (`urlType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderId(Box<str>);

/// A token of an identity provider: 4 to 20000 characters (`clientTokenType` of the STS model). Whoever holds it can have
/// the role.
pub struct WebIdentityToken(Secret);

impl ProviderId {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.chars().count() {
            4..=2048 => Ok(Self(text.into())),
            _ => Err(Invalid(
                "must be the name of an OAuth 2.0 provider such as \"www.amazon.com\": 4 to 2048 characters",
            )),
        }
    }
}

impl WebIdentityToken {
    /// The token, for the request body.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Secret> for WebIdentityToken {
    type Error = Invalid;

    fn try_from(token: Secret) -> Result<Self, Invalid> {
        match token.expose().chars().count() {
            4..=20_000 => Ok(Self(token)),
            _ => Err(Invalid(
                "must be a token of an identity provider: 4 to 20000 characters",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_lengths_of_the_model() {
        for (length, provider, token) in [
            (3, false, false),
            (4, true, true),
            (2_048, true, true),
            (2_049, false, true),
            (20_000, false, true),
            (20_001, false, false),
        ] {
            let text = "a".repeat(length);
            assert_eq!(text.parse::<ProviderId>().is_ok(), provider, "{length}");
            let secret = Secret::from(text);
            assert_eq!(WebIdentityToken::try_from(secret).is_ok(), token, "{length}");
        }
    }
}
