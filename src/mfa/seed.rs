use data_encoding::{Encoding, Specification};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The secret that a virtual MFA device and AWS share: at least 80 bits.
pub struct Seed(Zeroizing<Vec<u8>>);

/// RFC 4226 demands 128 bits of who makes a seed; 80 bits (16 characters) is the shortest that authenticator apps show.
const MINIMUM_BYTES: usize = 10;

/// What is wrong with a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Other characters than A–Z and 2–7.
    #[error("must be base32 (A–Z, 2–7), as IAM shows it under \"show secret key\"")]
    NotBase32,
    /// An `otpauth://` URI without a secret.
    #[error("is an otpauth:// URI without the parameter \"secret\"")]
    NoSecret,
    /// An `otpauth://hotp/…` URI.
    #[error("is an otpauth:// URI of another type than totp, and AWS's devices are totp")]
    NotTotp,
    /// Another hash, number of digits or period than AWS's.
    #[error("asks for another algorithm, digits or period than AWS's SHA1, 6 and 30")]
    NotAws,
    /// Under 80 bits.
    #[error("is shorter than 80 bits (16 characters of base32): part of it is missing")]
    TooShort,
}

impl Seed {
    /// Reads base32 as people have it: lower case, groups set apart by spaces or dashes, with or without padding; or
    /// the `otpauth://totp/…` URI of a QR code.
    /// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
    pub fn parse(text: &str) -> Result<Self, SeedError> {
        match strip_prefix_ignoring_case(text, "otpauth://") {
            Some(rest) => Self::from_uri(rest),
            None => Self::from_base32(text),
        }
    }

    /// The key of the HMAC.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }

    fn from_uri(rest: &str) -> Result<Self, SeedError> {
        strip_prefix_ignoring_case(rest, "totp/").ok_or(SeedError::NotTotp)?;
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        // One pair is decoded at a time, so that looking for another leaves no decoded copy of the secret behind.
        let parameter = |name: &str| {
            let of_name = |pair: &&str| pair.split('=').next() == Some(name);
            let pair = query.split('&').find(of_name)?;
            form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value)
        };
        let is_aws = [("algorithm", "SHA1"), ("digits", "6"), ("period", "30")]
            .into_iter()
            .all(|(name, expected)| parameter(name).is_none_or(|value| value.eq_ignore_ascii_case(expected)));
        if !is_aws {
            return Err(SeedError::NotAws);
        }
        let secret = parameter("secret").ok_or(SeedError::NoSecret)?;
        Self::from_base32(&Zeroizing::new(secret.into_owned()))
    }

    fn from_base32(text: &str) -> Result<Self, SeedError> {
        let symbols: Zeroizing<Vec<u8>> = Zeroizing::new(
            text.bytes()
                .filter(|b| !matches!(b, b' ' | b'-'))
                .map(|b| b.to_ascii_uppercase())
                .collect(),
        );
        let padding = symbols.iter().rev().take_while(|b| **b == b'=').count();
        let symbols = &symbols[..symbols.len() - padding];
        let bytes = base32().decode(symbols).map_err(|_| SeedError::NotBase32)?;
        let seed = Self(Zeroizing::new(bytes));
        if seed.0.len() < MINIMUM_BYTES {
            return Err(SeedError::TooShort);
        }
        Ok(seed)
    }
}

/// RFC 4648's base32 without padding. Bits left over at the end are ignored, as authenticator apps do.
fn base32() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.check_trailing_bits = false;
    #[expect(clippy::expect_used, reason = "the alphabet is the constant of RFC 4648 above")]
    specification.encoding().expect("RFC 4648's alphabet is an encoding")
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238's seed, the ASCII digits `12345678901234567890`.
    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn reads_seeds_as_people_have_them() {
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
            "gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
            "otpauth://totp/Amazon%20Web%20Services:ops@123456789012?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Amazon",
            "OTPAUTH://TOTP/ops?issuer=x&secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq%3D%3D&algorithm=sha1&digits=6&period=30",
        ] {
            assert_eq!(Seed::parse(text).map(|seed| seed.expose() == RFC), Ok(true), "{text}");
        }
    }

    #[test]
    fn eighty_bits_is_the_least() {
        assert!(Seed::parse("GEZDGNBVGY3TQOJQ").is_ok_and(|seed| seed.expose().len() == 10));
        assert_eq!(Seed::parse("GEZDGNBVGY3TQOJ").err(), Some(SeedError::TooShort));
        assert_eq!(Seed::parse("").err(), Some(SeedError::TooShort));
    }

    #[test]
    fn bits_left_over_are_ignored() {
        assert!(Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVG7").is_ok());
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, error) in [
            ("GEZDGNBVGY3TQOJ1", SeedError::NotBase32),
            ("GEZDGNBVGY3TQOJQ=GEZDGNBV", SeedError::NotBase32),
            ("GEZDGNBVGY3TQOJÄ", SeedError::NotBase32),
            ("123456", SeedError::NotBase32),
            ("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ", SeedError::NotTotp),
            ("otpauth://totp/x?issuer=y", SeedError::NoSecret),
            ("otpauth://totp/x", SeedError::NoSecret),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=8", SeedError::NotAws),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=60", SeedError::NotAws),
            (
                "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA256",
                SeedError::NotAws,
            ),
        ] {
            assert_eq!(Seed::parse(text).err(), Some(error), "{text}");
        }
    }
}
