//! Profiles of every kind: what each takes, and what none does.

use std::time::Duration;

use super::super::{AssertionSource, KeySource, Kind};
use super::{LEAST, ROLE, json, mistake, mistakes, toml};

const WEB: &str = "[profile.ci]\nregion = \"eu-west-1\"\nweb_identity_token_file = \"/token\"\n";
const SAML: &str = "[profile.ci]\nregion = \"eu-west-1\"\n\
                    principal_arn = \"arn:aws:iam::123456789012:saml-provider/ADFS\"\n\
                    saml_assertion = { file = \"/assertion\" }\n";
const FEDERATION: &str =
    "[profile.ci]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\nfederation_name = \"jane\"\n";
const ROOT: &str = "[profile.ci]\nregion = \"eu-west-1\"\nsource_profile = \"admin\"\n\
                    target_principal = \"210987654321\"\n\
                    task_policy_arn = \"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy\"\n";

/// A role that is chained from the session of [`LEAST`].
fn admin() -> String {
    format!("[profile.admin]\nregion = \"eu-west-1\"\nsource_profile = \"ops\"\n{ROLE}{LEAST}")
}

#[track_caller]
fn first(text: &str) -> Kind {
    toml(text).unwrap().profiles.swap_remove(0).kind
}

#[test]
fn a_token_opens_a_role() {
    let kind = first(&format!(
        "{WEB}{ROLE}duration_seconds = 43200\nprovider_id = \"www.amazon.com\"\npolicy = \"{{}}\"\n\
         policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\n"
    ));
    assert_eq!(
        (kind.as_str(), kind.key(), kind.mfa(), kind.source_profile()),
        ("web_identity", None, None, None)
    );
    assert_eq!(kind.duration(), Duration::from_hours(12));
    let Kind::WebIdentity(role) = kind else { panic!() };
    assert_eq!(role.token_file.to_str(), Some("/token"));
    assert_eq!(role.request.role_arn.as_str(), "arn:aws:iam::123456789012:role/deploy");
    assert_eq!(role.request.role_session_name.as_str(), "valetkey-ci");
    assert_eq!(role.request.provider_id.unwrap().as_str(), "www.amazon.com");
    assert_eq!(role.request.policies.arns().len(), 1);
}

#[test]
fn an_assertion_opens_a_role() {
    let kind = first(&format!("{SAML}{ROLE}"));
    assert_eq!((kind.as_str(), kind.duration()), ("saml", Duration::from_hours(1)));
    let Kind::Saml(role) = kind else { panic!() };
    assert_eq!(role.assertion, AssertionSource::File("/assertion".into()));
    assert_eq!(
        role.request.principal_arn.as_str(),
        "arn:aws:iam::123456789012:saml-provider/ADFS"
    );
    let process = SAML.replace(
        "file = \"/assertion\"",
        "process = [\"saml\", \"x\"], pass_environment = [\"A\"]",
    );
    let Kind::Saml(role) = first(&format!("{process}{ROLE}")) else {
        panic!()
    };
    let AssertionSource::Process(command) = role.assertion else {
        panic!()
    };
    assert_eq!(command.to_string(), "saml");
}

#[test]
fn a_key_gives_a_federated_user() {
    let kind = first(&format!(
        "{FEDERATION}tags = {{ Team = \"ops\" }}\nduration_seconds = 129600\n"
    ));
    assert_eq!(
        (kind.as_str(), kind.key()),
        ("federation", Some(&KeySource::Directory("/k".into())))
    );
    assert_eq!(kind.duration(), Duration::from_hours(36));
    let Kind::Federation(federation) = kind else { panic!() };
    assert_eq!(federation.request.name.as_str(), "jane");
    assert_eq!(federation.request.tags.as_slice().len(), 1);
}

#[test]
fn a_role_asks_for_a_root_session() {
    let kind = first(&(ROOT.to_owned() + &admin()));
    assert_eq!((kind.as_str(), kind.duration()), ("root", Duration::from_mins(15)));
    assert_eq!(kind.source_profile().unwrap().as_str(), "admin");
    let Kind::Root(root) = kind else { panic!() };
    assert_eq!(root.request.target_principal.as_str(), "210987654321");
}

#[test]
fn is_the_same_in_json() {
    let json = json(
        r#"{"profile": {"ci": {"region": "eu-west-1", "role_arn": "arn:aws:iam::123456789012:role/deploy",
        "principal_arn": "arn:aws:iam::123456789012:saml-provider/ADFS", "saml_assertion": {"file": "/assertion"}}}}"#,
    );
    assert_eq!(json.unwrap(), toml(&format!("{SAML}{ROLE}")).unwrap());
}

#[test]
fn a_profile_is_of_one_kind() {
    let second = |text: &str, line: &str, place: &str, key: &str, first: &str| {
        assert_eq!(
            mistake(&format!("{text}{line}\n")),
            format!("{place}: profile.ci.{key}: makes another kind of profile than `{first}` does; keep one of them")
        );
    };
    let token = "web_identity_token_file = \"/token\"";
    second(FEDERATION, token, "4:1", "federation_name", "web_identity_token_file");
    second(SAML, token, "3:1", "principal_arn", "web_identity_token_file");
    second(
        &(FEDERATION.to_owned() + ROLE),
        "target_principal = \"210987654321\"",
        "6:1",
        "target_principal",
        "federation_name",
    );
    assert_eq!(
        mistake(&format!("{FEDERATION}{ROLE}")),
        "5:1: profile.ci.role_arn: must be left out: it makes another kind of profile; keep one of them"
    );
}

/// What signs or vouches, where something else does.
#[test]
fn who_opens_it_is_told_once() {
    for (text, line, expected) in [
        (
            format!("{WEB}{ROLE}"),
            "key = { directory = \"/k\" }",
            "5:1: profile.ci.key: must be left out: the token of `web_identity_token_file` opens the role, and nothing \
             signs; keep one of them",
        ),
        (
            format!("{SAML}{ROLE}"),
            "source_profile = \"ci\"",
            "6:1: profile.ci.source_profile: must be left out: the SAML assertion opens the role, and nothing signs; keep \
             one of them",
        ),
        (
            FEDERATION.to_owned(),
            "mfa_serial = \"GAHT12345678\"",
            "5:1: profile.ci.mfa_serial: must be left out: this action of STS takes no MFA code; where MFA is demanded, \
             make a session with it and chain a role from that",
        ),
        (
            format!("{WEB}{ROLE}"),
            "mfa_code = { push = true }",
            "5:1: profile.ci.mfa_code: must be left out: this action of STS takes no MFA code; where MFA is demanded, \
             make a session with it and chain a role from that",
        ),
        (
            format!("{WEB}{ROLE}"),
            "external_id = \"x1\"",
            "5:1: profile.ci.external_id: must be left out: AssumeRoleWithWebIdentity does not take it",
        ),
        (
            format!("{SAML}{ROLE}"),
            "role_session_name = \"me\"",
            "6:1: profile.ci.role_session_name: must be left out: AssumeRoleWithSAML does not take it",
        ),
        (
            FEDERATION.to_owned(),
            "transitive_tag_keys = []",
            "5:1: profile.ci.transitive_tag_keys: must be left out: GetFederationToken does not take it",
        ),
        (
            FEDERATION.to_owned(),
            "provider_id = \"www.amazon.com\"",
            "5:1: profile.ci.provider_id: must be left out: GetFederationToken does not take it",
        ),
    ] {
        // A profile cannot lead back to itself, which is told, too.
        let found = mistakes(toml(&format!("{text}{line}\n")));
        assert!(found.contains(&format!("v.toml:{expected}")), "{found:#?}");
    }
    let with_key = format!("{ROOT}key = {{ directory = \"/k\" }}\n{}", admin());
    assert_eq!(
        mistake(&with_key),
        "6:1: profile.ci.key: must be left out: a role of the organization asks for a root session; write \
         `source_profile` instead"
    );
    assert_eq!(
        mistakes(toml(&(ROOT.replace("source_profile = \"admin\"\n", "") + &admin()))),
        ["v.toml:1:1: profile.ci.source_profile: is missing; must be the name of another profile such as \"ops\""]
    );
}

#[test]
fn what_belongs_together_is_asked_for() {
    for (text, expected) in [
        (
            WEB.to_owned(),
            "1:1: profile.ci.role_arn: is missing; must be the ARN of a role such as \
             \"arn:aws:iam::123456789012:role/deploy\"",
        ),
        (
            format!("{SAML}{ROLE}").replace("saml_assertion = { file = \"/assertion\" }\n", ""),
            "3:1: profile.ci.saml_assertion: is missing, and `principal_arn` needs it; must be a table with one source, \
             such as { file = \"/run/saml/assertion\" }",
        ),
        (
            format!("{SAML}{ROLE}").replace("{ file = \"/assertion\" }", "{}"),
            "4:18: profile.ci.saml_assertion: is empty; must be a table with one source, such as { file = \
             \"/run/saml/assertion\" }",
        ),
        (
            format!("{SAML}{ROLE}").replace("\"/assertion\" }", "\"/assertion\", pass_environment = [\"A\"] }"),
            "4:41: profile.ci.saml_assertion.pass_environment: is for a `process`, and there is none; leave it out",
        ),
        (
            format!("{LEAST}task_policy_arn = \"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy\"\n"),
            "4:1: profile.ops.task_policy_arn: needs `target_principal` beside it; add that, or leave this out",
        ),
        (
            format!("{LEAST}provider_id = \"www.amazon.com\"\n"),
            "4:1: profile.ops.provider_id: needs `web_identity_token_file` beside it; add that, or leave this out",
        ),
    ] {
        assert_eq!(mistake(&text), expected);
    }
    let without_task = ROOT.split("task_policy").next().unwrap().to_owned() + &admin();
    assert!(mistake(&without_task).starts_with(
        "4:1: profile.ci.task_policy_arn: is missing, and `target_principal` needs it; must be \"arn:aws:iam::aws:policy/"
    ));
}

#[test]
fn a_root_session_lasts_a_minute_to_fifteen() {
    let with = |seconds: i64| toml(&format!("{ROOT}duration_seconds = {seconds}\n{}", admin()));
    assert!(with(60).is_ok() && with(900).is_ok());
    assert_eq!(
        mistakes(with(59)),
        ["v.toml:6:20: profile.ci.duration_seconds: must be at least 60 seconds, so that it can be renewed in time"]
    );
    assert_eq!(
        mistakes(with(901)),
        ["v.toml:6:20: profile.ci.duration_seconds: must be at most 900 seconds (15 minutes) for a root session"]
    );
}

#[test]
fn the_global_endpoint_has_no_root_sessions() {
    let rest = "must be \"regional\" for a root session: the global endpoint has no AssumeRoot; where the region is \
                aws-global, name a region of the organization";
    assert_eq!(
        mistake(&format!("{ROOT}sts_regional_endpoints = \"legacy\"\n{}", admin())),
        format!("6:26: profile.ci.sts_regional_endpoints: {rest}")
    );
    assert_eq!(
        mistake(&(ROOT.replace("eu-west-1", "aws-global") + &admin())),
        format!("1:1: profile.ci.sts_regional_endpoints: {rest}")
    );
}

/// AWS gives temporary credentials different rights in STS, by the action that made them.
#[test]
fn a_source_may_do_what_is_asked_of_it() {
    let chained =
        |source: &str| format!("[profile.deploy]\nregion = \"eu-west-1\"\nsource_profile = \"{source}\"\n{ROLE}");
    assert_eq!(
        mistake(&(chained("ci") + FEDERATION)),
        "3:18: profile.deploy.source_profile: names ci, a federated user, who may ask nothing of STS but \
         GetCallerIdentity; name a session or a role, or write `key` instead"
    );
    assert_eq!(
        mistake(&(chained("ci") + ROOT + &admin())),
        "3:18: profile.deploy.source_profile: names ci, a root session, which has its one task and may assume nothing; \
         name a role"
    );
    assert_eq!(
        mistake(&(ROOT.replace("admin", "ops") + LEAST)),
        "3:18: profile.ci.source_profile: names ops, a session, which may do nothing in STS but assume roles; chain a \
         role from it, and name that"
    );
    for source in [WEB, SAML] {
        assert!(toml(&(chained("ci") + source + ROLE)).is_ok());
        let root = ROOT
            .replace("profile.ci", "profile.root")
            .replace("\"admin\"", "\"ci\"");
        assert!(toml(&(root + source + ROLE)).is_ok());
    }
    // An hour at most, as for every role that is chained.
    let long = chained("ci") + "duration_seconds = 3601\n" + WEB + ROLE;
    assert!(mistake(&long).contains("AWS limits role chaining to one hour"));
}

#[test]
fn a_profile_says_whose_account_it_must_be() {
    let plan = toml(&format!("{LEAST}expected_account_id = \"012345678901\"\n")).unwrap();
    assert_eq!(
        plan.profiles[0].expected_account_id.as_ref().unwrap().as_str(),
        "012345678901"
    );
    let other = format!("{WEB}{ROLE}expected_account_id = \"210987654321\"\n");
    assert_eq!(
        mistake(&other),
        "5:23: profile.ci.expected_account_id: is another account than that of `role_arn`; correct one of them"
    );
    assert!(toml(&other.replace("\"210987654321\"", "\"123456789012\"")).is_ok());
    let other = format!("{ROOT}expected_account_id = \"123456789012\"\n{}", admin());
    assert!(mistake(&other).contains("is another account than that of `target_principal`"));
    assert_eq!(
        mistake(&format!("{LEAST}expected_account_id = 123456789012\n")),
        "4:23: profile.ops.expected_account_id: found an integer; must be an account: a string of twelve digits"
    );
}
