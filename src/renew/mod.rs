//! Renewal: replacing a profile's credentials before they expire, and publishing what is valid now.
//!
//! `machine` and `schedule` decide, as functions of values; [`Engine`] drives them and is the only writer of the
//! [`Table`] that everybody else reads.

mod document;
mod engine;
mod event;
mod job;
mod machine;
mod outcome;
mod published;
mod schedule;
mod submission;

pub use engine::{Engine, Parts};
pub use event::{Event, Observer};
pub use job::Job;
pub use outcome::{CodeVerdict, Failure, Outcome};
pub use published::{Document, Published, Snapshot, Table};
pub use schedule::Fraction;
pub use submission::{Accepted, Reason, Refused};
