use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{self, Endpoint, ExternalId, SerialNumber, SessionName, TagKey, TokenCode};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Issued, Signer};

/// One AssumeRole call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub struct AssumeRole<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::AssumeRole,
    /// The device and its code.
    pub mfa: Option<(&'a SerialNumber, &'a TokenCode)>,
}

impl Ask for AssumeRole<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let contexts = request.provided_contexts.as_slice();
        let tags = &request.tags;
        let parameters = Parameters::default()
            .text("RoleArn", request.role_arn.as_str())
            .text("RoleSessionName", request.role_session_name.as_str())
            .policy_arns(&request.policies)
            .policy(&request.policies)
            .number("DurationSeconds", request.duration.as_secs())
            .tags(tags.tags())
            .list("TransitiveTagKeys", tags.transitive().iter().map(TagKey::as_str))
            .optional("ExternalId", request.external_id.as_ref().map(ExternalId::as_str))
            .mfa(self.mfa)
            .optional(
                "SourceIdentity",
                request.source_identity.as_ref().map(SessionName::as_str),
            );
        let parameters = (1..).zip(contexts).fold(parameters, |all, (n, context)| {
            let name = |part| format!("ProvidedContexts.member.{n}.{part}");
            all.text(name("ProviderArn"), context.provider_arn.as_str())
                .text(name("ContextAssertion"), context.context_assertion.expose())
        });
        let parameters = parameters.minimum_session_token_size(request.minimum_session_token_size);
        let assertions = contexts.iter().map(|context| context.context_assertion.expose());
        Call {
            action: Action::AssumeRole,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::AssumeRole),
            secrets: assertions
                .chain(self.signer.secrets())
                .chain(self.mfa.map(|(_, code)| code.expose()))
                .collect(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        result.issued_to("AssumedRoleUser", "AssumedRoleId")
    }
}

#[cfg(test)]
mod tests;
