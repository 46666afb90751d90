use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{self, Endpoint, SamlAssertion};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Identity, Issued};

/// One AssumeRoleWithSAML call. Nothing signs it: the assertion opens.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>
pub struct AssumeRoleWithSaml<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// STS's time, for the lifetime where a reply has no date.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::AssumeRoleWithSaml,
    /// Who vouches for whom.
    pub assertion: &'a SamlAssertion,
}

impl Ask for AssumeRoleWithSaml<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let parameters = Parameters::default()
            .text("RoleArn", request.role_arn.as_str())
            .text("PrincipalArn", request.principal_arn.as_str())
            .text("SAMLAssertion", self.assertion.expose())
            .policy_arns(&request.policies)
            .policy(&request.policies)
            .number("DurationSeconds", request.duration.as_secs())
            .minimum_session_token_size(request.minimum_session_token_size);
        Call {
            action: Action::AssumeRoleWithSaml,
            endpoint: self.endpoint,
            signer: None,
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::AssumeRoleWithSaml),
            secrets: vec![self.assertion.expose()],
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        let mut issued = result.issued_to("AssumedRoleUser", "AssumedRoleId")?;
        issued.about.identity = Some(Identity::Saml {
            subject: result.optional("Subject")?,
            subject_type: result.optional("SubjectType")?,
            issuer: result.optional("Issuer")?,
            audience: result.optional("Audience")?,
            name_qualifier: result.optional("NameQualifier")?,
        });
        Ok(issued)
    }
}
