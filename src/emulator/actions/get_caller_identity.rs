use super::{Action, Call};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>. A session of GetSessionToken is
/// its user.
pub(super) const ACTION: Action = Action {
    name: "GetCallerIdentity",
    run,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every action has this signature; this one cannot fail"
)]
fn run(_: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let user = &call.caller.user;
    Ok(vec![
        Element::text("Arn", user.arn()),
        Element::text("UserId", user.user_id()),
        Element::text("Account", user.account()),
    ])
}
