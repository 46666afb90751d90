//! `--aws-profile NAME`: that profile of AWS's shared `config` and `credentials` files, and what it needs, as a plan.
//!
//! A profile with a long-term key becomes a session. A role is followed through `source_profile` down to a key: a key
//! alone signs AssumeRole itself, with the MFA code of the role in the call; a key with an `mfa_serial` of its own becomes
//! a session from which the role is chained. A `web_identity_token_file` opens its role itself, from which others may be
//! chained. What the SDKs do with other ways (IAM Identity Center, instance metadata) is a mistake only where NAME needs it.

mod chain;
mod files;
mod key;
mod location;
mod mfa;
mod roles;
mod settings;
mod web_identity;

use super::mistake::Errors;
use super::{Env, Profile};
use files::Files;

/// NAME, which readiness waits for, and then the profiles that it is made from, the nearest first. Blocks.
///
/// `env` gives `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, `HOME`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
/// `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`, `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT`,
/// `AWS_USE_DUALSTACK_ENDPOINT` and `AWS_STS_REGIONAL_ENDPOINTS`.
pub fn profiles_of(name: &str, env: Env<'_>) -> Result<Vec<Profile>, Errors> {
    let files = Files::read(env)?;
    let profiles = chain::profiles(&files, name, env);
    files.finish(profiles)
}
