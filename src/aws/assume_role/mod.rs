//! The parameters of AssumeRole, each with its constraint of the STS model. Other actions share some.

mod external_id;
mod policy;
mod provided_context;
mod role_arn;
mod role_duration;
mod session_name;
mod session_policies;
mod tag;

pub use external_id::ExternalId;
pub use policy::{Policy, PolicyArn};
pub use provided_context::{ContextAssertion, ProvidedContext, ProvidedContexts};
pub use role_arn::RoleArn;
pub use role_duration::RoleDuration;
pub use session_name::SessionName;
pub use session_policies::SessionPolicies;
pub use tag::{Tag, TagKey, TagList, TagValue, Tags};

use super::SessionTokenSize;

/// What AssumeRole is asked for, but for who asks and the MFA code.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// Session policies.
    pub policies: SessionPolicies,
    /// Session tags.
    pub tags: Tags,
    /// Context assertions of trusted providers.
    pub provided_contexts: ProvidedContexts,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

impl AssumeRole {
    /// A role for an hour, and nothing else asked for.
    pub fn new(role_arn: RoleArn, role_session_name: SessionName) -> Self {
        Self {
            role_arn,
            role_session_name,
            duration: RoleDuration::default(),
            external_id: None,
            source_identity: None,
            policies: SessionPolicies::default(),
            tags: Tags::default(),
            provided_contexts: ProvidedContexts::default(),
            minimum_session_token_size: None,
        }
    }
}
