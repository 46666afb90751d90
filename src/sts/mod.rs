//! STS on the wire: one small trait, [`Sts`], and its real implementation.

mod action;
mod actions;
mod class;
mod classify;
mod client;
mod credentials;
mod explain;
mod remedy;
mod reply;
mod sanitise;
mod setup;
mod sign;
mod signer;
mod times;
mod transport;
mod wire;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use action::Action;
pub use class::Class;
pub use client::StsClient;
pub use setup::SetupError;
pub use signer::Signer;
pub use transport::{Roots, Route, Timeouts};

use crate::BoxFuture;
use crate::aws::{self, AccountId, Credentials, Endpoint, LongTermKey, SerialNumber, SessionDuration, TokenCode};
use crate::clock::Sample;

/// STS, as `renew` asks it. Each call is one HTTP request at most: nothing is ever sent twice.
pub trait Sts: Send + Sync {
    /// GetSessionToken signed by a long-term key.
    fn get_session_token<'a>(&'a self, call: GetSessionToken<'a>) -> BoxFuture<'a, Reply>;

    /// AssumeRole signed by a long-term key or by temporary credentials.
    fn assume_role<'a>(&'a self, call: AssumeRole<'a>) -> BoxFuture<'a, Reply>;
}

/// One AssumeRole call.
pub struct AssumeRole<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub request: &'a aws::AssumeRole,
    /// The device and its code.
    pub mfa: Option<(&'a SerialNumber, &'a TokenCode)>,
}

/// One GetSessionToken call.
pub struct GetSessionToken<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub key: &'a LongTermKey,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub duration: SessionDuration,
    /// The device and its code.
    pub mfa: Option<(&'a SerialNumber, &'a TokenCode)>,
}

/// What came of a call.
pub struct Reply {
    /// The reading of STS's clock, when the reply carried one that may be believed.
    pub sample: Option<Sample>,
    /// From the first byte to the verdict.
    pub elapsed: Duration,
    /// Credentials with what is left of their life at `received`, or why there are none.
    pub result: Result<Issued, Error>,
}

/// Credentials as a reply brought them.
pub struct Issued {
    /// The credentials, which may go on to sign what is made from them.
    pub credentials: Arc<Credentials>,
    /// How long they live from the moment the request left: `Expiration` minus the reply's `Date`, less the second
    /// that the date may have been cut by. Counting from the sending is the careful side. Without a date, the `now` of
    /// the call takes its place. Never longer than the `duration` of the call.
    pub lifetime: Duration,
    /// The account of the assumed role, where the reply names it; GetSessionToken's names none.
    pub account: Option<AccountId>,
    /// How much of the room for session policies and tags is taken, in percent, where there are any.
    pub packed_policy_size: Option<u32>,
    /// STS's request id.
    pub request_id: String,
}

/// Why a call brought no credentials. The message is one line, names the remedy, and holds no secret: no key, no code,
/// no token, whatever the reply echoed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of trouble it is.
    pub class: Class,
    /// What happened and what to do, for people.
    pub message: String,
    /// STS's error code, such as `AccessDenied`.
    pub code: Option<String>,
    /// STS's request id.
    pub request_id: Option<String>,
    /// Whether a byte of the request may have left: if so, a code in it counts as used.
    pub sent: bool,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
