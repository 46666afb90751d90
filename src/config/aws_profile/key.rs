//! The long-term key of a profile, in botocore's order where there is more than one.

use super::settings::{AwsProfile, Place, Setting};
use crate::aws_file::{Form, Unbalanced, words};
use crate::config::KeySource;
use crate::config::mistake::Reported;
use crate::process::Command;

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKENS: [&str; 2] = ["aws_session_token", "aws_security_token"];

const WAY_OUT: &str = "let the SDK use this profile by itself, or name a profile with a long-term key";

/// Whether either half of a key is written down; such a source is never taken as a role.
pub(super) fn is_written_down(profile: &AwsProfile<'_>) -> bool {
    profile.has(ID) || profile.has(SECRET)
}

/// The key by which the profile itself signs.
pub(super) fn of(profile: &AwsProfile<'_>) -> Result<KeySource, Reported> {
    refuse(profile, &["sso_account_id", "sso_role_name"], IDENTITY_CENTER)?;
    if let Some(key) = written_down(profile, Form::Credentials) {
        return key;
    }
    refuse(profile, &["login_session"], "`aws login` keeps no long-term key")?;
    if let Some(setting) = profile.setting("credential_process") {
        return Ok(KeySource::Process(command(&setting)?));
    }
    if let Some(key) = written_down(profile, Form::Config) {
        return key;
    }
    if let Some(setting) = profile.setting("credential_source") {
        return from_environment(&setting);
    }
    refuse(profile, &["sso_session", "sso_start_url"], IDENTITY_CENTER)?;
    Err(profile.report(
        "has no long-term key; give it aws_access_key_id and aws_secret_access_key, a credential_process, or a role_arn \
         with a source_profile",
    ))
}

/// `credential_source`, of which one value leads to a long-term key.
pub(super) fn from_environment(setting: &Setting<'_>) -> Result<KeySource, Reported> {
    let text = match setting.text()? {
        "Environment" => return Ok(KeySource::Environment),
        "Ec2InstanceMetadata" | "EcsContainer" => {
            "gives temporary credentials that the SDKs renew by themselves; use Environment, or a source_profile with a \
             long-term key"
        }
        _ => "must be Environment, with the long-term key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    };
    Err(setting.report(text))
}

/// `credential_process` and `mfa_process`: an argument list, never a shell.
pub(super) fn command(setting: &Setting<'_>) -> Result<Command, Reported> {
    let argv = words(setting.text()?).map_err(|Unbalanced| {
        setting.report("has a quote without its end, or a \\ with nothing after it; close or double it")
    })?;
    if argv.first().is_none_or(String::is_empty) {
        return Err(setting.report("names no program; write its path, then its arguments"));
    }
    Command::new(argv, Vec::new()).map_err(|rule| setting.report(rule.to_string()))
}

const IDENTITY_CENTER: &str = "IAM Identity Center gives no long-term key";

fn refuse(profile: &AwsProfile<'_>, keys: &[&'static str], reason: &str) -> Result<(), Reported> {
    match keys.iter().find_map(|key| profile.setting(key)) {
        None => Ok(()),
        Some(setting) => Err(setting.report(format!("is not supported here: {reason}; {WAY_OUT}"))),
    }
}

/// The pair in one of the files: two halves of different files would make a key that nobody has.
fn written_down(profile: &AwsProfile<'_>, form: Form) -> Option<Result<KeySource, Reported>> {
    let place = profile.places().find(|place| place.file.form == form)?;
    let (id, secret) = (place.setting(ID), place.setting(SECRET));
    (id.is_some() || secret.is_some()).then(|| pair(profile, place, id, secret))
}

fn pair<'f>(
    profile: &AwsProfile<'f>,
    place: Place<'f>,
    id: Option<Setting<'f>>,
    secret: Option<Setting<'f>>,
) -> Result<KeySource, Reported> {
    if let Some(token) = TOKENS.iter().find_map(|token| place.setting(token)) {
        return Err(token.report(
            "makes the key a temporary one, which cannot be renewed; put the long-term key of an IAM user (AKIA…) there, and \
             remove the token",
        ));
    }
    let half = |setting: Option<Setting<'f>>, missing: &str| match setting {
        Some(setting) => setting.text().map(drop),
        None => Err(place.report(&format!(
            "lacks {missing}; both halves of the key must stand in one section"
        ))),
    };
    let (id, secret) = (half(id, ID), half(secret, SECRET));
    id.and(secret)?;
    Ok(KeySource::SharedCredentials {
        file: place.file.path.clone(),
        form: place.file.form,
        profile: profile.name.to_owned(),
    })
}
