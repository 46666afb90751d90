//! What outlives a restart, in `state_dir`: which steps of an MFA device are used, and sealed sessions.
//!
//! `steps` and `seal` say what a file means, as functions of bytes; `file` and `folder` are the shell around it, which blocks on the
//! file system; [`StateDir`] runs that on threads that may wait, and bounds it in time and number.

mod error;
mod file;
mod folder;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod seal;
mod state_dir;
mod steps;
#[cfg(test)]
mod tests;

use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber};
pub use error::Error;
pub use seal::{Mismatch, Owner, Seal, Session};
pub use state_dir::StateDir;
pub use steps::State;
#[cfg(all(test, feature = "emulator"))]
pub(crate) use steps::Steps;

/// Whatever keeps things for longer than the process lives.
pub trait Store: Send + Sync {
    /// Reserves a TOTP step of a device before its code is sent: others that share the store will not use it, nor will
    /// this process after a crash.
    fn reserve<'a>(&'a self, device: &'a SerialNumber, step: u64) -> BoxFuture<'a, Claim>;

    /// Notes what became of a step that was reserved.
    fn settle<'a>(&'a self, device: &'a SerialNumber, step: u64, state: State) -> BoxFuture<'a, ()>;

    /// The sealed session of a profile, if one is kept.
    fn session<'a>(&'a self, profile: &'a ProfileName) -> BoxFuture<'a, Option<Vec<u8>>>;

    /// Keeps a sealed session in the place of the one before.
    fn keep(&self, profile: ProfileName, sealed: Vec<u8>) -> BoxFuture<'_, ()>;

    /// What is kept of a profile is of no use, for this reason: that is told once.
    fn distrust(&self, profile: &ProfileName, why: &'static str);

    /// This start of the host, if it can be told from others: boot instants hold within it.
    fn host_start(&self) -> Option<&str>;
}

/// What came of a reservation.
#[derive(Debug)]
pub enum Claim {
    /// The step is whose asked for it.
    Ours,
    /// Somebody has used it.
    Taken,
    /// That cannot be known: nothing can be kept at the moment.
    Unkept(Error),
}
