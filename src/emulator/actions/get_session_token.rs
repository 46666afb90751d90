use super::parameters::{SERIAL_NUMBER, TOKEN_CODE};
use super::{Action, Call, Run, credentials};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::sessions::Holder;
use crate::emulator::validation::Violations;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
pub(super) const ACTION: Action = Action {
    name: "GetSessionToken",
    run: Run::Signed(run),
};

const DEFAULT_SECONDS: i32 = 43_200;
const MIN_SECONDS: i32 = 900;
const MAX_SECONDS: i32 = 129_600;
/// Longer wishes of root are cut, not refused.
const MAX_ROOT_SECONDS: i32 = 3_600;

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let duration_seconds = call.form.integer("DurationSeconds")?;
    let serial_number = call.form.text("SerialNumber");
    let token_code = call.form.text("TokenCode");
    let mut violations = Violations::default();
    violations.integer("durationSeconds", duration_seconds, MIN_SECONDS, MAX_SECONDS);
    violations.text("serialNumber", serial_number, &SERIAL_NUMBER);
    violations.text("tokenCode", token_code, &TOKEN_CODE);
    violations.into_result()?;

    let Some(user) = call.caller.user_of_key() else {
        return Err(Error::session_credentials("GetSessionToken"));
    };
    let mfa = sts.take_code(Some(user), serial_number, token_code, call.moment.now)?;

    let seconds = duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let longest = if user.is_root() { MAX_ROOT_SECONDS } else { MAX_SECONDS };
    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds.min(longest).into(), format);
    let holder = Holder::User(user.arn());
    let session = sts.sessions.issue(&mut sts.ids, holder, mfa, expiration);
    Ok(vec![credentials(&session, format)])
}
