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
}

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let well_formed = (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-');
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
            &"e".repeat(64),
        ] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }
}
