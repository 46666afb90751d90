//! One file an action: the form it sends and how its result is read. A new one is a file here, a method of `Sts`
//! and its line in the client.

pub(super) mod assume_role;
pub(super) mod get_session_token;

use std::time::Duration;

use crate::aws::{AccountId, Credentials};

/// What the result of an action gives that makes credentials.
pub(super) struct Granted {
    pub(super) credentials: Credentials,
    pub(super) lifetime: Duration,
    pub(super) account: Option<AccountId>,
    pub(super) packed_policy_size: Option<u32>,
}
