//! What an operator reaches: the control socket, for `valetkey status`, `reload`, `mfa submit` and `sts`.
//!
//! One connection is one question: a line of JSON each way, then the end. Whoever runs the daemon, and root, are let in:
//! the socket's mode says so to the file system, and the peer's UID is asked of the kernel as well.
//!
//! ```text
//! {"version":1,"command":"status"}
//! {"version":1,"command":"reload"}
//! {"version":1,"command":"mfa_submit","profile":"ops","code":"123456"}      "profile" may be left out
//! {"version":1,"command":"mfa_reserve","serial":"arn:…"}                    an MFA step for a call of one's own
//!
//! {"version":1,"ok":true,…}       {"version":1,"ok":false,"reason":"…","message":"…"}
//! ```

mod bind;
pub mod client;
mod connection;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod lock;
mod operator;
mod refusal;
mod reply;
mod request;
mod serve;
mod status;
mod strangers;
mod wire;

pub use bind::{BindError, Listener, bind};
pub use operator::{NotReloaded, Operator, Reloaded, Rotated};
pub use serve::serve;
pub use status::{
    ClockOffset, Configuration, KeyTrouble, LastReload, Listeners, MfaDevice, ProfileStatus, Protections, Source,
    State, StateDir, Status, Trouble,
};

/// The version of the protocol; both sides refuse any other.
const VERSION: u64 = 1;
