use std::hash::{BuildHasher, RandomState};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};

/// Names and secrets that look like AWS's. The same seed gives the same ones in the same order; they protect nothing.
pub(super) struct Ids {
    state: u64,
}

/// A seed that differs from run to run: the keys of the standard library's hash maps are random.
pub fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    for (index, word) in seed.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&RandomState::new().hash_one(index).to_be_bytes());
    }
    seed
}

impl Ids {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let (words, _) = seed.as_chunks();
        let state = words.iter().map(|word| u64::from_le_bytes(*word));
        Self {
            state: state.fold(0, u64::wrapping_add),
        }
    }

    /// `AKIA…` or `ASIA…`, 20 characters.
    pub(super) fn access_key_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", BASE32_NOPAD.encode(&self.bytes(10)))
    }

    /// 40 characters, `/` and `+` among them.
    pub(super) fn secret_access_key(&mut self) -> String {
        BASE64.encode(&self.bytes(30))
    }

    /// A few hundred characters: AWS warns that the length is not fixed.
    pub(super) fn session_token(&mut self) -> String {
        format!("FwoGZXIvYXdzE{}", BASE64.encode(&self.bytes(271)))
    }

    /// 64 characters of base32, as IAM hands out.
    pub(super) fn totp_seed(&mut self) -> String {
        BASE32_NOPAD.encode(&self.bytes(40))
    }

    /// A few hundred characters of base64url, as EC2 puts behind a denial.
    pub(super) fn authorization_message(&mut self) -> String {
        BASE64URL_NOPAD.encode(&self.bytes(240))
    }

    /// In the form of a UUID.
    pub(super) fn request_id(&mut self) -> String {
        let hex = HEXLOWER.encode(&self.bytes(16));
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        parts.join("-")
    }

    /// By `SplitMix64`.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut bits = self.state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bytes.extend_from_slice(&(bits ^ (bits >> 31)).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_names_and_never_twice() {
        let (mut one, mut other) = (Ids::new([7; 32]), Ids::new([7; 32]));
        let first = one.access_key_id("AKIA");
        assert_eq!(first, other.access_key_id("AKIA"));
        assert_ne!(first, one.access_key_id("AKIA"));
        assert_ne!(random_seed(), random_seed());
    }

    #[test]
    fn they_have_the_shape_of_aws() {
        let mut ids = Ids::new([0; 32]);
        assert_eq!(ids.access_key_id("ASIA").len(), 20);
        assert_eq!(ids.secret_access_key().len(), 40);
        assert!(ids.session_token().len() > 300);
        assert_eq!(ids.totp_seed().len(), 64);
        let id = ids.request_id();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
