//! A plan in words that are nobody's own, so that other readers of the AWS files can be held against it.

use serde_json::{Map, Value, json};
use valetkey::config::{KeySource, Kind, Mfa, MfaCode, Profile, SignedBy};
use valetkey::keys::SharedCredentials;
use valetkey::process::Command;

/// The profiles as JSON, NAME first.
pub(crate) fn text(profiles: &[Profile]) -> String {
    let profiles: Vec<_> = profiles.iter().map(profile).collect();
    serde_json::to_string_pretty(&profiles).unwrap()
}

fn profile(profile: &Profile) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    put("name", json!(profile.name.as_str()));
    put("required", json!(profile.required));
    put("region", json!(profile.region.as_str()));
    put("endpoint", json!(profile.endpoint.url.as_str()));
    if profile.endpoint.signing_region != profile.region {
        put("signing_region", json!(profile.endpoint.signing_region.as_str()));
    }
    put("kind", json!(profile.kind.as_str()));
    match &profile.kind {
        Kind::Session(session) => put("duration_seconds", json!(session.duration.as_secs())),
        Kind::Role(role) => {
            put("role_arn", json!(role.request.role_arn.as_str()));
            put("role_session_name", json!(role.request.role_session_name.as_str()));
            put("duration_seconds", json!(role.request.duration.as_secs()));
            if let Some(id) = &role.request.external_id {
                put("external_id", json!(id.as_str()));
            }
            if let SignedBy::Profile(source) = &role.signed_by {
                put("source_profile", json!(source.as_str()));
            }
        }
        Kind::WebIdentity(role) => {
            put("role_arn", json!(role.request.role_arn.as_str()));
            put("role_session_name", json!(role.request.role_session_name.as_str()));
            put("duration_seconds", json!(role.request.duration.as_secs()));
            put("web_identity_token_file", json!(role.token_file));
        }
        Kind::Saml(_) | Kind::Federation(_) | Kind::Root(_) => panic!("the AWS files have no such kind"),
    }
    if let Some(source) = profile.kind.key() {
        put("key", key(source));
    }
    if let Some(Mfa { serial, code, .. }) = profile.kind.mfa() {
        put("mfa_serial", json!(serial.as_str()));
        put("mfa_code", mfa_code(code));
    }
    Value::Object(object)
}

/// A key in a file is read as the daemon reads it for each renewal.
fn key(source: &KeySource) -> Value {
    match source {
        KeySource::Environment => json!("environment"),
        KeySource::Process(command) => json!({ "credential_process": argv(command) }),
        KeySource::SharedCredentials { file, form, profile } => {
            let key = SharedCredentials::new(file.clone(), *form, profile.clone()).read_blocking();
            let key = key.unwrap_or_else(|error| panic!("{error}"));
            json!({
                "aws_access_key_id": key.access_key_id.as_str(),
                "aws_secret_access_key": key.secret_access_key.expose(),
            })
        }
        KeySource::Directory(_) => panic!("the AWS files have no such key"),
    }
}

fn mfa_code(code: &MfaCode) -> Value {
    match code {
        MfaCode::Process(command) => json!({ "mfa_process": argv(command) }),
        MfaCode::Push { notify: None } => json!("push"),
        MfaCode::Push { notify: Some(_) } | MfaCode::TotpSeedFile(_) => panic!("the AWS files have no such code"),
    }
}

fn argv(command: &Command) -> Vec<String> {
    let program = [command.program().to_owned()];
    let argv: Vec<_> = program.into_iter().chain(command.arguments().iter().cloned()).collect();
    assert_eq!(
        *command,
        Command::new(argv.clone(), Vec::new()).unwrap(),
        "no variables"
    );
    argv
}
