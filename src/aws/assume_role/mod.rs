//! The parameters of AssumeRole, each with its constraint of the STS model.

mod external_id;
mod policy;
mod role_arn;
mod role_duration;
mod session_name;
mod tag;

pub use external_id::ExternalId;
pub use policy::{Policy, PolicyArn};
pub use role_arn::RoleArn;
pub use role_duration::RoleDuration;
pub use session_name::SessionName;
pub use tag::{Tag, TagKey, TagValue, Tags};

use super::Arn;

/// What AssumeRole is asked for, but for who asks and the MFA code.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role.
    pub role_arn: RoleArn,
    /// The name of the session in the role's ARN and in CloudTrail.
    pub role_session_name: SessionName,
    /// How long the credentials live.
    pub duration: RoleDuration,
    /// What a role of another account may demand.
    pub external_id: Option<ExternalId>,
    /// Who acts, for CloudTrail; it stays through role chaining.
    pub source_identity: Option<SessionName>,
    /// An inline session policy.
    pub policy: Option<Policy>,
    /// Managed session policies, at most 10.
    pub policy_arns: Vec<PolicyArn>,
    /// Session tags.
    pub tags: Tags,
    /// Context assertions of trusted providers, at most 5.
    pub provided_contexts: Vec<ProvidedContext>,
}

/// A context assertion and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvidedContext {
    /// The provider, such as `arn:aws:iam::aws:contextProvider/IdentityCenter`.
    pub provider_arn: Arn,
    /// What it asserts, signed by it: 4 to 2048 characters.
    pub context_assertion: Box<str>,
}
