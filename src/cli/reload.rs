use std::io::Write;

use serde_json::Value;

use super::control::{self, Socket};
use super::{Failed, runtime};
use crate::control::Reloaded;
use crate::control::client::Command;
use crate::sanitise::without_controls;

const EXIT_CODES: &str = "\
What changed is printed, a line each. An invalid configuration changes nothing.

Exit codes: 0 the configuration is in force (but for what needs a restart, which is said), 64 wrong use, 69 the daemon
cannot be reached, 75 it is busy, 78 the configuration is wrong.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(flatten)]
    socket: Socket,
}

/// Has the daemon read its configuration again, and tells what came of it.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let path = args.socket.path()?;
    let answer = runtime()?.block_on(control::ask(&path, Command::Reload))?;
    for line in reloaded(&answer.document).lines() {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    Ok(())
}

fn reloaded(answer: &Value) -> Reloaded {
    let lines = |key: &str| {
        let lines = answer[key].as_array().into_iter().flatten();
        lines.filter_map(|line| line.as_str().map(without_controls)).collect()
    };
    Reloaded {
        changed: lines("changed"),
        needs_restart: lines("needs_restart"),
    }
}
