use std::sync::Arc;
use std::time::Duration;

use crate::aws::{AccountId, Credentials};

/// Credentials as a reply brought them.
pub struct Issued {
    /// The credentials, which may go on to sign what is made from them.
    pub credentials: Arc<Credentials>,
    /// How long they live from the moment the request left: `Expiration` minus the reply's `Date`, less the second
    /// that the date may have been cut by. Counting from the sending is the careful side. Without a date, the `now` of
    /// the call takes its place. Never longer than the `duration` of the call.
    pub lifetime: Duration,
    /// The account of the assumed role, the federated user or the assumed principal, where the reply names one;
    /// GetSessionToken's and AssumeRoot's name none.
    pub account: Option<AccountId>,
    /// How much of the room for session policies and tags is taken, in percent, where there are any.
    pub packed_policy_size: Option<u32>,
    /// What else the reply tells.
    pub about: About,
    /// STS's request id.
    pub request_id: String,
}

/// What a reply tells about the credentials it brings. What the action does not tell, or the server leaves out, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// `AssumedRoleUser` or `FederatedUser`.
    pub user: Option<User>,
    /// GetDelegatedAccessToken: the ARN of the principal that the credentials are of.
    pub assumed_principal: Option<String>,
    /// The source identity of the session.
    pub source_identity: Option<String>,
    /// How much of the room for the session token is taken, in percent.
    pub session_token_utilization: Option<u32>,
    /// How long the session token is, in bytes.
    pub session_token_size: Option<u32>,
    /// Who was vouched for.
    pub identity: Option<Identity>,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `AssumedRoleId` or `FederatedUserId`: AWS's id and the session's name.
    pub id: Option<String>,
    /// The ARN that policies name.
    pub arn: Option<String>,
}

/// Who was vouched for by an identity provider, and by which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// By a SAML assertion.
    Saml {
        /// Its `NameID`.
        subject: Option<String>,
        /// The format of the `NameID`, such as `persistent`.
        subject_type: Option<String>,
        /// Its `Issuer`.
        issuer: Option<String>,
        /// The `Recipient` of its `SubjectConfirmationData`.
        audience: Option<String>,
        /// A hash of issuer, account and provider, which tells subjects of different providers apart.
        name_qualifier: Option<String>,
    },
    /// By a token.
    Web {
        /// Its `sub`.
        subject: Option<String>,
        /// Its `iss`, or the provider id that was given.
        provider: Option<String>,
        /// Its `aud`.
        audience: Option<String>,
    },
}
