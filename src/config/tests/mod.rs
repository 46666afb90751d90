//! One case for every rule, each with its exact message.

mod command;
mod endpoint;
mod environment;
mod flags;
mod identity;
mod imds;
mod key_table;
mod kinds;
mod mfa_devices;
mod mutation;
mod names;
mod profile;
mod role;
mod secrets;
mod server;
mod source_profile;
mod sources;
mod syntax;
mod tls;

use std::ffi::OsString;

use super::{Errors, Format, Plan, parse};

/// The least that a file must say: three lines.
const LEAST: &str = "[profile.ops]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";

/// The line that makes a profile a role.
const ROLE: &str = "role_arn = \"arn:aws:iam::123456789012:role/deploy\"\n";

/// What a profile may have, as messages list it.
const PROFILE_KEYS: &str = "`region`, `key`, `mfa_serial`, `mfa_code`, `mfa_devices`, `role_arn`, `source_profile`, \
                            `role_session_name`, `external_id`, `source_identity`, `policy`, `policy_arns`, `tags`, \
                            `transitive_tag_keys`, `provided_contexts`, `web_identity_token_file`, `provider_id`, \
                            `principal_arn`, `saml_assertion`, `federation_name`, `target_principal`, \
                            `task_policy_arn`, `duration_seconds`, `expected_account_id`, `allowed_uids`, `required`, \
                            `use_fips_endpoint`, `use_dualstack_endpoint`, `sts_regional_endpoints`, \
                            `endpoint_url`, `insecure_endpoint`";

fn systemd(name: &str) -> Option<OsString> {
    (name == "RUNTIME_DIRECTORY").then(|| OsString::from("/run/valetkey"))
}

fn toml(text: &str) -> Result<Plan, Errors> {
    parse(text.as_bytes(), Format::Toml, "v.toml", &systemd)
}

fn json(text: &str) -> Result<Plan, Errors> {
    parse(text.as_bytes(), Format::Json, "v.json", &systemd)
}

/// The lines of the message but the last, which counts them.
#[track_caller]
fn mistakes(result: Result<Plan, Errors>) -> Vec<String> {
    let message = result.expect_err("the text is wrong").to_string();
    let mut lines: Vec<_> = message.lines().map(str::to_owned).collect();
    let count = lines.pop().expect("a last line");
    let plural = if lines.len() == 1 { "" } else { "s" };
    assert!(
        count.starts_with(&format!("{} mistake{plural} in v.", lines.len())),
        "{count}"
    );
    lines
}

/// The only mistake of a TOML text, without the file's name.
#[track_caller]
fn mistake(text: &str) -> String {
    match mistakes(toml(text)).as_slice() {
        [line] => line.strip_prefix("v.toml:").expect("the file's name").to_owned(),
        lines => panic!("one mistake expected: {lines:#?}"),
    }
}
