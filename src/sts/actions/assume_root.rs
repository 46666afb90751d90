use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{self, Endpoint};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Issued, Signer};

/// One AssumeRoot call. The global endpoint does not serve it.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>
pub struct AssumeRoot<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::AssumeRoot,
}

impl Ask for AssumeRoot<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let parameters = Parameters::default()
            .text("TargetPrincipal", request.target_principal.as_str())
            .text("TaskPolicyArn.arn", request.task_policy_arn.as_str())
            .number("DurationSeconds", request.duration.as_secs())
            .minimum_session_token_size(request.minimum_session_token_size);
        Call {
            action: Action::AssumeRoot,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::AssumeRoot),
            secrets: self.signer.secrets(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        result.issued()
    }
}
