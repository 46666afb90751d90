use std::str::FromStr;
use std::time::Duration;

use super::{Invalid, TagList};

/// What GetWebIdentityToken is asked for: a signed JWT that tells services outside of AWS who calls.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetWebIdentityToken {
    /// Who shall accept the token.
    pub audiences: Audiences,
    /// How long the token lives.
    pub duration: WebIdentityTokenDuration,
    /// How it is signed.
    pub signing_algorithm: SigningAlgorithm,
    /// Claims of one's own.
    pub tags: TagList,
}

/// Who shall accept a token: 1 to 10 texts of 1 to 1000 characters (`webIdentityTokenAudienceListType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audiences(Vec<String>);

/// How a token is signed (`jwtAlgorithmType` of the STS model).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSA with SHA-256.
    Rs256,
}

/// How long a token is asked for, in seconds: 60 to 3600, by default 300.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebIdentityTokenDuration(u32);

impl Audiences {
    /// In the order given.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for Audiences {
    type Error = Invalid;

    fn try_from(audiences: Vec<String>) -> Result<Self, Invalid> {
        let fits = |audience: &String| (1..=1_000).contains(&audience.chars().count());
        if (1..=10).contains(&audiences.len()) && audiences.iter().all(fits) {
            Ok(Self(audiences))
        } else {
            Err(Invalid("must be 1 to 10 audiences of 1 to 1000 characters"))
        }
    }
}

impl SigningAlgorithm {
    /// AWS's name, which is that of RFC 7518.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "ES384" => Ok(Self::Es384),
            "RS256" => Ok(Self::Rs256),
            _ => Err(Invalid("must be \"ES384\" or \"RS256\"")),
        }
    }
}

impl WebIdentityTokenDuration {
    /// Seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for WebIdentityTokenDuration {
    fn default() -> Self {
        Self(300)
    }
}

impl TryFrom<i64> for WebIdentityTokenDuration {
    type Error = Invalid;

    fn try_from(seconds: i64) -> Result<Self, Invalid> {
        match u32::try_from(seconds) {
            Ok(seconds) if (60..=3_600).contains(&seconds) => Ok(Self(seconds)),
            _ => Err(Invalid("must be 60 to 3600 seconds (a minute to an hour) for a token")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_one_to_ten_audiences() {
        let audiences = |count, length| Audiences::try_from(vec!["é".repeat(length); count]).is_ok();
        for (count, length, valid) in [
            (0, 1, false),
            (1, 1, true),
            (10, 1_000, true),
            (11, 1, false),
            (1, 0, false),
            (1, 1_001, false),
        ] {
            assert_eq!(audiences(count, length), valid, "{count} {length}");
        }
    }

    #[test]
    fn there_are_two_algorithms() {
        for text in ["ES384", "RS256"] {
            assert_eq!(text.parse::<SigningAlgorithm>().unwrap().as_str(), text);
        }
        for text in ["", "rs256", "HS256", "none"] {
            assert!(text.parse::<SigningAlgorithm>().is_err(), "{text}");
        }
    }

    #[test]
    fn has_the_range_of_the_model() {
        for (seconds, valid) in [(59, false), (60, true), (3_600, true), (3_601, false), (-1, false)] {
            assert_eq!(WebIdentityTokenDuration::try_from(seconds).is_ok(), valid, "{seconds}");
        }
    }
}
