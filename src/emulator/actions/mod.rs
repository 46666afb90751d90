//! The actions of STS, a file and a line each.

mod get_caller_identity;
mod get_session_token;

use chrono::{DateTime, Utc};

use super::core::{Caller, Sts};
use super::errors::Error;
use super::form::Form;
use super::xml::Element;

/// The actions that the emulator knows.
const ACTIONS: &[Action] = &[get_caller_identity::ACTION, get_session_token::ACTION];

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
