use std::fmt;
use std::str::FromStr;

use crate::aws::{AccountId, Arn, Invalid};

/// The ARN of a role, such as `arn:aws:iam::123456789012:role/deploy`; 20 to 2048 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleArn(Arn);

impl RoleArn {
    /// The ARN as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The account that the role is in.
    pub fn account(&self) -> &str {
        self.0.account()
    }
}

impl FromStr for RoleArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_role = |arn: &Arn| {
            arn.service() == "iam"
                && arn.account().parse::<AccountId>().is_ok()
                && arn
                    .resource()
                    .strip_prefix("role/")
                    .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
        };
        text.parse().ok().filter(of_role).map(Self).ok_or(Invalid(
            "must be the ARN of a role such as \"arn:aws:iam::123456789012:role/deploy\"",
        ))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_role_in_an_account() {
        for text in [
            "arn:aws:iam::123456789012:role/deploy",
            "arn:aws-cn:iam::123456789012:role/path/to/deploy",
        ] {
            let arn: RoleArn = text.parse().unwrap();
            assert_eq!((arn.as_str(), arn.account()), (text, "123456789012"));
        }
        for text in [
            "",
            "deploy",
            "arn:aws:iam::123456789012:user/deploy",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/path/",
            "arn:aws:iam:::role/deploy",
            "arn:aws:iam::aws:role/deploy",
            "arn:aws:sts::123456789012:assumed-role/deploy/session",
        ] {
            assert!(text.parse::<RoleArn>().is_err(), "{text:?}");
        }
    }
}
