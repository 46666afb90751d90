//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::borrow::Cow;

use roxmltree::Node;

use super::Granted;
use crate::aws::{AccountId, Arn};
use crate::sts::times::Times;
use crate::sts::wire::{Call, encode_form};
use crate::sts::xml::{self, Malformed};
use crate::sts::{Action, AssumeRole, credentials};

/// The request. What a context provider asserts is signed and good for whoever holds it, so it counts as a secret.
pub(in crate::sts) fn call<'a>(ask: &AssumeRole<'a>) -> Call<'a> {
    let seconds = ask.request.duration.as_secs().to_string();
    let assertions = ask.request.provided_contexts.iter().map(|c| &*c.context_assertion);
    let mut secrets: Vec<_> = assertions.chain(ask.signer.secrets()).collect();
    secrets.extend(ask.mfa.map(|(_, code)| code.expose()));
    Call {
        action: Action::AssumeRole,
        endpoint: ask.endpoint,
        signer: ask.signer,
        now: ask.now,
        duration: ask.request.duration.as_duration(),
        form: encode_form(Action::AssumeRole, &parameters(ask, &seconds)),
        secrets,
    }
}

/// In the order of the model; members of lists are counted from 1.
fn parameters<'a>(ask: &AssumeRole<'a>, seconds: &'a str) -> Vec<(Cow<'static, str>, &'a str)> {
    let request = ask.request;
    let mut parameters = vec![
        ("RoleArn".into(), request.role_arn.as_str()),
        ("RoleSessionName".into(), request.role_session_name.as_str()),
    ];
    for (n, arn) in (1..).zip(&request.policy_arns) {
        parameters.push((format!("PolicyArns.member.{n}.arn").into(), arn.as_str()));
    }
    let policy = request.policy.as_ref();
    parameters.extend(policy.map(|policy| ("Policy".into(), policy.as_str())));
    parameters.push(("DurationSeconds".into(), seconds));
    for (n, tag) in (1..).zip(request.tags.tags()) {
        parameters.push((format!("Tags.member.{n}.Key").into(), tag.key.as_str()));
        parameters.push((format!("Tags.member.{n}.Value").into(), tag.value.as_str()));
    }
    for (n, key) in (1..).zip(request.tags.transitive()) {
        parameters.push((format!("TransitiveTagKeys.member.{n}").into(), key.as_str()));
    }
    let external_id = request.external_id.as_ref();
    parameters.extend(external_id.map(|id| ("ExternalId".into(), id.as_str())));
    if let Some((serial, code)) = ask.mfa {
        parameters.push(("SerialNumber".into(), serial.as_str()));
        parameters.push(("TokenCode".into(), code.expose()));
    }
    let source_identity = request.source_identity.as_ref();
    parameters.extend(source_identity.map(|identity| ("SourceIdentity".into(), identity.as_str())));
    for (n, context) in (1..).zip(&request.provided_contexts) {
        let name = |part: &str| format!("ProvidedContexts.member.{n}.{part}").into();
        parameters.push((name("ProviderArn"), context.provider_arn.as_str()));
        parameters.push((name("ContextAssertion"), &context.context_assertion));
    }
    parameters
}

/// What an `AssumeRoleResult` gives.
pub(in crate::sts) fn read(result: Node<'_, '_>, times: Times) -> Result<Granted, Malformed> {
    let credentials = credentials::read(xml::child(result, "Credentials")?)?;
    let lifetime = times.lifetime(credentials.expiration)?;
    let packed_policy_size = xml::optional_text(result, "PackedPolicySize")?;
    Ok(Granted {
        credentials,
        lifetime,
        account: account(result)?,
        packed_policy_size: packed_policy_size.and_then(|percent| percent.parse().ok()),
    })
}

/// The account of the assumed role. Servers other than AWS leave its ARN empty or write one without an account; their
/// credentials are good all the same.
fn account(result: Node<'_, '_>) -> Result<Option<AccountId>, Malformed> {
    let Some(user) = xml::optional(result, "AssumedRoleUser")? else {
        return Ok(None);
    };
    let arn = xml::optional_text(user, "Arn")?.and_then(|arn| arn.parse::<Arn>().ok());
    Ok(arn.and_then(|arn| arn.account().parse().ok()))
}

#[cfg(test)]
mod tests;
