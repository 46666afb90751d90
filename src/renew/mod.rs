//! Renewal: replacing a profile's credentials before they expire, and publishing what is valid now.

mod event;
mod outcome;
mod published;

pub use event::{Event, Observer};
pub use outcome::{CodeVerdict, Failure, Outcome};
pub use published::{Document, Published, Snapshot, Table};
