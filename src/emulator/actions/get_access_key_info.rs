use super::{Action, Call, Run};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>. Inactive keys and expired sessions
/// are told like others.
pub(super) const ACTION: Action = Action {
    name: "GetAccessKeyInfo",
    run: Run::Signed(run),
};

const ACCESS_KEY_ID: Text = Text {
    min: 16,
    max: 128,
    pattern: r"[\w]*",
    allowed: |c| c.is_ascii_alphanumeric() || c == '_',
};

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let mut broken = Violations::default();
    let id = broken.required("accessKeyId", call.form.text("AccessKeyId"), &ACCESS_KEY_ID);
    broken.into_result()?;
    let account = sts.account_of_key(id).ok_or_else(Error::invalid_client_token_id)?;
    Ok(vec![Element::text("Account", account)])
}
