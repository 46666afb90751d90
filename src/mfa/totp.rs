use ring::hmac;

use super::{Seed, Step};
use crate::aws::TokenCode;

/// The code of a step: RFC 6238 over RFC 4226, with HMAC-SHA-1 and six digits, as AWS's virtual devices have it.
///
/// # Panics
/// Never: six digits are a [`TokenCode`].
pub fn code(seed: &Seed, step: Step) -> TokenCode {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed.expose());
    let tag = hmac::sign(&key, &step.number().to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226, section 5.3: four bytes from the place that the last nibble names, without the sign bit.
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let word = [tag[offset], tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    let number = u32::from_be_bytes(word) & 0x7fff_ffff;
    #[expect(
        clippy::expect_used,
        reason = "a number below a million, padded with zeros, is six digits"
    )]
    TokenCode::try_from(format!("{:06}", number % 1_000_000)).expect("six digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_seed() -> Seed {
        Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").ok().unwrap()
    }

    /// RFC 4226, appendix D.
    #[test]
    fn counts_as_hotp() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ];
        for (counter, expected) in (0..).zip(codes) {
            assert_eq!(code(&rfc_seed(), Step::new(counter)).expose(), expected);
        }
    }

    /// RFC 6238, appendix B: the last six of the eight digits printed there.
    #[test]
    fn counts_as_totp_and_keeps_leading_zeros() {
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(&rfc_seed(), Step::new(time / 30)).expose(), expected);
        }
    }
}
