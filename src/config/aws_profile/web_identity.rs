//! `web_identity_token_file`, which opens a role without a key.

use super::key;
use super::location::Location;
use super::settings::AwsProfile;
use crate::aws::{AssumeRoleWithWebIdentity, Invalid, ProfileName, SessionName, SessionPolicies};
use crate::config::mistake::Reported;
use crate::config::paths::absolute;
use crate::config::{Kind, Profile, WebIdentityRole};

const TOKEN_FILE: &str = "web_identity_token_file";

/// Whether a token opens the profile. What else would open it is a mistake: the SDKs differ in what they prefer.
pub(super) fn opens(profile: &AwsProfile<'_>) -> Result<bool, Reported> {
    let Some(setting) = profile.setting(TOKEN_FILE) else {
        return Ok(false);
    };
    let other = ["source_profile", "credential_source", "credential_process"];
    if let Some(other) = other.iter().find(|other| profile.has(other)) {
        return Err(setting.report(format!("stands beside {other}; keep one of them")));
    }
    if key::is_written_down(profile) {
        return Err(setting.report("stands beside a long-term key; keep one of them"));
    }
    Ok(true)
}

pub(super) fn read(
    profile: &AwsProfile<'_>,
    name: Result<ProfileName, Reported>,
    location: Result<Location, Reported>,
) -> Result<Profile, Reported> {
    let token_file = profile
        .setting(TOKEN_FILE)
        .map(|setting| setting.parse(|text| absolute(text).map_err(Invalid)))
        .transpose();
    let role_arn = profile.read("role_arn");
    let session_name = profile.read("role_session_name");
    let duration = profile.seconds("duration_seconds");
    let device = ["mfa_serial", "mfa_process"]
        .iter()
        .find_map(|key| profile.setting(key));
    let no_device = match device {
        None => Ok(()),
        Some(setting) => Err(setting.report(
            "is of no use beside web_identity_token_file: AssumeRoleWithWebIdentity takes no code; remove one of them",
        )),
    };
    let missing = |key: &str| profile.report(&format!("has no {key}; add it"));
    let role_arn = role_arn.and_then(|given| given.ok_or_else(|| missing("role_arn")));
    let (name, location) = (name?, location?);
    no_device?;
    Ok(Profile {
        required: false,
        endpoint: location.endpoint,
        expected_account_id: None,
        allowed_uids: None,
        region: location.region,
        kind: Kind::WebIdentity(WebIdentityRole {
            token_file: token_file?.ok_or_else(|| missing(TOKEN_FILE))?,
            request: AssumeRoleWithWebIdentity {
                role_arn: role_arn?,
                role_session_name: session_name?.unwrap_or_else(|| SessionName::of_profile(&name)),
                duration: duration?,
                provider_id: None,
                policies: SessionPolicies::default(),
                minimum_session_token_size: None,
            },
        }),
        name,
    })
}
