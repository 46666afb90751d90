use std::str::FromStr;

use crate::aws::{Arn, Invalid};

/// The longest inline session policy, in characters, by the documentation of AssumeRole.
const LONGEST: usize = 2_048;

/// An inline session policy: a JSON object of at most 2048 characters of
/// `[\u0009\u000A\u000D\u0020-\u00FF]` (`unrestrictedSessionPolicyDocumentType` of the STS model). It can only take
/// rights away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy(Box<str>);

impl Policy {
    /// The document as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Policy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if text.chars().count() > LONGEST {
            return Err(Invalid(
                "must be at most 2048 characters; put the rest into a managed policy and name it in policy_arns",
            ));
        }
        let object = serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text).is_ok();
        if object && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be an IAM policy: a JSON object of characters up to U+00FF, in quotes",
            ))
        }
    }
}

/// The ARN of a managed policy, such as `arn:aws:iam::aws:policy/ReadOnlyAccess`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyArn(Box<str>);

impl PolicyArn {
    /// The ARN as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PolicyArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_policy =
            |arn: Arn| arn.service() == "iam" && !arn.account().is_empty() && arn.resource().starts_with("policy/");
        if text.len() >= 20 && text.parse().is_ok_and(of_policy) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be the ARN of a managed policy such as \"arn:aws:iam::aws:policy/ReadOnlyAccess\"",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_an_object_within_the_limits() {
        let long = format!("{{\"a\":\"{}\"}}", "ÿ".repeat(LONGEST - 8));
        for text in ["{}", "{\n\t\"Version\": \"2012-10-17\"\r\n}", "{\"a\":\"ÿ\"}", &long] {
            assert_eq!(text.parse::<Policy>().unwrap().as_str(), text);
        }
        for text in ["", "[]", "x", "{", "{\"a\":\"Ā\"}", &format!("{long} ")] {
            assert!(text.parse::<Policy>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_policy_arn_is_of_aws_or_of_an_account() {
        for text in [
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws-us-gov:iam::aws:policy/job-function/Billing",
            "arn:aws:iam::123456789012:policy/mine",
        ] {
            assert_eq!(text.parse::<PolicyArn>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "ReadOnlyAccess",
            "arn:aws:iam::123456789012:role/mine",
            "arn:aws:iam::aws:role/x-long-enough",
            "arn:aws:iam:::policy/ReadOnlyAccess",
        ] {
            assert!(text.parse::<PolicyArn>().is_err(), "{text:?}");
        }
    }
}
