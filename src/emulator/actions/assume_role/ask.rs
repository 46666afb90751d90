use crate::emulator::actions::{SERIAL_NUMBER, TOKEN_CODE};
use crate::emulator::errors::Error;
use crate::emulator::form::Form;
use crate::emulator::validation::{Text, Violations};

/// The parameters of a call, each within the constraints of the model.
pub(super) struct Ask<'a> {
    pub(super) role_arn: &'a str,
    pub(super) role_session_name: &'a str,
    pub(super) policy_arns: Vec<&'a str>,
    pub(super) policy: Option<&'a str>,
    pub(super) duration_seconds: Option<u32>,
    /// Keys and values.
    pub(super) tags: Vec<(&'a str, &'a str)>,
    pub(super) transitive_tag_keys: Vec<&'a str>,
    pub(super) external_id: Option<&'a str>,
    pub(super) serial_number: Option<&'a str>,
    pub(super) token_code: Option<&'a str>,
    pub(super) source_identity: Option<&'a str>,
}

const MIN_SECONDS: i32 = 900;
const MAX_SECONDS: i32 = 43_200;
const MAX_TAGS: usize = 50;
/// By the documentation; the model has no bound.
const MAX_POLICY_ARNS: usize = 10;
const MAX_CONTEXTS: usize = 5;

const ARN: Text = Text {
    min: 20,
    max: 2_048,
    pattern: r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    allowed: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..),
};
const SESSION_NAME: Text = Text {
    min: 2,
    max: 64,
    pattern: r"[\w+=,.@-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
};
const POLICY: Text = Text {
    min: 1,
    max: usize::MAX,
    pattern: r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    allowed: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'),
};
const TAG_KEY: Text = Text {
    min: 1,
    max: 128,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    allowed: is_of_tag,
};
const TAG_VALUE: Text = Text {
    min: 0,
    max: 256,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    allowed: is_of_tag,
};
const EXTERNAL_ID: Text = Text {
    min: 2,
    max: 1_224,
    pattern: r"[\w+=,.@:\/-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c),
};
const CONTEXT_ASSERTION: Text = Text {
    min: 4,
    max: 2_048,
    pattern: "",
    allowed: |_| true,
};

/// Letters, separators and numbers of every script, as far as the standard library knows them.
fn is_of_tag(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

impl<'a> Ask<'a> {
    pub(super) fn read(form: &'a Form) -> Result<Self, Error> {
        let duration_seconds = form.integer("DurationSeconds")?;
        let mut broken = Violations::default();
        let role_arn = broken.required("roleArn", form.text("RoleArn"), &ARN);
        let role_session_name = broken.required("roleSessionName", form.text("RoleSessionName"), &SESSION_NAME);
        let policy_arns = policy_arns(form, &mut broken);
        let policy = form.text("Policy");
        broken.text("policy", policy, &POLICY);
        broken.integer("durationSeconds", duration_seconds, MIN_SECONDS, MAX_SECONDS);
        let tags = tags(form, &mut broken);
        let transitive_tag_keys = transitive_tag_keys(form, &mut broken);
        let external_id = form.text("ExternalId");
        broken.text("externalId", external_id, &EXTERNAL_ID);
        let (serial_number, token_code) = (form.text("SerialNumber"), form.text("TokenCode"));
        broken.text("serialNumber", serial_number, &SERIAL_NUMBER);
        broken.text("tokenCode", token_code, &TOKEN_CODE);
        let source_identity = form.text("SourceIdentity");
        broken.text("sourceIdentity", source_identity, &SESSION_NAME);
        check_contexts(form, &mut broken);
        broken.into_result()?;

        for arn in policy_arns.iter().chain([&role_arn]) {
            check_arn(arn)?;
        }
        Ok(Self {
            role_arn,
            role_session_name,
            policy_arns,
            policy,
            duration_seconds: duration_seconds.and_then(|seconds| seconds.try_into().ok()),
            tags,
            transitive_tag_keys,
            external_id,
            serial_number,
            token_code,
            source_identity,
        })
    }
}

fn policy_arns<'a>(form: &'a Form, broken: &mut Violations) -> Vec<&'a str> {
    let members = form.members("PolicyArns");
    let arns: Vec<&str> = members
        .iter()
        .map(|n| {
            let arn = form.text(&format!("PolicyArns.member.{n}.arn"));
            broken.required(&format!("policyArns.{n}.member.arn"), arn, &ARN)
        })
        .collect();
    broken.length("policyArns", &arns, MAX_POLICY_ARNS);
    arns
}

fn tags<'a>(form: &'a Form, broken: &mut Violations) -> Vec<(&'a str, &'a str)> {
    let mut part = |n: u32, name: &str, member: &str, constraint| {
        let text = form.text(&format!("Tags.member.{n}.{name}"));
        broken.required(&format!("tags.{n}.member.{member}"), text, constraint)
    };
    let members = form.members("Tags");
    let tags: Vec<_> = members
        .iter()
        .map(|n| (part(*n, "Key", "key", &TAG_KEY), part(*n, "Value", "value", &TAG_VALUE)))
        .collect();
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    broken.length("tags", &keys, MAX_TAGS);
    tags
}

fn transitive_tag_keys<'a>(form: &'a Form, broken: &mut Violations) -> Vec<&'a str> {
    let members = form.members("TransitiveTagKeys");
    let keys: Vec<&str> = members
        .iter()
        .map(|n| {
            let key = form.text(&format!("TransitiveTagKeys.member.{n}"));
            broken.required(&format!("transitiveTagKeys.{n}.member"), key, &TAG_KEY)
        })
        .collect();
    broken.length("transitiveTagKeys", &keys, MAX_TAGS);
    keys
}

/// What a context provider asserts is not looked into.
fn check_contexts(form: &Form, broken: &mut Violations) {
    let members = form.members("ProvidedContexts");
    let mut providers = Vec::new();
    for n in &members {
        let part = |name: &str| form.text(&format!("ProvidedContexts.member.{n}.{name}"));
        let path = |name: &str| format!("providedContexts.{n}.member.{name}");
        broken.text(&path("providerArn"), part("ProviderArn"), &ARN);
        broken.text(&path("contextAssertion"), part("ContextAssertion"), &CONTEXT_ASSERTION);
        providers.extend(part("ProviderArn"));
    }
    broken.length("providedContexts", &providers, MAX_CONTEXTS);
}

fn check_arn(arn: &str) -> Result<(), Error> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, service, _, _, resource]
            if ![partition, service, resource].iter().any(|part| part.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(Error::validation(format!("{arn} is invalid"))),
    }
}
