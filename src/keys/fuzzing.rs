//! The door for the fuzz targets in `fuzz/`. It is in no other build.

use super::{Error, Process};
use crate::aws::LongTermKey;
use crate::process::Command;

/// The key that `command` printed.
pub fn printed(command: Command, json: &str) -> Result<LongTermKey, Error> {
    Process::new(command).key(json)
}
