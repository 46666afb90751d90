use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{Action, Call};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::rules::ExpirationFormat;
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
pub(super) const ACTION: Action = Action {
    name: "GetSessionToken",
    run,
};

const DEFAULT_SECONDS: i32 = 43_200;
const MIN_SECONDS: i32 = 900;
const MAX_SECONDS: i32 = 129_600;
/// Longer wishes of root are cut, not refused.
const MAX_ROOT_SECONDS: i32 = 3_600;

const SERIAL_NUMBER: Text = Text {
    min: 9,
    max: 256,
    pattern: r"[\w+=/:,.@-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=/:,.@-".contains(c),
};
const TOKEN_CODE: Text = Text {
    min: 6,
    max: 6,
    pattern: r"[\d]*",
    allowed: |c| c.is_ascii_digit(),
};

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let duration_seconds = call.form.integer("DurationSeconds")?;
    let serial_number = call.form.text("SerialNumber");
    let token_code = call.form.text("TokenCode");
    let mut violations = Violations::default();
    violations.integer("durationSeconds", duration_seconds, MIN_SECONDS, MAX_SECONDS);
    violations.text("serialNumber", serial_number, &SERIAL_NUMBER);
    violations.text("tokenCode", token_code, &TOKEN_CODE);
    violations.into_result()?;

    if call.caller.session {
        return Err(Error::access_denied(
            "Cannot call GetSessionToken with session credentials",
        ));
    }
    let user = &call.caller.user;
    let time = call.now.timestamp();
    sts.used_steps.take(user, serial_number, token_code, &sts.rules, time)?;

    let format = sts.rules.expiration_format;
    let expiration = expiration(call, duration_seconds.unwrap_or(DEFAULT_SECONDS), format);
    let session = sts.sessions.issue(&mut sts.ids, user.arn(), expiration);
    Ok(vec![Element::parent(
        "Credentials",
        vec![
            Element::text("AccessKeyId", session.access_key_id),
            Element::text("SecretAccessKey", session.secret_access_key),
            Element::text("SessionToken", session.token),
            Element::text("Expiration", format.write(session.expiration)),
        ],
    )])
}

/// The instant that the reply names is the one that counts, so it is cut to what the reply can say.
fn expiration(call: &Call<'_>, seconds: i32, format: ExpirationFormat) -> DateTime<Utc> {
    let seconds = match call.lifetime_seconds {
        Some(lifetime) => i64::from(lifetime),
        None if call.caller.user.is_root() => i64::from(seconds.min(MAX_ROOT_SECONDS)),
        None => i64::from(seconds),
    };
    let digits = if format == ExpirationFormat::Fraction { 3 } else { 0 };
    (call.now + TimeDelta::seconds(seconds)).trunc_subsecs(digits)
}
