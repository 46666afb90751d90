use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::callers::FederatedUser;
use super::ids::Ids;
use super::roles::RoleSession;

/// Every session that was issued, by its access key id. Expired ones stay, since AWS tells them from unknown ones.
#[derive(Default)]
pub(super) struct Sessions(BTreeMap<String, Session>);

/// Temporary credentials and whose they are.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) token: String,
    /// From this instant on the session is expired.
    pub(super) expiration: DateTime<Utc>,
    pub(super) holder: Holder,
    /// Whether it was made with MFA and hands that on.
    pub(super) mfa: bool,
}

/// Whose rights a session has.
#[derive(Clone)]
pub(super) enum Holder {
    /// Those of the user of this ARN.
    User(String),
    /// Those of a role.
    Role(RoleSession),
    /// Those of `GetFederationToken`'s session policies.
    Federated(FederatedUser),
    /// Those of a task, as the root of this account.
    Root(String),
}

impl Sessions {
    pub(super) fn issue(&mut self, ids: &mut Ids, holder: Holder, mfa: bool, expiration: DateTime<Utc>) -> Session {
        let session = Session {
            access_key_id: ids.access_key_id("ASIA"),
            secret_access_key: ids.secret_access_key(),
            token: ids.session_token(),
            expiration,
            holder,
            mfa,
        };
        self.0.insert(session.access_key_id.clone(), session.clone());
        session
    }

    /// The session of this key, if this is its token.
    pub(super) fn find(&self, access_key_id: &str, token: &str) -> Option<&Session> {
        let session = self.0.get(access_key_id)?;
        (session.token == token).then_some(session)
    }

    pub(super) fn by_key(&self, access_key_id: &str) -> Option<&Session> {
        self.0.get(access_key_id)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
    /// Forgets those that expired before this instant.
    #[cfg(test)]
    pub(super) fn forget(&mut self, instant: DateTime<Utc>) {
        self.0.retain(|_, session| session.expiration >= instant);
    }
}
