use crate::emulator::actions::parameters::{
    ARN, MAX_ROLE_SECONDS, MAX_TAGS, MIN_ROLE_SECONDS, SERIAL_NUMBER, SESSION_NAME, TAG_KEY, TOKEN_CODE,
    UNBOUNDED_POLICY, any_text, check_arn, policy_arns, tags,
};
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

const MAX_CONTEXTS: usize = 5;
const EXTERNAL_ID: Text = Text {
    min: 2,
    max: 1_224,
    pattern: r"[\w+=,.@:\/-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c),
};
const CONTEXT_ASSERTION: Text = any_text(4, 2_048);

impl<'a> Ask<'a> {
    pub(super) fn read(form: &'a Form) -> Result<Self, Error> {
        let duration_seconds = form.integer("DurationSeconds")?;
        let mut broken = Violations::default();
        let role_arn = broken.required("roleArn", form.text("RoleArn"), &ARN);
        let role_session_name = broken.required("roleSessionName", form.text("RoleSessionName"), &SESSION_NAME);
        let policy_arns = policy_arns(form, &mut broken);
        let policy = form.text("Policy");
        broken.text("policy", policy, &UNBOUNDED_POLICY);
        broken.integer("durationSeconds", duration_seconds, MIN_ROLE_SECONDS, MAX_ROLE_SECONDS);
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
