//! What a panic tells.

use std::io::Write;
use std::panic::{self, PanicHookInfo};

use tracing::error;

/// From now on a panic tells its place and nothing else: the message may quote whatever value was at hand, and a value
/// may be a secret.
pub fn tell_place_only() {
    panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(String::new, ToString::to_string);
    if tracing::dispatcher::has_been_set() {
        error!("a defect of valetkey: panic at {place}; please report this");
    } else {
        let _ = writeln!(
            std::io::stderr(),
            "valetkey: a defect: panic at {place}; please report this"
        );
    }
}
