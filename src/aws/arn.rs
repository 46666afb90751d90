use std::fmt;
use std::str::FromStr;

use super::{AccountId, Invalid};

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`, at most 2048 characters.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arn(Box<str>);

impl Arn {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The service, such as `iam`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The account: twelve digits, `aws` where a thing is AWS's own, or empty.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// What follows the account, such as `mfa/ops`.
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let arn = Self(text.into());
        let account = arn.account();
        let well_formed = text.len() <= 2048
            && arn.part(0) == "arn"
            && !arn.part(1).is_empty()
            && !arn.service().is_empty()
            && (matches!(account, "" | "aws") || account.parse::<AccountId>().is_ok())
            && !arn.resource().is_empty()
            && text.chars().all(|c| !c.is_control() && c != ' ');
        if well_formed {
            Ok(arn)
        } else {
            Err(Invalid("must be an ARN, arn:partition:service:region:account:resource"))
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_its_parts() {
        let arn: Arn = "arn:aws:iam::123456789012:mfa/path/ops:x".parse().unwrap();
        assert_eq!(
            (arn.service(), arn.account(), arn.resource()),
            ("iam", "123456789012", "mfa/path/ops:x")
        );
        let of_aws: Arn = "arn:aws:iam::aws:contextProvider/IdentityCenter".parse().unwrap();
        assert_eq!(of_aws.account(), "aws");
    }

    #[test]
    fn refuses_what_lacks_a_part() {
        for text in [
            "",
            "arn",
            "arn:aws:iam::123456789012",
            "arn:aws:iam::123456789012:",
            "arn:aws:iam::12345678901:mfa/ops",
            "arn:aws:iam::12345678901x:mfa/ops",
            "arn::iam::123456789012:mfa/ops",
            "arn:aws:::123456789012:mfa/ops",
            "urn:aws:iam::123456789012:mfa/ops",
            "arn:aws:iam::123456789012:mfa/ops\n",
            "arn:aws:iam::123456789012:mfa/o ps",
        ] {
            assert!(text.parse::<Arn>().is_err(), "{text:?}");
        }
    }
}
