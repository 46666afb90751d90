use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// A region's name, such as `eu-west-1`. Any name that can be a DNS label is taken, since AWS adds regions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(Box<str>);

impl Region {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The region that a FIPS pseudo-region stands for, such as `us-east-1` of `us-east-1-fips` or `fips-us-east-1`: an older
    /// way to ask for a FIPS endpoint, which botocore still reads so.
    pub fn of_fips(&self) -> Option<Self> {
        let region = self.0.replace("fips-", "").replace("-fips", "");
        if *region == *self.0 {
            return None;
        }
        region.parse().ok()
    }

    /// One of our own constants.
    #[expect(clippy::expect_used, reason = "constants of this module are regions")]
    pub(super) fn well_formed(name: &'static str) -> Self {
        name.parse().expect("a region")
    }
}

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let well_formed = (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            // An internationalised name, which may be a wrong one.
            && !text.starts_with("xn--");
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Invalid("must be a region such as \"eu-west-1\""))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_dns_label() {
        for text in ["eu-west-1", "us-gov-east-1", "x"] {
            assert!(text.parse::<Region>().is_ok(), "{text}");
        }
        for text in [
            "",
            "EU-WEST-1",
            "eu_west_1",
            "eu-west-1.evil.example",
            "1eu",
            "eu-",
            "xn--0",
            &"e".repeat(64),
        ] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn may_ask_for_fips_by_its_name() {
        let of_fips = |text: &str| text.parse::<Region>().unwrap().of_fips();
        for text in ["us-east-1-fips", "fips-us-east-1"] {
            assert_eq!(of_fips(text).unwrap().as_str(), "us-east-1");
        }
        for text in ["us-east-1", "fips", "fipsland-1", "fips-1", "fips--fips"] {
            assert_eq!(of_fips(text), None, "{text}");
        }
    }
}
