use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{self, Endpoint, LongTermKey};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Issued, Signer};

/// One GetFederationToken call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>
pub struct GetFederationToken<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it: STS gives no federated session to temporary credentials.
    pub key: &'a LongTermKey,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::GetFederationToken,
}

impl Ask for GetFederationToken<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let parameters = Parameters::default()
            .text("Name", request.name.as_str())
            .policy(&request.policies)
            .policy_arns(&request.policies)
            .number("DurationSeconds", request.duration.as_secs())
            .tags(&request.tags)
            .minimum_session_token_size(request.minimum_session_token_size);
        let signer = Signer::Key(self.key);
        Call {
            action: Action::GetFederationToken,
            endpoint: self.endpoint,
            signer: Some(signer),
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::GetFederationToken),
            secrets: signer.secrets(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        result.issued_to("FederatedUser", "FederatedUserId")
    }
}
