use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{EncodedMessage, Endpoint};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Signer};

/// One DecodeAuthorizationMessage call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>
pub struct DecodeAuthorizationMessage<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// The encoded part of the denial.
    pub message: &'a EncodedMessage,
}

/// What a denial was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedMessage {
    /// A JSON document: whether a policy denied or none allowed, the principal, the action, the resource and the values
    /// of condition keys.
    pub message: String,
}

impl Ask for DecodeAuthorizationMessage<'_> {
    type Told = DecodedMessage;

    fn call(&self) -> Call<'_> {
        let parameters = Parameters::default().text("EncodedMessage", self.message.as_str());
        Call {
            action: Action::DecodeAuthorizationMessage,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: Duration::ZERO,
            form: parameters.encode(Action::DecodeAuthorizationMessage),
            secrets: self.signer.secrets(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<DecodedMessage, Malformed> {
        let message = result.text("DecodedMessage")?;
        Ok(DecodedMessage { message })
    }
}
