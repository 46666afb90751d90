use super::roles::RoleSession;
use super::users::User;

/// Who signed a request.
pub(super) struct Caller {
    pub(super) identity: Identity,
    /// Whether with temporary credentials.
    pub(super) session: bool,
    /// Whether these carry the MFA that they were made with.
    pub(super) mfa: bool,
}

/// Whose rights a request has.
pub(super) enum Identity {
    /// A user's, be it by a long-term key or by a session of GetSessionToken.
    User(User),
    /// A role's, by a session of AssumeRole.
    Role(RoleSession),
}

impl Caller {
    /// The user, if a long-term key signed.
    pub(super) fn user_of_key(&self) -> Option<&User> {
        self.identity.user().filter(|_| !self.session)
    }
}

impl Identity {
    pub(super) fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Role(_) => None,
        }
    }

    pub(super) fn role_session(&self) -> Option<&RoleSession> {
        match self {
            Self::User(_) => None,
            Self::Role(session) => Some(session),
        }
    }

    pub(super) fn account(&self) -> &str {
        match self {
            Self::User(user) => user.account(),
            Self::Role(session) => session.role.account(),
        }
    }

    pub(super) fn arn(&self) -> String {
        match self {
            Self::User(user) => user.arn(),
            Self::Role(session) => session.arn(),
        }
    }

    pub(super) fn user_id(&self) -> String {
        match self {
            Self::User(user) => user.user_id(),
            Self::Role(session) => session.id(),
        }
    }
}
