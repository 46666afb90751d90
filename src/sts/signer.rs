use crate::aws::{AccessKeyId, Credentials, LongTermKey};
use crate::secret::Secret;

/// What signs a request.
#[derive(Clone, Copy)]
pub enum Signer<'a> {
    /// A long-term key.
    Key(&'a LongTermKey),
    /// Temporary credentials, whose session token goes with the request.
    Session(&'a Credentials),
}

impl<'a> Signer<'a> {
    pub(super) fn access_key_id(self) -> &'a AccessKeyId {
        match self {
            Self::Key(key) => &key.access_key_id,
            Self::Session(credentials) => &credentials.access_key_id,
        }
    }

    pub(super) fn secret_access_key(self) -> &'a Secret {
        match self {
            Self::Key(key) => &key.secret_access_key,
            Self::Session(credentials) => &credentials.secret_access_key,
        }
    }

    pub(super) fn session_token(self) -> Option<&'a Secret> {
        match self {
            Self::Key(_) => None,
            Self::Session(credentials) => Some(&credentials.session_token),
        }
    }

    /// What must not be repeated, the longest first: a session token may hold the others' letters. The whole id of the
    /// key is among them, since the user may have swapped its halves.
    pub(super) fn secrets(self) -> Vec<&'a str> {
        let token = self.session_token().map(Secret::expose);
        let key = [self.secret_access_key().expose(), self.access_key_id().as_str()];
        token.into_iter().chain(key).collect()
    }
}
