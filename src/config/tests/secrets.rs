//! People paste secrets into the wrong place; no message may show one.

use super::super::{Errors, Plan};
use super::{json, toml};

const CANARIES: [&str; 8] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab",
    "AKIAIOSFODNN7EXAMPLE",
    "JBSWY3DPEHPK3PXP",
    "jbswy3dpehpk3pxpjbswy3dpehpk3pxp",
    "jbswydpehpkpxpjb",
    "005924",
    "ä secret: \\\"quoted\\\"",
];

const TOML: &str = r#"[server]
credentials = "127.0.0.1:7411"
ops = "127.0.0.1:7412"
token_dir = "/t"
token_mode = "0600"
control_socket = "/c"
audit = true
imds = "127.0.0.1:7413"
imds_profile = "ops"
imds_hop_limit = 2
imds_availability_zone = "eu-west-1b"
imds_instance_id = "i-0123456789abcdef0"
imds_instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/ops"
[profile.ops]
region = "eu-west-1"
key.directory = "/k"
mfa_serial = "arn:aws:iam::123456789012:mfa/ops"
mfa_code.totp_seed_file = "/s"
duration_seconds = 43200
required = false
endpoint_url = "http://sts.example"
insecure_endpoint = true
role_arn = "arn:aws:iam::123456789012:role/deploy"
role_session_name = "me"
external_id = "xx"
source_identity = "who"
policy = "{}"
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
tags.Team = "ops"
transitive_tag_keys = ["Team"]
[[profile.ops.provided_contexts]]
provider_arn = "arn:aws:iam::aws:contextProvider/IdentityCenter"
context_assertion = "xxxx"
[profile.dev]
region = "eu-west-1"
key.process = ["/p", "x"]
key.pass_environment = ["X"]
mfa_serial = "GAHT12345678"
mfa_code.push = true
mfa_code.notify = ["n"]
mfa_code.pass_environment = ["X"]
[profile.deploy]
region = "eu-west-1"
source_profile = "ops"
role_arn = "arn:aws:iam::123456789012:role/deploy"
[profile.env]
region = "eu-west-1"
key.environment = true
[profile.shared]
region = "eu-west-1"
key.shared_credentials = "x"
"#;

const JSON: &str = r#"{
"server": {
"credentials": "127.0.0.1:7411",
"token_mode": "0600"
},
"profile": {
"ops": {
"key": {
"directory": "/k"
},
"region": "eu-west-1",
"role_arn": "arn:aws:iam::123456789012:role/deploy",
"policy_arns": [
"arn:aws:iam::aws:policy/ReadOnlyAccess"
],
"tags": {
"Team": "ops"
},
"required": false
}
}
}"#;

/// Every way to put a canary in place of a key or a value of a line.
fn pasted(line: &str, canary: &str, separator: char) -> Vec<String> {
    let comma = if line.ends_with(',') { "," } else { "" };
    let mut lines = vec![canary.to_owned(), format!("\"{canary}"), format!("{line}{canary}")];
    if let Some((key, value)) = line.split_once(separator) {
        lines.push(format!("{key}{separator} \"{canary}\"{comma}"));
        lines.push(format!("{key}{separator} {canary}{comma}"));
        lines.push(format!("{key}{separator} [\"{canary}\"]{comma}"));
        lines.push(format!("\"{canary}\"{separator}{value}"));
        lines.push(format!("{canary}{separator}{value}"));
        lines.push(format!(
            "{line}\n\"{canary}\"{separator}{value}\n\"{canary}\"{separator}{value}"
        ));
    }
    if let Some(table) = line.strip_suffix(']') {
        lines.push(format!("{table}.\"{canary}\"]"));
        lines.push(format!("{table}.{canary}]"));
        lines.push(format!("[\"{canary}\"]"));
        lines.push(format!("[profile.\"{canary}\"]\nregion = 1"));
    }
    lines
}

fn paste_everywhere(sample: &str, separator: char, read: fn(&str) -> Result<Plan, Errors>) {
    let lines: Vec<_> = sample.lines().collect();
    let mut refused = 0;
    for canary in CANARIES {
        for (index, line) in lines.iter().enumerate() {
            for replaced in pasted(line, canary, separator) {
                let mut text = lines.clone();
                text[index] = &replaced;
                let text = text.join("\n");
                if let Err(errors) = read(&text) {
                    let shown = format!("{errors} {errors:?}");
                    let plain = canary.replace('\\', "");
                    assert!(!shown.contains(canary) && !shown.contains(&plain), "{text}\n\n{shown}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn pasted_into_toml_are_never_shown() {
    paste_everywhere(TOML, '=', toml);
}

#[test]
fn pasted_into_json_are_never_shown() {
    paste_everywhere(JSON, ':', json);
}
