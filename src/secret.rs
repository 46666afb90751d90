//! Values that must never be shown.
//!
//! A [`Secret`] has no `Debug`, no `Display` and no `Serialize`, so that it cannot reach a log line, an error or a
//! metric by accident: whoever wants the text must write [`Secret::expose`], which a reader can search for. It has no
//! `Clone` either: a second copy is a second place to wipe. Its memory is overwritten when it is dropped; buffers of
//! libraries that the text passes through (TLS, sockets) are not ours and are not wiped.
//!
//! ```compile_fail
//! println!("{:?}", valetkey::secret::Secret::from(String::from("never shown")));
//! ```

use zeroize::Zeroizing;

/// A secret text: a secret access key, a session token, a TOTP seed, an authorization token, an MFA code.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself. Each use must be a place where the secret is meant to go.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}
