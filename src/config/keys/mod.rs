//! The configuration language as data: the one list that reading, messages and documents are made from.

mod identity;
mod profile;
mod role;
mod server;

use std::fmt;

pub(super) use identity::*;
pub(super) use profile::*;
pub(super) use role::*;
pub(super) use server::*;

/// A key that this version understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The tables it lies in and its name, such as `profile.<name>.region`.
    pub path: &'static str,
    /// Whether it may be left out, and what holds then.
    pub presence: Presence,
    /// What a value must be, as the end of a sentence.
    pub must: &'static str,
    /// What it means, in one line.
    pub what: &'static str,
}

/// What holds when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A mistake.
    Required,
    /// Nothing: the feature is off.
    Optional,
    /// A mistake, unless another of its kind is given.
    OneOf,
    /// This value.
    Default(&'static str),
}

impl Key {
    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

/// As a table of keys shows it.
impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::OneOf => "one of these",
            Self::Default(value) => value,
        })
    }
}

/// Every key that this version understands.
pub const KEYS: &[Key] = &[
    CREDENTIALS,
    TLS_CERTIFICATE,
    TLS_PRIVATE_KEY,
    OPS,
    IMDS,
    IMDS_PROFILE,
    IMDS_HOP_LIMIT,
    IMDS_AVAILABILITY_ZONE,
    IMDS_INSTANCE_ID,
    IMDS_INSTANCE_PROFILE_ARN,
    TOKEN_DIR,
    TOKEN_MODE,
    TOKEN_GRACE_SECONDS,
    RELATIVE_URI,
    CONTROL_SOCKET,
    STATE_DIR,
    AUDIT,
    REGION,
    KEY,
    KEY_DIRECTORY,
    KEY_SHARED_CREDENTIALS,
    KEY_PROCESS,
    KEY_ENVIRONMENT,
    KEY_PASS_ENVIRONMENT,
    MFA_SERIAL,
    MFA_CODE,
    MFA_CODE_TOTP_SEED_FILE,
    MFA_CODE_PROCESS,
    MFA_CODE_PUSH,
    MFA_CODE_NOTIFY,
    MFA_CODE_PASS_ENVIRONMENT,
    MFA_DEVICES,
    MFA_DEVICES_MFA_SERIAL,
    MFA_DEVICES_MFA_CODE,
    ROLE_ARN,
    SOURCE_PROFILE,
    ROLE_SESSION_NAME,
    EXTERNAL_ID,
    SOURCE_IDENTITY,
    POLICY,
    POLICY_ARNS,
    TAGS,
    TRANSITIVE_TAG_KEYS,
    PROVIDED_CONTEXTS,
    PROVIDER_ARN,
    CONTEXT_ASSERTION,
    WEB_IDENTITY_TOKEN_FILE,
    PROVIDER_ID,
    PRINCIPAL_ARN,
    SAML_ASSERTION,
    SAML_ASSERTION_FILE,
    SAML_ASSERTION_PROCESS,
    SAML_ASSERTION_PASS_ENVIRONMENT,
    FEDERATION_NAME,
    TARGET_PRINCIPAL,
    TASK_POLICY_ARN,
    DURATION_SECONDS,
    EXPECTED_ACCOUNT_ID,
    ALLOWED_UIDS,
    REQUIRED,
    USE_FIPS_ENDPOINT,
    USE_DUALSTACK_ENDPOINT,
    STS_REGIONAL_ENDPOINTS,
    ENDPOINT_URL,
    INSECURE_ENDPOINT,
];

/// The names directly in a table that this version understands; `""` is the file itself.
pub(super) fn supported(table: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS.iter().filter_map(|key| name_in(table, key.path)).collect();
    names.dedup();
    names
}

fn name_in(table: &str, path: &'static str) -> Option<&'static str> {
    let rest = match table {
        "" => path,
        _ => path.strip_prefix(table)?.strip_prefix('.')?,
    };
    rest.split('.').next()
}
