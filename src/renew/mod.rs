//! Renewal: replacing a profile's credentials before they expire, and publishing what is valid now.
//!
//! `machine` and `schedule` decide, as functions of values; [`Engine`] drives them and is the only writer of the
//! [`Table`] that everybody else reads.

mod caller;
mod document;
mod engine;
mod event;
mod handle;
mod healing;
mod job;
mod keyring;
mod machine;
#[cfg(all(test, feature = "emulator"))]
pub(crate) mod machines;
mod obstacle;
mod outcome;
mod published;
#[cfg(test)]
pub(crate) mod random;
mod refusal;
mod reservation;
mod schedule;
mod submission;
mod telling;

pub use caller::Caller;
pub use engine::{Engine, Parts};
pub use event::{Event, Observer};
pub use handle::{Applied, Handle};
pub use job::{Codes, Device, Job};
pub use obstacle::{waits_for, why};
pub use outcome::{CodeVerdict, Failure, KeyReload, Outcome};
pub use published::{Document, KeyState, KeyTrouble, Published, Snapshot, Table, Trouble};
pub use refusal::Refusal;
pub use reservation::Reservation;
pub use schedule::Fraction;
pub use submission::{Accepted, Reason, Refused};
