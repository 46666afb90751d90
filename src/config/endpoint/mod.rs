//! Which STS a profile asks: one of AWS's own, or another.

mod address;
mod environment;
mod of_profile;
mod settings;

pub(super) use address::{PLAIN_HTTP, PLAIN_HTTP_NEVER, check};
pub(super) use environment::Environment;
pub(super) use of_profile::of_profile;
pub(super) use settings::{Conflict, Said, Settings};

/// The rule of `sts_regional_endpoints` and of its variable; whether the global endpoint is asked for.
pub(super) fn legacy_global(text: &str) -> Result<bool, &'static str> {
    match text {
        "regional" => Ok(false),
        "legacy" => Ok(true),
        _ => Err(super::keys::STS_REGIONAL_ENDPOINTS.must),
    }
}

/// The rule of the AWS files and of variables. SDKs take whatever is not "true" for false.
pub(super) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("must be true or false"),
    }
}
