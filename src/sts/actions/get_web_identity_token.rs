use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{self, Endpoint};
use crate::secret::Secret;
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Signer};

/// One GetWebIdentityToken call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html>
pub struct GetWebIdentityToken<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::GetWebIdentityToken,
}

/// A signed JWT.
pub struct IssuedToken {
    /// The token, good for whoever holds it.
    pub token: Secret,
    /// When it ends, whole seconds.
    pub expiration: DateTime<Utc>,
}

impl Ask for GetWebIdentityToken<'_> {
    type Told = IssuedToken;

    fn call(&self) -> Call<'_> {
        let request = self.request;
        let audiences = request.audiences.as_slice();
        let parameters = Parameters::default()
            .list("Audience", audiences.iter().map(String::as_str))
            .number("DurationSeconds", request.duration.as_secs())
            .text("SigningAlgorithm", request.signing_algorithm.as_str())
            .tags(&request.tags);
        Call {
            action: Action::GetWebIdentityToken,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: request.duration.as_duration(),
            form: parameters.encode(Action::GetWebIdentityToken),
            secrets: self.signer.secrets(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<IssuedToken, Malformed> {
        let expiration = result.expiration()?;
        result.times.lifetime(expiration)?;
        Ok(IssuedToken {
            token: result.secret("WebIdentityToken")?,
            expiration,
        })
    }
}
