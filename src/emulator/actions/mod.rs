//! The actions of STS, a file and a line each.

mod assume_role;
mod get_caller_identity;
mod get_session_token;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::callers::Caller;
use super::core::Sts;
use super::errors::Error;
use super::form::Form;
use super::rules::ExpirationFormat;
use super::sessions::Session;
use super::validation::Text;
use super::xml::Element;

/// The actions that the emulator knows.
const ACTIONS: &[Action] = &[
    assume_role::ACTION,
    get_caller_identity::ACTION,
    get_session_token::ACTION,
];

/// An action that a known caller may ask for.
pub(super) struct Action {
    /// AWS's name.
    pub(super) name: &'static str,
    /// Does it, and gives the elements of the result.
    pub(super) run: fn(&mut Sts, &Call<'_>) -> Result<Vec<Element>, Error>,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) form: &'a Form,
    pub(super) caller: &'a Caller,
    /// How long sessions live, whatever is asked for.
    pub(super) lifetime_seconds: Option<u32>,
    /// The emulator's time.
    pub(super) now: DateTime<Utc>,
}

pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

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

/// The instant that the reply names is the one that counts, so it is cut to what the reply can say.
fn expiration(call: &Call<'_>, seconds: i64, format: ExpirationFormat) -> DateTime<Utc> {
    let seconds = call.lifetime_seconds.map_or(seconds, i64::from);
    let digits = if format == ExpirationFormat::Fraction { 3 } else { 0 };
    (call.now + TimeDelta::seconds(seconds)).trunc_subsecs(digits)
}

fn credentials(session: &Session, format: ExpirationFormat) -> Element {
    Element::parent(
        "Credentials",
        vec![
            Element::text("AccessKeyId", &*session.access_key_id),
            Element::text("SecretAccessKey", &*session.secret_access_key),
            Element::text("SessionToken", &*session.token),
            Element::text("Expiration", format.write(session.expiration)),
        ],
    )
}
