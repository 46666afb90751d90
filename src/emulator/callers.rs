use chrono::{DateTime, Utc};

use super::roles::RoleSession;
use super::users::User;

/// Who signed a request.
pub(super) struct Caller {
    pub(super) identity: Identity,
    /// When their temporary credentials expire; a long-term key has no such instant.
    pub(super) expiration: Option<DateTime<Utc>>,
    /// Whether these carry the MFA that they were made with.
    pub(super) mfa: bool,
}

/// Whose rights a request has.
pub(super) enum Identity {
    /// A user's, be it by a long-term key or by a session of GetSessionToken.
    User(User),
    /// A role's, by a session of AssumeRole or of its kind.
    Role(RoleSession),
    /// A federated user's, by a session of `GetFederationToken`.
    Federated(FederatedUser),
    /// The root of a member account, by a session of `AssumeRoot`.
    Root(User),
}

/// What `GetFederationToken` makes of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FederatedUser {
    pub(super) account: String,
    pub(super) name: String,
}

impl Caller {
    /// Whether with temporary credentials.
    pub(super) fn is_session(&self) -> bool {
        self.expiration.is_some()
    }

    /// The user, if a long-term key signed.
    pub(super) fn user_of_key(&self) -> Option<&User> {
        self.identity.user().filter(|_| !self.is_session())
    }

    /// Whether credentials of this kind may call this action at all, whatever policies say. GetCallerIdentity needs no
    /// rights; that GetSessionToken and `GetFederationToken` want a long-term key is for them to tell.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html>
    pub(super) fn may_call(&self, action: &str) -> bool {
        let always = matches!(action, "GetCallerIdentity" | "GetSessionToken" | "GetFederationToken");
        match &self.identity {
            _ if always || !self.is_session() => true,
            Identity::User(_) => action == "AssumeRole",
            Identity::Role(_) => true,
            Identity::Federated(_) | Identity::Root(_) => false,
        }
    }
}

impl Identity {
    pub(super) fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Role(_) | Self::Federated(_) | Self::Root(_) => None,
        }
    }

    pub(super) fn role_session(&self) -> Option<&RoleSession> {
        match self {
            Self::Role(session) => Some(session),
            Self::User(_) | Self::Federated(_) | Self::Root(_) => None,
        }
    }

    pub(super) fn account(&self) -> &str {
        match self {
            Self::User(user) | Self::Root(user) => user.account(),
            Self::Role(session) => session.role.account(),
            Self::Federated(user) => &user.account,
        }
    }

    pub(super) fn arn(&self) -> String {
        match self {
            Self::User(user) | Self::Root(user) => user.arn(),
            Self::Role(session) => session.arn(),
            Self::Federated(user) => user.arn(),
        }
    }

    /// The ARN that IAM knows: of the role rather than of its session.
    pub(super) fn principal_arn(&self) -> String {
        match self {
            Self::Role(session) => session.role.arn().to_owned(),
            Self::User(_) | Self::Federated(_) | Self::Root(_) => self.arn(),
        }
    }

    pub(super) fn user_id(&self) -> String {
        match self {
            Self::User(user) | Self::Root(user) => user.user_id(),
            Self::Role(session) => session.id(),
            Self::Federated(user) => user.id(),
        }
    }
}

impl FederatedUser {
    /// `arn:aws:sts::<account>:federated-user/<name>`
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:sts::{}:federated-user/{}", self.account, self.name)
    }

    /// `<account>:<name>`
    pub(super) fn id(&self) -> String {
        format!("{}:{}", self.account, self.name)
    }
}
