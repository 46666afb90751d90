//! `role_arn` and what goes with it.

use super::super::{KeySource, Kind, Role, SignedBy};
use super::{LEAST, ROLE, json, mistake, mistakes, toml};

const CHAINED: &str = "[profile.deploy]\nregion = \"eu-west-1\"\nsource_profile = \"ops\"\n";

fn role(lines: &str) -> Role {
    let plan = toml(&format!("{LEAST}{ROLE}{lines}\n")).unwrap();
    match plan.profiles.into_iter().next().map(|profile| profile.kind) {
        Some(Kind::Role(role)) => role,
        _ => panic!("a role"),
    }
}

#[track_caller]
fn with(lines: &str) -> String {
    mistake(&format!("{LEAST}{ROLE}{lines}\n"))
}

#[test]
fn is_signed_by_the_key() {
    let plain = role("");
    let key = KeySource::Directory("/k".into());
    assert_eq!(plain.signed_by, SignedBy::Key { key, mfa: None });
    assert_eq!(plain.request.role_arn.as_str(), "arn:aws:iam::123456789012:role/deploy");
    assert_eq!(plain.request.role_session_name.as_str(), "valetkey-ops");
    assert_eq!(plain.request.duration.as_secs(), 3_600);
    assert_eq!(plain.request.external_id, None);

    let with_mfa = role("mfa_serial = \"GAHT12345678\"\nmfa_code = { push = true }\nduration_seconds = 43200");
    assert_eq!(with_mfa.request.duration.as_secs(), 43_200);
    let SignedBy::Key { mfa: Some(mfa), .. } = with_mfa.signed_by else {
        panic!("an MFA device")
    };
    assert_eq!(mfa.serial.as_str(), "GAHT12345678");
}

#[test]
fn has_every_parameter() {
    let request = role(
        "role_session_name = \"me\"\nexternal_id = \"x1\"\nsource_identity = \"who\"\npolicy = '{\"Version\": \"2012-10-17\"}'\n\
         policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\ntags = { Team = \"ops\", \"a b\" = \"\" }\n\
         transitive_tag_keys = [\"team\"]\n[[profile.ops.provided_contexts]]\n\
         provider_arn = \"arn:aws:iam::aws:contextProvider/IdentityCenter\"\ncontext_assertion = \"xxxx\"\n",
    )
    .request;
    assert_eq!(request.role_session_name.as_str(), "me");
    assert_eq!(request.external_id.unwrap().as_str(), "x1");
    assert_eq!(request.source_identity.unwrap().as_str(), "who");
    assert_eq!(
        request.policies.policy().unwrap().as_str(),
        "{\"Version\": \"2012-10-17\"}"
    );
    assert_eq!(
        request.policies.arns()[0].as_str(),
        "arn:aws:iam::aws:policy/ReadOnlyAccess"
    );
    let tags = request.tags.tags().as_slice().iter();
    let tags: Vec<_> = tags.map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    assert_eq!(tags, [("Team", "ops"), ("a b", "")]);
    assert_eq!(request.tags.transitive()[0].as_str(), "team");
    assert_eq!(
        request.provided_contexts.as_slice()[0].context_assertion.expose(),
        "xxxx"
    );
}

#[test]
fn is_the_same_in_json() {
    let toml = toml(&format!(
        "{LEAST}{ROLE}policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\ntags = {{ Team = \"ops\" }}"
    ));
    let json = json(
        r#"{"profile": {"ops": {"region": "eu-west-1", "key": {"directory": "/k"},
        "role_arn": "arn:aws:iam::123456789012:role/deploy", "tags": {"Team": "ops"},
        "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "provided_contexts": []}}}"#,
    );
    assert_eq!(json.unwrap(), toml.unwrap());
}

#[test]
fn is_chained_from_a_source_profile() {
    let plan = toml(&format!("{CHAINED}{ROLE}{LEAST}")).unwrap();
    let Kind::Role(role) = &plan.profiles[0].kind else {
        panic!("a role")
    };
    assert_eq!(role.signed_by, SignedBy::Profile("ops".parse().unwrap()));
    assert_eq!(role.request.duration.as_secs(), 3_600);
    assert_eq!(plan.profiles[0].kind.source_profile().unwrap().as_str(), "ops");
}

#[test]
fn that_is_chained_lives_an_hour_at_most() {
    let chained = |seconds| toml(&format!("{CHAINED}{ROLE}duration_seconds = {seconds}\n{LEAST}"));
    assert!(chained(3600).is_ok());
    assert_eq!(
        mistakes(chained(3601)),
        [
            "v.toml:5:20: profile.deploy.duration_seconds: must be at most 3600 seconds: AWS limits role chaining to one \
          hour; lower it, or write `key` in place of `source_profile`"
        ]
    );
    let must = "must be 900 to 43200 seconds (15 minutes to 12 hours) for a role";
    for seconds in ["899", "43201"] {
        assert_eq!(
            with(&format!("duration_seconds = {seconds}")),
            format!("5:20: profile.ops.duration_seconds: {must}")
        );
    }
    assert_eq!(
        with("duration_seconds = \"1h\""),
        format!("5:20: profile.ops.duration_seconds: found a string; {must}")
    );
}

#[test]
fn that_is_chained_has_neither_key_nor_mfa() {
    let text = format!(
        "{CHAINED}{ROLE}key = {{ directory = \"/k\" }}\nmfa_serial = \"GAHT12345678\"\nmfa_code = {{ push = true }}\n{LEAST}"
    );
    let mfa = "must be left out: the source profile's session signs, and its MFA carries over";
    assert_eq!(
        mistakes(toml(&text)),
        [
            "v.toml:5:1: profile.deploy.key: must be left out: `source_profile` signs in its place; keep one of them",
            &format!("v.toml:6:1: profile.deploy.mfa_serial: {mfa}"),
            &format!("v.toml:7:1: profile.deploy.mfa_code: {mfa}"),
        ]
    );
}

#[test]
fn has_its_parameters_alone() {
    let text = format!(
        "{LEAST}role_session_name = \"me\"\nexternal_id = \"x1\"\nsource_identity = \"who\"\npolicy = \"{{}}\"\n\
         policy_arns = []\ntags = {{}}\ntransitive_tag_keys = []\nprovided_contexts = []\n"
    );
    let keys = [
        "role_session_name",
        "external_id",
        "source_identity",
        "policy",
        "policy_arns",
        "tags",
        "transitive_tag_keys",
        "provided_contexts",
    ];
    let expected = keys.iter().enumerate().map(|(index, key)| {
        let line = index + 4;
        let needed = match *key {
            "policy" | "policy_arns" | "tags" => "`role_arn` or `federation_name` beside it; add one of them",
            _ => "`role_arn` beside it; add that",
        };
        format!("v.toml:{line}:1: profile.ops.{key}: needs {needed}, or leave this out")
    });
    assert_eq!(mistakes(toml(&text)), expected.collect::<Vec<_>>());
    assert_eq!(
        mistake(&format!("{CHAINED}{LEAST}")),
        "3:1: profile.deploy.source_profile: needs `role_arn` beside it, since a session cannot be made from a session; \
         add that, or write `key` instead"
    );
    assert_eq!(
        mistake(&format!("{LEAST}role_am = \"x\"\nexternal_id = \"x1\"\n")),
        "4:1: profile.ops.role_am: is not a known key; did you mean `role_arn`?"
    );
}

#[test]
fn has_parameters_as_aws_takes_them() {
    for (line, expected) in [
        (
            "external_id = \"x\"",
            "5:15: profile.ops.external_id: must be 2 to 1224 letters, digits or any of \"_+=,.@:/-\"",
        ),
        (
            "role_session_name = \"a b\"",
            "5:21: profile.ops.role_session_name: must be 2 to 64 letters, digits or any of \"_+=,.@-\"",
        ),
        (
            "policy = \"x\"",
            "5:10: profile.ops.policy: must be an IAM policy: a JSON object of characters up to U+00FF, in quotes",
        ),
        (
            "policy_arns = [\"x\"]",
            "5:16: profile.ops.policy_arns: must be the ARN of a managed policy such as \"arn:aws:iam::aws:policy/ReadOnlyAccess\"",
        ),
        (
            "tags = { \"a?\" = \"x\" }",
            "5:10: profile.ops.tags: must have keys of 1 to 128 letters, numbers, spaces or any of \"_.:/=+-@\"",
        ),
        (
            "tags = { a = \"?\" }",
            "5:14: profile.ops.tags: must have values of at most 256 letters, numbers, spaces or any of \"_.:/=+-@\"",
        ),
        (
            "tags = { a = 1 }",
            "5:14: profile.ops.tags: found an integer in it; must be a table of at most 50 strings such as { Team = \"ops\" }",
        ),
        (
            "tags = { a = \"1\", A = \"2\" }",
            "5:8: profile.ops.tags: must not name a tag twice; keys that differ in case alone are the same",
        ),
        (
            "tags = { a = \"1\" }\ntransitive_tag_keys = [\"b\"]",
            "6:23: profile.ops.transitive_tag_keys: must name tags of `tags` alone",
        ),
        (
            "provided_contexts = [1]",
            "5:22: profile.ops.provided_contexts: found an integer; must be a list of at most 5 tables with `provider_arn` and `context_assertion`",
        ),
        (
            "provided_contexts = [{ provider_arn = \"arn:aws:iam::aws:contextProvider/x\", context_assertion = \"xxx\" }]",
            "5:97: profile.ops.provided_contexts.context_assertion: must be 4 to 2048 characters",
        ),
        (
            "provided_contexts = [{ provider_arn = \"arn:a:b:::c\", context_assertion = \"xxxx\" }]",
            "5:39: profile.ops.provided_contexts.provider_arn: must be an ARN, arn:partition:service:region:account:resource",
        ),
        (
            "provided_contexts = [{ context_assertion = \"xxxx\" }]",
            "5:22: profile.ops.provided_contexts.provider_arn: is missing; must be an ARN, arn:partition:service:region:account:resource",
        ),
    ] {
        assert_eq!(with(line), expected, "{line}");
    }
    let six = ["{ provider_arn = \"arn:aws:iam::aws:contextProvider/x\", context_assertion = \"xxxx\" }"; 6].join(", ");
    assert!(
        with(&format!("provided_contexts = [{six}]"))
            .starts_with("5:21: profile.ops.provided_contexts: must be a list of at most 5")
    );
}

#[test]
fn has_policies_within_the_limits_that_hold_together() {
    let arns =
        |count: usize, name: &str| vec![format!("\"arn:aws:iam::123456789012:policy/{name}\""); count].join(", ");
    assert_eq!(
        with(&format!("policy_arns = [{}]", arns(11, "x"))),
        "5:15: profile.ops.policy_arns: must be at most 10 ARNs"
    );
    assert_eq!(
        role(&format!("policy_arns = [{}]", arns(10, "x")))
            .request
            .policies
            .arns()
            .len(),
        10
    );
    // 33 characters and the name.
    let fits = |policy: usize, name: usize| {
        let text = format!("{{{}}}", " ".repeat(policy - 2));
        toml(&format!(
            "{LEAST}{ROLE}policy = \"{text}\"\npolicy_arns = [{}]",
            arns(1, &"x".repeat(name))
        ))
    };
    assert!(fits(1_948, 67).is_ok());
    assert_eq!(
        mistakes(fits(1_948, 68)),
        [
            "v.toml:6:15: profile.ops.policy_arns: must be at most 2048 characters together with `policy`; \
          move statements into one managed policy"
        ]
    );
}
