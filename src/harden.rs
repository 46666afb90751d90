//! Protections of the process: nobody reads its memory, and it leaves no core behind.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What could be put in place; told in the log at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protections {
    /// Other processes of this user can read neither memory, nor environment, nor open files (`PR_SET_DUMPABLE`, which
    /// also keeps debuggers out). Linux only.
    pub not_dumpable: bool,
    /// A crash writes no core file, whatever the limit was (`RLIMIT_CORE`).
    pub no_core: bool,
    /// How many files may be open at once (`RLIMIT_NOFILE`), unless that has no bound.
    pub descriptors: Option<u64>,
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
        descriptors: have_room_for_connections(),
    }
}

/// More descriptors than all listeners take when they are full: who fills them would otherwise keep keys from being read, STS from being
/// asked, and the next one from being accepted, for whom room is made. Many systems give 1,024, and more to whoever asks. Tells how many
/// there are.
fn have_room_for_connections() -> Option<u64> {
    const ENOUGH: u64 = 4_096;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    if limit.current.is_some_and(|now| now < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            ..limit
        };
        // Without it there is what there was.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current
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
