use chrono::{DateTime, Utc};

use super::{Ask, with_parts};
use crate::aws::{self, Endpoint, ProviderId, WebIdentityToken};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Identity, Issued};

/// One AssumeRoleWithWebIdentity call. Nothing signs it: the token opens.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
pub struct AssumeRoleWithWebIdentity<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// STS's time, for the lifetime where a reply has no date.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::AssumeRoleWithWebIdentity,
    /// Who vouches for whom.
    pub token: &'a WebIdentityToken,
}

impl Ask for AssumeRoleWithWebIdentity<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let parameters = Parameters::default()
            .text("RoleArn", request.role_arn.as_str())
            .text("RoleSessionName", request.role_session_name.as_str())
            .text("WebIdentityToken", self.token.expose())
            .optional("ProviderId", request.provider_id.as_ref().map(ProviderId::as_str))
            .policy_arns(&request.policies)
            .policy(&request.policies)
            .number("DurationSeconds", request.duration.as_secs())
            .minimum_session_token_size(request.minimum_session_token_size);
        Call {
            action: Action::AssumeRoleWithWebIdentity,
            endpoint: self.endpoint,
            signer: None,
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::AssumeRoleWithWebIdentity),
            secrets: with_parts(self.token.expose()).collect(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        let mut issued = result.issued_to("AssumedRoleUser", "AssumedRoleId")?;
        issued.about.identity = Some(Identity::Web {
            subject: result.optional("SubjectFromWebIdentityToken")?,
            provider: result.optional("Provider")?,
            audience: result.optional("Audience")?,
        });
        Ok(issued)
    }
}
