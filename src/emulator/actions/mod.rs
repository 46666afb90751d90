//! The actions of STS, a file and a line each.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod decode_authorization_message;
mod federation;
mod get_access_key_info;
mod get_caller_identity;
mod get_delegated_access_token;
mod get_federation_token;
mod get_session_token;
mod get_web_identity_token;
mod packed;
mod parameters;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::callers::Caller;
use super::core::Sts;
use super::errors::Error;
use super::form::Form;
use super::roles::Role;
use super::rules::ExpirationFormat;
use super::sessions::Session;
use super::xml::Element;

/// The actions that the emulator knows.
const ACTIONS: &[Action] = &[
    assume_role::ACTION,
    assume_role_with_saml::ACTION,
    assume_role_with_web_identity::ACTION,
    assume_root::ACTION,
    decode_authorization_message::ACTION,
    get_access_key_info::ACTION,
    get_caller_identity::ACTION,
    get_delegated_access_token::ACTION,
    get_federation_token::ACTION,
    get_session_token::ACTION,
    get_web_identity_token::ACTION,
];

const DEFAULT_ROLE_SECONDS: u32 = 3_600;

/// Actions that the global endpoint does not have.
const REGIONAL: [&str; 2] = ["AssumeRoot", "GetWebIdentityToken"];

/// An action that STS has.
pub(super) struct Action {
    /// AWS's name.
    pub(super) name: &'static str,
    /// Does it.
    pub(super) run: Run,
}

/// How an action is done; it gives the elements of the result.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// For a caller whose signature was checked.
    Signed(fn(&mut Sts, &Call<'_>) -> Result<Vec<Element>, Error>),
    /// For whoever asks; a signature is not looked at.
    Unsigned(fn(&mut Sts, &UnsignedCall<'_>) -> Result<Vec<Element>, Error>),
}

/// A call of a known caller.
pub(super) struct Call<'a> {
    pub(super) form: &'a Form,
    pub(super) caller: &'a Caller,
    /// The `Host` that was asked.
    pub(super) host: &'a str,
    pub(super) moment: Moment,
}

/// A call of whoever.
pub(super) struct UnsignedCall<'a> {
    pub(super) form: &'a Form,
    pub(super) moment: Moment,
}

/// When a call is.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// The emulator's time.
    pub(super) now: DateTime<Utc>,
    /// How long sessions live, whatever is asked for.
    pub(super) lifetime_seconds: Option<u32>,
}

pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

impl Action {
    /// Whether it is known on this host.
    pub(super) fn is_on(&self, host: &str) -> bool {
        host != "sts.amazonaws.com" || !REGIONAL.contains(&self.name)
    }
}

impl Moment {
    /// The instant that the reply names is the one that counts, so it is cut to what the reply can say.
    fn expiration(self, seconds: i64, format: ExpirationFormat) -> DateTime<Utc> {
        let seconds = self.lifetime_seconds.map_or(seconds, i64::from);
        let digits = if format == ExpirationFormat::Fraction { 3 } else { 0 };
        (self.now + TimeDelta::seconds(seconds)).trunc_subsecs(digits)
    }
}

/// How long a session of this role lives: as asked for, or an hour, or less if its maximum is.
fn role_seconds(asked: Option<u32>, role: &Role) -> Result<u32, Error> {
    let longest = role.max_session_duration();
    match asked {
        Some(seconds) if seconds > longest => Err(Error::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )),
        Some(seconds) => Ok(seconds),
        None => Ok(longest.min(DEFAULT_ROLE_SECONDS)),
    }
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

/// AWS leaves it out where nothing was packed.
fn packed_policy_size(percent: Option<usize>) -> Option<Element> {
    percent.map(|percent| Element::text("PackedPolicySize", percent.to_string()))
}
