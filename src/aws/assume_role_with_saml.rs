use std::str::FromStr;

use super::{AccountId, Arn, Invalid, RoleArn, RoleDuration, SessionPolicies, SessionTokenSize};
use crate::secret::Secret;

/// What AssumeRoleWithSAML is asked for, but for the assertion, which is another one each time.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssumeRoleWithSaml {
    /// The role.
    pub role_arn: RoleArn,
    /// The identity provider that made the assertion.
    pub principal_arn: SamlProviderArn,
    /// How long the credentials live; not beyond the assertion's `SessionNotOnOrAfter`.
    pub duration: RoleDuration,
    /// Session policies.
    pub policies: SessionPolicies,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

/// The ARN of a SAML provider in IAM, such as `arn:aws:iam::123456789012:saml-provider/ADFS`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SamlProviderArn(Arn);

/// A SAML response in base64 as the identity provider gave it: 4 to 100000 characters (`SAMLAssertionType` of the STS
/// model). Whoever holds it can have the role.
pub struct SamlAssertion(Secret);

impl SamlProviderArn {
    /// The ARN as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SamlProviderArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_provider = |arn: &Arn| {
            let name = arn.resource().strip_prefix("saml-provider/");
            let named = name.is_some_and(|name| !name.is_empty());
            named && arn.service() == "iam" && arn.account().parse::<AccountId>().is_ok()
        };
        text.parse().ok().filter(of_provider).map(Self).ok_or(Invalid(
            "must be the ARN of a SAML provider such as \"arn:aws:iam::123456789012:saml-provider/ADFS\"",
        ))
    }
}

impl SamlAssertion {
    /// The assertion, for the request body.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Secret> for SamlAssertion {
    type Error = Invalid;

    fn try_from(assertion: Secret) -> Result<Self, Invalid> {
        match assertion.expose().chars().count() {
            4..=100_000 => Ok(Self(assertion)),
            _ => Err(Invalid("must be a SAML response in base64: 4 to 100000 characters")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_provider_in_an_account() {
        for text in [
            "arn:aws:iam::123456789012:saml-provider/ADFS",
            "arn:aws-cn:iam::123456789012:saml-provider/a.b",
        ] {
            assert_eq!(text.parse::<SamlProviderArn>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "ADFS",
            "arn:aws:iam::123456789012:saml-provider/",
            "arn:aws:iam::123456789012:role/ADFS",
            "arn:aws:iam::aws:saml-provider/ADFS",
            "arn:aws:sts::123456789012:saml-provider/ADFS",
        ] {
            assert!(text.parse::<SamlProviderArn>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_assertion_has_the_length_of_the_model() {
        for (length, valid) in [(3, false), (4, true), (100_000, true), (100_001, false)] {
            let assertion = SamlAssertion::try_from(Secret::from("A".repeat(length)));
            assert_eq!(assertion.is_ok_and(|a| a.expose().len() == length), valid, "{length}");
        }
    }
}
