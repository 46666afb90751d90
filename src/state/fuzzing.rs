//! The door for the fuzz targets in `fuzz/`. It is in no other build.

use std::sync::Arc;

use super::Seal;
use super::steps::Steps;
use crate::aws::LongTermKey;
use crate::secret::Secret;

/// The bytes of a file of steps, written again; nothing if they are none.
pub fn steps(bytes: &[u8]) -> Option<Vec<u8>> {
    Steps::parse(bytes).map(|steps| steps.bytes())
}

/// What was sealed, read and written again; nothing if it makes no sense.
pub fn session(text: &str) -> Option<String> {
    with_seal(|seal| {
        let session = seal.read(text)?;
        String::from_utf8(seal.text(&session)?.to_vec()).ok()
    })
}

/// Whether somebody who does not have the key has made a session.
pub fn opens(bytes: &[u8]) -> bool {
    with_seal(|seal| seal.open(bytes).ok()).is_some()
}

fn with_seal<T>(act: impl FnOnce(&Seal<'_>) -> Option<T>) -> Option<T> {
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().ok()?,
        secret_access_key: Arc::new(Secret::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
    };
    act(&Seal {
        profile: &"ops".parse().ok()?,
        identity: [7; 32],
        key: &key,
        host_start: Some("a start"),
    })
}
