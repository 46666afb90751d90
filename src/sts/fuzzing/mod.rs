//! The door for the fuzz targets in `fuzz/` and for property tests: what is private here, as functions of bytes, with
//! what must hold whatever the bytes are. It is in no other build.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what does not hold ends the run with a panic"
)]

mod reply;

use zeroize::Zeroizing;

pub use reply::{Bytes, CANARIES, SECRETS, judged};

use super::actions::Ask;
use super::parameters::Parameters;
use super::{Action, AssumeRole, Class, sign};

/// What people are told to do where STS gave no code.
pub fn remedy(class: Class) -> &'static str {
    super::remedy::of_class(class)
}

/// The form of a request with one text, one number and a list, as every action puts its own together.
pub fn form(action: Action, text: &str, number: u32, list: &[&str]) -> Zeroizing<Vec<u8>> {
    Parameters::default()
        .text("Text", text)
        .number("Number", number)
        .list("List", list.iter().copied())
        .encode(action)
}

/// The form of the action that has the most parameters, which must be signable.
pub fn form_of(ask: &AssumeRole<'_>) -> Zeroizing<Vec<u8>> {
    let call = ask.call();
    assert!(sign::headers(&call).is_ok(), "cannot be signed");
    call.form
}
