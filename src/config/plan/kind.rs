use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{AssertionSource, KeySource, Mfa};
use crate::aws::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, GetFederationToken, ProfileName,
    SessionDuration,
};

/// How a profile's credentials are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// GetSessionToken signed by the long-term key.
    Session(Session),
    /// AssumeRole.
    Role(Role),
    /// AssumeRoleWithWebIdentity.
    WebIdentity(WebIdentityRole),
    /// AssumeRoleWithSAML.
    Saml(SamlRole),
    /// GetFederationToken signed by the long-term key.
    Federation(Federation),
    /// AssumeRoot signed by another profile's credentials.
    Root(Root),
}

impl Kind {
    /// The word in metrics, logs and `status`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Role(_) => "role",
            Self::WebIdentity(_) => "web_identity",
            Self::Saml(_) => "saml",
            Self::Federation(_) => "federation",
            Self::Root(_) => "root",
        }
    }

    /// The profile whose credentials sign the request that makes this one.
    pub fn source_profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Role(Role {
                signed_by: SignedBy::Profile(source),
                ..
            })
            | Self::Root(Root { source, .. }) => Some(source),
            _ => None,
        }
    }

    /// The long-term key that signs the request, if one does.
    pub fn key(&self) -> Option<&KeySource> {
        match self {
            Self::Session(Session { key, .. })
            | Self::Role(Role {
                signed_by: SignedBy::Key { key, .. },
                ..
            })
            | Self::Federation(Federation { key, .. }) => Some(key),
            _ => None,
        }
    }

    /// The file with the assertion that opens the role.
    pub fn assertion_file(&self) -> Option<&Path> {
        match self {
            Self::Saml(SamlRole {
                assertion: AssertionSource::File(path),
                ..
            }) => Some(path),
            _ => None,
        }
    }

    /// The account of what is asked for, where the configuration says it.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Role(role) => Some(role.request.role_arn.account()),
            Self::WebIdentity(role) => Some(role.request.role_arn.account()),
            Self::Saml(role) => Some(role.request.role_arn.account()),
            Self::Root(root) => Some(root.request.target_principal.account()),
            Self::Session(_) | Self::Federation(_) => None,
        }
    }

    /// How long the credentials shall live.
    pub fn duration(&self) -> Duration {
        match self {
            Self::Session(session) => session.duration.as_duration(),
            Self::Role(role) => role.request.duration.as_duration(),
            Self::WebIdentity(role) => role.request.duration.as_duration(),
            Self::Saml(role) => role.request.duration.as_duration(),
            Self::Federation(federation) => federation.request.duration.as_duration(),
            Self::Root(root) => root.request.duration.as_duration(),
        }
    }

    /// The MFA device whose code goes with the request.
    pub fn mfa(&self) -> Option<&Mfa> {
        match self {
            Self::Session(Session { mfa, .. })
            | Self::Role(Role {
                signed_by: SignedBy::Key { mfa, .. },
                ..
            }) => mfa.as_ref(),
            _ => None,
        }
    }
}

/// A GetSessionToken session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Session {
    /// Where the long-term key comes from.
    pub key: KeySource,
    /// The MFA device; without one the session carries no MFA.
    pub mfa: Option<Mfa>,
    /// What STS is asked for.
    pub duration: SessionDuration,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Role {
    /// Who asks for it.
    pub signed_by: SignedBy,
    /// What is asked for; where [`SignedBy::Profile`] asks, at most [`LONGEST_CHAINED`](crate::aws::RoleDuration::LONGEST_CHAINED).
    pub request: AssumeRole,
}

/// What signs AssumeRole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SignedBy {
    /// A long-term key, with the code of an MFA device if there is one.
    Key {
        /// Where the key comes from.
        key: KeySource,
        /// The device.
        mfa: Option<Mfa>,
    },
    /// The temporary credentials of another profile of the plan: role chaining. There is no cycle, and that profile's
    /// credentials may assume roles.
    Profile(ProfileName),
}

impl SignedBy {
    pub(super) fn take_mfa(&mut self) -> Option<Mfa> {
        match self {
            Self::Key { mfa, .. } => mfa.take(),
            Self::Profile(_) => None,
        }
    }
}

/// A role for whom an OpenID Connect or OAuth 2.0 token vouches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebIdentityRole {
    /// Where the token is; it is read anew for each call.
    pub token_file: PathBuf,
    /// What is asked for.
    pub request: AssumeRoleWithWebIdentity,
}

/// A role for whom a SAML assertion vouches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SamlRole {
    /// Where the assertion comes from.
    pub assertion: AssertionSource,
    /// What is asked for.
    pub request: AssumeRoleWithSaml,
}

/// A session of a user that IAM does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Federation {
    /// Where the long-term key comes from.
    pub key: KeySource,
    /// What is asked for.
    pub request: GetFederationToken,
}

/// A session of a member account's root user, for one task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Root {
    /// The profile that asks for it, which is a role.
    pub source: ProfileName,
    /// What is asked for.
    pub request: AssumeRoot,
}
