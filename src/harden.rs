//! Protections of the process: nobody reads its memory, and it leaves no core behind.

use rustix::process::{Resource, Rlimit, setrlimit};

/// What could be put in place; told in the log at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protections {
    /// Other processes of this user can read neither memory, nor environment, nor open files (`PR_SET_DUMPABLE`, which
    /// also keeps debuggers out). Linux only.
    pub not_dumpable: bool,
    /// A crash writes no core file, whatever the limit was (`RLIMIT_CORE`).
    pub no_core: bool,
}

/// Puts the protections in place. The first thing that `main` does: before it, nothing secret has been read.
pub fn harden() -> Protections {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Protections {
        not_dumpable: not_dumpable(),
        no_core: setrlimit(Resource::Core, none).is_ok(),
    }
}

#[cfg(target_os = "linux")]
fn not_dumpable() -> bool {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn not_dumpable() -> bool {
    false
}
