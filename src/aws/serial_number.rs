use std::fmt;
use std::str::FromStr;

use super::{AccountId, Arn, Invalid, all_word_or};

/// An MFA device: the ARN of a virtual one or the serial number of a hardware one; 9 to 256 characters of
/// `[\w+=/:,.@-]` (`serialNumberType` of the STS model). An ARN must be one of a device, not of its user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SerialNumber(Box<str>);

impl SerialNumber {
    /// The serial number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SerialNumber {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_device = |arn: Arn| {
            let of_user = arn.account().parse::<AccountId>().is_ok();
            of_user && arn.service() == "iam" && arn.resource().starts_with("mfa/")
        };
        let well_formed = (9..=256).contains(&text.len()) && all_word_or(text, b"+=/:,.@-");
        if well_formed && (!text.starts_with("arn:") || text.parse().is_ok_and(of_device)) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be an MFA device: an ARN such as arn:aws:iam::123456789012:mfa/name, or a hardware serial number",
            ))
        }
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_virtual_and_hardware_devices() {
        for text in ["arn:aws:iam::123456789012:mfa/ops", "GAHT12345678"] {
            assert!(text.parse::<SerialNumber>().is_ok(), "{text}");
        }
        for text in [
            "",
            "GAHT1234",
            "arn:aws:iam::123456789012:mfa/o ps",
            "arn:aws:iam::123456789012:user/ops",
            "arn:aws:iam::12345:mfa/ops",
            "arn:aws:iam:::mfa/ops",
            "arn:aws:iam::aws:mfa/ops",
            "arn:aws:sts::123456789012:mfa/ops",
            &"x".repeat(257),
        ] {
            assert!(text.parse::<SerialNumber>().is_err(), "{text:?}");
        }
    }
}
