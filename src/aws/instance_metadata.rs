use std::fmt;
use std::str::FromStr;

use super::{Arn, Invalid, Region};

/// The IP TTL with which a reply of the instance metadata service starts, 1 to 64: with 1 no router passes it on.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsRequest.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopLimit(u8);

impl HopLimit {
    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// EC2's own: a reply reaches hosts on a link of its own, and nobody behind a router.
impl Default for HopLimit {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<i64> for HopLimit {
    type Error = Invalid;

    fn try_from(number: i64) -> Result<Self, Invalid> {
        let number = u8::try_from(number).ok().filter(|number| (1..=64).contains(number));
        number.map(Self).ok_or(Invalid("must be an integer from 1 to 64"))
    }
}

/// The id of an EC2 instance: `i-` and 17 hexadecimal digits, or 8 as they once were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceId(Box<str>);

impl InstanceId {
    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix("i-").unwrap_or_default();
        let well_formed =
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Invalid("must be an instance's id such as \"i-0123456789abcdef0\""))
        }
    }
}

/// The ARN of an instance profile, which is what gives an EC2 instance its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProfileArn(Arn);

impl InstanceProfileArn {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for InstanceProfileArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let rule = Invalid("must be an ARN such as \"arn:aws:iam::123456789012:instance-profile/ops\"");
        let arn: Arn = text.parse().map_err(|_| rule.clone())?;
        let name = arn.resource().strip_prefix("instance-profile/").unwrap_or_default();
        if arn.service() == "iam" && arn.account().len() == 12 && !name.is_empty() {
            Ok(Self(arn))
        } else {
            Err(rule)
        }
    }
}

/// A zone of a region, such as `eu-west-1a`, or `us-west-2-lax-1a` of a Local Zone. Some SDKs find the region by leaving its
/// last letter out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityZone(Box<str>);

impl AvailabilityZone {
    /// The zone as written, which must be one of this region.
    pub fn of(region: &Region, text: &str) -> Result<Self, Invalid> {
        let zone = text.strip_prefix(region.as_str()).unwrap_or_default();
        let well_formed = text.len() <= 64
            && zone
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && zone.ends_with(|c: char| c.is_ascii_lowercase())
            && (zone.len() == 1 || zone.starts_with('-'));
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be a zone of the region of the profile that `imds` serves: the region and a letter, such as \
                 \"eu-west-1a\"",
            ))
        }
    }

    /// The region's zone `a`.
    pub fn first(region: &Region) -> Self {
        Self(format!("{region}a").into())
    }

    /// The zone as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AvailabilityZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_limit_is_ec2s() {
        assert_eq!(HopLimit::default().get(), 1);
        for number in [1, 64] {
            assert_eq!(i64::from(HopLimit::try_from(number).unwrap().get()), number);
        }
        for number in [i64::MIN, -1, 0, 65, 257, i64::MAX] {
            assert!(HopLimit::try_from(number).is_err(), "{number}");
        }
    }

    #[test]
    fn an_instance_has_hexadecimal_digits() {
        for text in ["i-0123456789abcdef0", "i-1a2b3c4d"] {
            assert_eq!(text.parse::<InstanceId>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "i-",
            "i-0123456789abcdef",
            "i-0123456789ABCDEF0",
            "I-1a2b3c4d",
            "1a2b3c4d",
            "i-1a2b3c4g",
        ] {
            assert!(text.parse::<InstanceId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_instance_profile_is_of_an_account() {
        for text in [
            "arn:aws:iam::123456789012:instance-profile/ops",
            "arn:aws-cn:iam::123456789012:instance-profile/path/ops",
        ] {
            assert_eq!(text.parse::<InstanceProfileArn>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "ops",
            "arn:aws:iam::123456789012:role/ops",
            "arn:aws:iam::123456789012:instance-profile/",
            "arn:aws:iam::aws:instance-profile/ops",
            "arn:aws:ec2::123456789012:instance-profile/ops",
        ] {
            assert!(text.parse::<InstanceProfileArn>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_zone_is_of_its_region() {
        let region: Region = "us-west-2".parse().unwrap();
        assert_eq!(AvailabilityZone::first(&region).to_string(), "us-west-2a");
        for text in ["us-west-2a", "us-west-2z", "us-west-2-lax-1a"] {
            assert_eq!(AvailabilityZone::of(&region, text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "us-west-2",
            "us-west-1a",
            "us-west-2A",
            "us-west-22a",
            "us-west-2aa",
            "us-west-2-lax-1",
            "us-west-2 a",
        ] {
            assert!(AvailabilityZone::of(&region, text).is_err(), "{text:?}");
        }
    }
}
