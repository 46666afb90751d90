use crate::aws::EncodedMessage;
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::page::{Field, Page, Value};
use crate::cli::sts::parameter::Parameter;
use crate::sts::{DecodeAuthorizationMessage, DecodedMessage};

const ENCODED_MESSAGE: Parameter = Parameter::encoded(
    "encoded-message",
    "TEXT",
    "The encoded part of the denial, or file://PATH of it",
);

pub(super) const ACTION: Action = Action {
    name: "decode-authorization-message",
    what: "Why a call was denied: the evaluation in the encoded part of the denial",
    signed_by: SignedBy::Credentials,
    required: &[&ENCODED_MESSAGE],
    optional: &[],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let message: EncodedMessage = asker.given.required(&ENCODED_MESSAGE)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.decode_authorization_message(DecodeAuthorizationMessage {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        message: &message,
    });
    asker.page(&reply.await, fields)
}

fn fields(decoded: &DecodedMessage) -> Vec<Field<'_>> {
    vec![("DecodedMessage", Value::Document(&decoded.message))]
}
