//! AWS's own words as types: what cannot be written in AWS cannot be built here.
//!
//! Nothing in this module has input or output. Every type is made from text once, at the edge; its error says which
//! rule was broken and never repeats the text, which may be a secret in the wrong place.

mod access_key_id;
mod account_id;
mod arn;
mod assume_role;
mod credentials;
mod endpoint;
mod partition;
mod profile_name;
mod region;
mod serial_number;
mod session_duration;
mod token_code;

pub use access_key_id::AccessKeyId;
pub use account_id::AccountId;
pub use arn::Arn;
pub use assume_role::{
    AssumeRole, ExternalId, Policy, PolicyArn, ProvidedContext, RoleArn, RoleDuration, SessionName, Tag, TagKey,
    TagValue, Tags,
};
pub use credentials::{Credentials, LongTermKey};
pub use endpoint::{Endpoint, Variant, is_loopback};
pub use profile_name::ProfileName;
pub use region::Region;
pub use serial_number::SerialNumber;
pub use session_duration::SessionDuration;
pub use token_code::TokenCode;

/// The rule that a text broke, as the end of a sentence: "must be …". It never holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(crate) &'static str);

/// Whether every character of `text` is `\w` of AWS's patterns (ASCII letters, digits, `_`) or one of `more`.
fn all_word_or(text: &str, more: &[u8]) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || more.contains(&b))
}
