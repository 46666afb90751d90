use super::parameters::any_text;
use super::{Action, Call, Run};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>. Only the messages that
/// the emulator made stand for something: of its own denials, and those that the control API asked for.
pub(super) const ACTION: Action = Action {
    name: "DecodeAuthorizationMessage",
    run: Run::Signed(run),
};

const ENCODED_MESSAGE: Text = any_text(1, 10_240);

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let mut broken = Violations::default();
    let encoded = broken.required("encodedMessage", call.form.text("EncodedMessage"), &ENCODED_MESSAGE);
    broken.into_result()?;
    let decoded = sts.authorization_messages.decode(encoded);
    let decoded = decoded.ok_or_else(Error::invalid_authorization_message)?;
    Ok(vec![Element::text("DecodedMessage", decoded)])
}
