use std::collections::BTreeSet;

use super::super::keys::{MFA_SERIAL, ROLE_DURATION_SECONDS, ROOT_DURATION_SECONDS};
use super::super::{KEYS, Presence};
use super::{LEAST, ROLE, mistakes, toml};
use crate::aws::{
    AccountId, Arn, ExternalId, FederatedUserName, Invalid, Policy, ProviderId, Region, RoleArn, RoleDuration,
    RootDuration, SamlProviderArn, SerialNumber, SessionDuration, SessionName, TargetPrincipal, TaskPolicyArn,
};

#[test]
fn no_key_stands_twice() {
    let paths: Vec<_> = KEYS.iter().map(|key| key.path).collect();
    let unique: BTreeSet<_> = paths.iter().collect();
    assert_eq!(unique.len(), paths.len());
}

#[test]
fn each_rule_is_the_one_that_is_held() {
    let must = |name: &str| KEYS.iter().find(|key| key.name() == name).unwrap().must;
    assert_eq!("".parse::<Region>(), Err(Invalid(must("region"))));
    assert_eq!("".parse::<SerialNumber>(), Err(Invalid(MFA_SERIAL.must)));
    assert_eq!(SessionDuration::try_from(0), Err(Invalid(must("duration_seconds"))));
    assert_eq!(RoleDuration::try_from(0), Err(Invalid(ROLE_DURATION_SECONDS.must)));
    assert_eq!("".parse::<RoleArn>(), Err(Invalid(must("role_arn"))));
    assert_eq!("".parse::<SessionName>(), Err(Invalid(must("role_session_name"))));
    assert_eq!("".parse::<SessionName>(), Err(Invalid(must("source_identity"))));
    assert_eq!("".parse::<ExternalId>(), Err(Invalid(must("external_id"))));
    assert_eq!("".parse::<Policy>(), Err(Invalid(must("policy"))));
    assert_eq!("".parse::<Arn>(), Err(Invalid(must("provider_arn"))));
    assert_eq!("".parse::<ProviderId>(), Err(Invalid(must("provider_id"))));
    assert_eq!("".parse::<SamlProviderArn>(), Err(Invalid(must("principal_arn"))));
    assert_eq!("".parse::<FederatedUserName>(), Err(Invalid(must("federation_name"))));
    assert_eq!("".parse::<TargetPrincipal>(), Err(Invalid(must("target_principal"))));
    assert_eq!("".parse::<TaskPolicyArn>(), Err(Invalid(must("task_policy_arn"))));
    assert_eq!("".parse::<AccountId>(), Err(Invalid(must("expected_account_id"))));
    assert_eq!(RootDuration::try_from(901), Err(Invalid(ROOT_DURATION_SECONDS.must)));
}

/// A default that is written out changes nothing.
#[test]
fn each_default_is_the_one_that_holds() {
    let mut compared = 0;
    for key in KEYS {
        let Presence::Default(default) = key.presence else {
            continue;
        };
        let value = match key.name() {
            "duration_seconds"
            | "required"
            | "use_fips_endpoint"
            | "use_dualstack_endpoint"
            | "insecure_endpoint"
            | "audit"
            | "token_grace_seconds"
            | "imds_hop_limit" => default.to_owned(),
            "token_dir" | "control_socket" => format!("{:?}", default.replace("<runtime dir>", "/run/valetkey")),
            "endpoint_url" => String::from("\"https://sts.eu-west-1.amazonaws.com\""),
            _ => format!("{:?}", default.replace("<name>", "ops")),
        };
        let least = match key.name() {
            "role_session_name" => format!("{LEAST}{ROLE}"),
            "imds_hop_limit" => format!("server.imds = \"127.0.0.1:7413\"\n{LEAST}"),
            _ => LEAST.to_owned(),
        };
        let text = match key.path.split_once('.').unwrap().0 {
            "server" => format!("server.{} = {value}\n{least}", key.name()),
            _ => format!("{least}{} = {value}", key.name()),
        };
        assert_eq!(toml(&text), toml(&least), "{}", key.path);
        assert!(toml(&least).is_ok());
        compared += 1;
    }
    assert_eq!(compared, 16);
}

/// Every key that the table has is read: a value of a type that no key takes is a mistake at that key.
#[test]
fn each_key_is_read() {
    for key in KEYS {
        let path = key.path.replace("<name>", "ops");
        let expected = format!(": {path}: found a float; {}", key.must);
        let text = with_a_float(&path);
        let found = mistakes(toml(&text));
        assert!(found.iter().any(|line| line.ends_with(&expected)), "{text}\n{found:#?}");
    }
}

/// A right file, but for one key.
fn with_a_float(path: &str) -> String {
    let name = path.strip_prefix("profile.ops.").unwrap_or_default();
    let role = "role_arn = \"arn:aws:iam::123456789012:role/deploy\"";
    let key = "key.directory = \"/k\"";
    let lines = match name.split('.').next().unwrap_or_default() {
        "web_identity_token_file" | "provider_id" => vec![role, "web_identity_token_file = \"/t\""],
        "principal_arn" | "saml_assertion" => vec![
            role,
            "principal_arn = \"arn:aws:iam::123456789012:saml-provider/ADFS\"",
            "saml_assertion.file = \"/a\"",
        ],
        "federation_name" => vec![key, "federation_name = \"jane\""],
        "target_principal" | "task_policy_arn" => vec![
            "source_profile = \"ops\"",
            "target_principal = \"123456789012\"",
            "task_policy_arn = \"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy\"",
        ],
        // Longer for a session.
        "duration_seconds" => vec![key],
        "mfa_devices" => vec![key, role],
        _ => vec![key, "mfa_serial = \"GAHT12345678\"", "mfa_code.push = true", role],
    };
    let lines = ["region = \"eu-west-1\""].into_iter().chain(lines);
    let kept = lines.filter(|line| {
        let given = line.split(" = ").next().unwrap_or_default();
        given != name && !given.starts_with(&format!("{name}."))
    });
    let mut lines: Vec<_> = kept.map(|line| format!("profile.ops.{line}")).collect();
    let in_a_list = ["provided_contexts", "mfa_devices"].into_iter().find_map(|list| {
        let (table, name) = path.split_once(&format!("{list}."))?;
        Some(format!("{table}{list} = [{{ {name} = 1.5 }}]"))
    });
    lines.push(in_a_list.unwrap_or_else(|| format!("{path} = 1.5")));
    lines.join("\n")
}

#[test]
fn shows_what_holds_when_a_key_is_left_out() {
    let shown = |presence: Presence| presence.to_string();
    assert_eq!(shown(Presence::Required), "required");
    assert_eq!(shown(Presence::Optional), "optional");
    assert_eq!(shown(Presence::OneOf), "one of these");
    assert_eq!(shown(Presence::Default("0600")), "0600");
}
