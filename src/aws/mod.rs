//! AWS's own words as types: what cannot be written in AWS cannot be built here.
//!
//! Nothing in this module has input or output. Every type is made from text once, at the edge; its error says which
//! rule was broken and never repeats the text, which may be a secret in the wrong place.

mod access_key_id;
mod account_id;
mod arn;
mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod credentials;
mod encoded_message;
mod endpoint;
mod get_federation_token;
mod get_web_identity_token;
mod instance_metadata;
mod partition;
mod profile_name;
mod region;
mod serial_number;
mod session_duration;
mod session_token_size;
mod token_code;
mod trade_in_token;
mod url_text;

pub use access_key_id::AccessKeyId;
pub use account_id::AccountId;
pub use arn::Arn;
pub use assume_role::{
    AssumeRole, ContextAssertion, ExternalId, Policy, PolicyArn, ProvidedContext, ProvidedContexts, RoleArn,
    RoleDuration, SessionName, SessionPolicies, Tag, TagKey, TagList, TagValue, Tags,
};
pub use assume_role_with_saml::{AssumeRoleWithSaml, SamlAssertion, SamlProviderArn};
pub use assume_role_with_web_identity::{AssumeRoleWithWebIdentity, ProviderId, WebIdentityToken};
pub use assume_root::{AssumeRoot, RootDuration, TargetPrincipal, TaskPolicyArn};
pub use credentials::{Credentials, LongTermKey};
pub use encoded_message::EncodedMessage;
pub use endpoint::{Endpoint, Variant, is_loopback};
pub use get_federation_token::{FederatedUserName, GetFederationToken};
pub use get_web_identity_token::{Audiences, GetWebIdentityToken, SigningAlgorithm, WebIdentityTokenDuration};
pub use instance_metadata::{AvailabilityZone, HopLimit, InstanceId, InstanceProfileArn};
pub use profile_name::ProfileName;
pub use region::Region;
pub use serial_number::SerialNumber;
pub use session_duration::SessionDuration;
pub use session_token_size::SessionTokenSize;
pub use token_code::TokenCode;
pub use trade_in_token::TradeInToken;
pub use url_text::parse_url;

/// The rule that a text broke, as the end of a sentence: "must be …". It never holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(crate) &'static str);

/// Whether every character of `text` is `\w` of AWS's patterns (ASCII letters, digits, `_`) or one of `more`.
fn all_word_or(text: &str, more: &[u8]) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || more.contains(&b))
}
