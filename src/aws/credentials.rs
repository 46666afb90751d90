use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::AccessKeyId;
use crate::secret::Secret;

/// An IAM user's access key pair. It signs requests to STS and goes nowhere else.
#[derive(Clone)]
pub struct LongTermKey {
    /// The public half.
    pub access_key_id: AccessKeyId,
    /// The secret half, shared rather than copied.
    pub secret_access_key: Arc<Secret>,
}

impl LongTermKey {
    /// Whether both halves are those of `other`.
    pub fn is_same(&self, other: &Self) -> bool {
        let secret = self.secret_access_key.expose();
        self.access_key_id == other.access_key_id && secret == other.secret_access_key.expose()
    }
}

/// What STS hands out: temporary credentials.
pub struct Credentials {
    /// `ASIA…` at AWS; other servers may use other forms.
    pub access_key_id: AccessKeyId,
    /// The secret half of the temporary key.
    pub secret_access_key: Secret,
    /// The session token that must go with every signed request.
    pub session_token: Secret,
    /// The last instant at which AWS accepts them, whole seconds.
    pub expiration: DateTime<Utc>,
}
