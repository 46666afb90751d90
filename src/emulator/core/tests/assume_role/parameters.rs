//! What is asked wrongly.

use super::*;

const CONSTRAINT: &str = "failed to satisfy constraint: Member must";
const ARN_PATTERN: &str = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+";

/// The message of a call that AWS calls invalid.
fn invalid(form: &str) -> String {
    let (status, code, message) = error(&call(&mut with([role()]), &ops(), form));
    assert_eq!((status, code.as_str()), (400, "ValidationError"), "{message}");
    message
}

fn refused(more: &[(&str, &str)]) -> (u16, String, String) {
    error(&call(&mut with([role()]), &ops(), &ask(more)))
}

#[test]
fn a_role_and_a_name_must_be_given() {
    assert_eq!(
        invalid("Action=AssumeRole"),
        format!(
            "2 validation errors detected: Value null at 'roleArn' {CONSTRAINT} not be null; \
             Value null at 'roleSessionName' {CONSTRAINT} not be null"
        )
    );
}

#[test]
fn each_parameter_has_the_bounds_of_the_model() {
    let long = |length: usize| "x".repeat(length);
    let longer = |bound: usize| format!("have length less than or equal to {bound}");
    let shorter = |bound: usize| format!("have length greater than or equal to {bound}");
    let pattern = |pattern: &str| format!("satisfy regular expression pattern: {pattern}");
    let name_pattern = pattern(r"[\w+=,.@-]*");
    let value_pattern = pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
    for (name, value, member, constraint) in [
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws",
            "policyArns.1.member.arn",
            shorter(20),
        ),
        (
            "PolicyArns.member.3.arn",
            &long(2_049),
            "policyArns.3.member.arn",
            longer(2_048),
        ),
        (
            "Policy",
            "{\"\u{100}\": 1}",
            "policy",
            pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"),
        ),
        (
            "DurationSeconds",
            "899",
            "durationSeconds",
            "have value greater than or equal to 900".to_owned(),
        ),
        (
            "DurationSeconds",
            "43201",
            "durationSeconds",
            "have value less than or equal to 43200".to_owned(),
        ),
        (
            "TransitiveTagKeys.member.1",
            &long(129),
            "transitiveTagKeys.1.member",
            longer(128),
        ),
        ("ExternalId", "x", "externalId", shorter(2)),
        ("ExternalId", &long(1_225), "externalId", longer(1_224)),
        ("ExternalId", "a b", "externalId", pattern(r"[\w+=,.@:\/-]*")),
        ("SerialNumber", "12345678", "serialNumber", shorter(9)),
        ("TokenCode", "12345a", "tokenCode", pattern(r"[\d]*")),
        ("SourceIdentity", "x", "sourceIdentity", shorter(2)),
        ("SourceIdentity", "a b", "sourceIdentity", name_pattern.clone()),
        (
            "ProvidedContexts.member.1.ProviderArn",
            "too short",
            "providedContexts.1.member.providerArn",
            shorter(20),
        ),
        (
            "ProvidedContexts.member.1.ContextAssertion",
            "x",
            "providedContexts.1.member.contextAssertion",
            shorter(4),
        ),
    ] {
        assert_eq!(
            invalid(&ask(&[(name, value)])),
            format!("1 validation error detected: Value '{value}' at '{member}' {CONSTRAINT} {constraint}"),
            "{name}"
        );
    }
    for (value, constraint) in [("a;", value_pattern), (&long(257), longer(256))] {
        let tag = [("Tags.member.2.Key", "a"), ("Tags.member.2.Value", value)];
        assert_eq!(
            invalid(&ask(&tag)),
            format!("1 validation error detected: Value '{value}' at 'tags.2.member.value' {CONSTRAINT} {constraint}")
        );
    }
    let session = |name: &str| format!("Action=AssumeRole&RoleArn={ROLE}&RoleSessionName={name}");
    assert_eq!(
        invalid(&session("Session1:2")),
        format!("1 validation error detected: Value 'Session1:2' at 'roleSessionName' {CONSTRAINT} {name_pattern}")
    );
    let name = long(65);
    assert!(invalid(&session(&name)).ends_with(&longer(64)));
}

#[test]
fn an_empty_text_breaks_its_length_and_a_pattern_that_wants_one_character() {
    assert_eq!(
        invalid("Action=AssumeRole&RoleArn=&RoleSessionName=s1"),
        format!(
            "2 validation errors detected: Value '' at 'roleArn' {CONSTRAINT} have length greater than or equal to 20; \
             Value '' at 'roleArn' {CONSTRAINT} satisfy regular expression pattern: {ARN_PATTERN}"
        )
    );
}

#[test]
fn an_arn_has_its_parts() {
    for arn in [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaaaa:",
    ] {
        assert_eq!(invalid(&ask_for(arn, &[])), format!("{arn} is invalid"));
        let policy = [("PolicyArns.member.1.arn", arn)];
        assert_eq!(invalid(&ask(&policy)), format!("{arn} is invalid"));
    }
}

#[test]
fn lists_have_a_greatest_length() {
    let list = |count: usize, name: fn(usize) -> String, value: fn(usize) -> String| -> Vec<(String, String)> {
        (1..=count).map(|n| (name(n), value(n))).collect()
    };
    let tags = |count: usize| {
        let values = list(count, |n| format!("Tags.member.{n}.Value"), |_| String::new());
        [
            list(count, |n| format!("Tags.member.{n}.Key"), |n| n.to_string()),
            values,
        ]
        .concat()
    };
    let arns = |count| {
        let name = |n| format!("PolicyArns.member.{n}.arn");
        list(count, name, |n| format!("arn:aws:iam::aws:policy/p{n}"))
    };
    let contexts = |count| {
        let name = |n| format!("ProvidedContexts.member.{n}.ProviderArn");
        list(count, name, |n| format!("arn:aws:iam::aws:contextProvider/{n}"))
    };
    let reply = |pairs: &[(String, String)]| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        call(&mut with([role()]), &ops(), &ask(&pairs))
    };
    for (good, bad, member, bound) in [
        (tags(50), tags(51), "tags", 50),
        (arns(10), arns(11), "policyArns", 10),
        (contexts(5), contexts(6), "providedContexts", 5),
    ] {
        assert_eq!(reply(&good).status, 200, "{member}");
        let (_, code, message) = error(&reply(&bad));
        let words = format!("at '{member}' {CONSTRAINT} have length less than or equal to {bound}");
        assert!(code == "ValidationError" && message.ends_with(&words), "{message}");
    }
}

#[test]
fn tags_are_whole_and_unique_and_only_they_are_transitive() {
    let null = |member: &str| format!("1 validation error detected: Value null at '{member}' {CONSTRAINT} not be null");
    assert_eq!(
        invalid(&ask(&[("Tags.member.1.Key", "a")])),
        null("tags.1.member.value")
    );
    assert_eq!(
        invalid(&ask(&[("Tags.member.1.Value", "a")])),
        null("tags.1.member.key")
    );
    let twice = [
        ("Tags.member.1.Key", "Department"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "department"),
        ("Tags.member.2.Value", "b"),
    ];
    let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    assert_eq!(
        refused(&twice),
        (400, "InvalidParameterValue".to_owned(), message.to_owned())
    );
    let message = "The specified transitive tag key must be included in the requested tags.";
    assert_eq!(
        refused(&[("TransitiveTagKeys.member.1", "a")]),
        (400, "InvalidParameterValue".to_owned(), message.to_owned())
    );
}

#[test]
fn a_session_policy_is_json_and_has_its_size() {
    for policy in ["no JSON", "[]", "{", "1"] {
        let expected = (
            400,
            "MalformedPolicyDocument".to_owned(),
            "Syntax errors in policy.".to_owned(),
        );
        assert_eq!(refused(&[("Policy", policy)]), expected, "{policy}");
    }
    let policy = |length: usize| format!("{{\"a\": \"{}\"}}", "x".repeat(length - 9));
    let reply = call(&mut with([role()]), &ops(), &ask(&[("Policy", &policy(2_048))]));
    assert_eq!(element(&reply, "PackedPolicySize"), "50");
    let too_large = |more: &[(&str, &str)], words: &str| {
        let message = format!("Packed {words} of allotted space");
        let (status, code, found) = refused(more);
        assert_eq!((status, code.as_str()), (400, "PackedPolicyTooLarge"), "{found}");
        assert!(found.starts_with(&message), "{found}");
    };
    too_large(&[("Policy", &policy(2_049))], "policy consumes 101%");
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let together = [("Policy", &*policy(2_048)), ("PolicyArns.member.1.arn", arn)];
    too_large(&together, "policy consumes 102%");

    let value = "x".repeat(255);
    let tags: Vec<(String, &str)> = (1..=17)
        .flat_map(|n| {
            let key = [(format!("Tags.member.{n}.Key"), &"abcdefghijklmnopqr"[n..=n])];
            key.into_iter()
                .chain([(format!("Tags.member.{n}.Value"), value.as_str())])
        })
        .collect();
    let tags: Vec<_> = tags.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    too_large(&tags, "size of session tags consumes 107%");
    let reply = call(&mut with([role()]), &ops(), &ask(&tags[..32]));
    assert_eq!(element(&reply, "PackedPolicySize"), "100");
}
