use super::{Action, Call, Run};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>. A session of GetSessionToken is
/// its user, one of AssumeRole is itself.
pub(super) const ACTION: Action = Action {
    name: "GetCallerIdentity",
    run: Run::Signed(run),
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every action has this signature; this one cannot fail"
)]
fn run(_: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let caller = &call.caller.identity;
    Ok(vec![
        Element::text("Arn", caller.arn()),
        Element::text("UserId", caller.user_id()),
        Element::text("Account", caller.account()),
    ])
}
