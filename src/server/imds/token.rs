//! Session tokens of the IMDS form: sealed, so that nothing is kept of them.
//!
//! A token holds the instant at which it expires, under a key that this start of valetkey alone has. Whoever asks a million
//! times for one takes no memory and ends nobody else's; what another start gave out opens nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::clock::BootInstant;

/// The key of one start.
pub(super) struct TokenKey {
    key: LessSafeKey,
    /// Counts the tokens. A nonce that is counted never comes twice under this key, which dies with the process.
    next: AtomicU64,
}

/// Nanoseconds since boot.
type Expiry = [u8; 8];

/// The tag of the seal.
const TAG_LEN: usize = 16;

/// Nonce, sealed expiry, tag.
const SEALED_LEN: usize = NONCE_LEN + size_of::<Expiry>() + TAG_LEN;

/// The same in base64url. Nothing longer or shorter is decoded.
pub(super) const TOKEN_LEN: usize = SEALED_LEN.div_ceil(3) * 4;

/// What else the seal holds for: nothing but these tokens.
const PURPOSE: &[u8] = b"valetkey imds token";

impl TokenKey {
    /// An error where the system gives no random numbers.
    pub(super) fn new() -> Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(&mut *bytes)?;
        Ok(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*bytes)?),
            next: AtomicU64::new(0),
        })
    }

    /// A token that is good until this instant. ASCII that a header may hold.
    #[expect(clippy::expect_used, reason = "what is too long to be sealed has gigabytes")]
    pub(super) fn seal(&self, expires: BootInstant) -> String {
        let nonce = nonce(self.next.fetch_add(1, Ordering::Relaxed));
        let mut expiry: Expiry = expires.nanoseconds().to_be_bytes();
        let sealing = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(sealing, Aad::from(PURPOSE), &mut expiry);
        let tag = tag.expect("eight bytes can be sealed");
        let mut sealed = [0; SEALED_LEN];
        sealed[..NONCE_LEN].copy_from_slice(&nonce);
        sealed[NONCE_LEN..SEALED_LEN - TAG_LEN].copy_from_slice(&expiry);
        sealed[SEALED_LEN - TAG_LEN..].copy_from_slice(tag.as_ref());
        BASE64URL_NOPAD.encode(&sealed)
    }

    /// The instant until which a token is good; none of what was not sealed by this key.
    pub(super) fn open(&self, token: &[u8]) -> Option<BootInstant> {
        if token.len() != TOKEN_LEN {
            return None;
        }
        let mut sealed = [0; SEALED_LEN];
        BASE64URL_NOPAD.decode_mut(token, &mut sealed).ok()?;
        let (nonce, expiry) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, Aad::from(PURPOSE), expiry).ok()?;
        let nanoseconds = u64::from_be_bytes((&*opened).try_into().ok()?);
        Some(BootInstant::from_nanoseconds(nanoseconds))
    }
}

fn nonce(count: u64) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - size_of::<u64>()..].copy_from_slice(&count.to_be_bytes());
    nonce
}
