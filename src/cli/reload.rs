use std::io::Write;

use serde_json::Value;

use super::control::{self, Socket};
use super::{Exit, Failed, runtime};
use crate::control::client::Command;
use crate::control::{Reloaded, Rotated};
use crate::sanitise::without_controls;

const EXIT_CODES: &str = "\
What changed is printed, a line each. An invalid configuration changes nothing.

With --rotate-tokens every profile gets another token in its file (and another relative_uri, where there is one). The old
ones are taken for token_grace_seconds more, or until the daemon ends. What cannot be written is told, and stays as it was.

Exit codes: 0 the configuration is in force (but for what needs a restart, which is said), 1 it is, and some token could not
be replaced, 64 wrong use, 69 the daemon cannot be reached, 75 it is busy, 78 the configuration is wrong.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(flatten)]
    socket: Socket,
    /// Then give every profile another token
    #[arg(long)]
    rotate_tokens: bool,
}

/// Has the daemon read its configuration again, and tells what came of it.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let path = args.socket.path()?;
    let command = Command::Reload {
        rotate_tokens: args.rotate_tokens,
    };
    let answer = runtime()?.block_on(control::ask(&path, command))?;
    let reloaded = reloaded(&answer.document);
    for line in reloaded.lines() {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    match reloaded.rotated {
        Some(Rotated { failed, .. }) if !failed.is_empty() => {
            let message = "not every token was replaced; put that right, and try again";
            Err(Failed::new(Exit::Unhealthy, &message))
        }
        _ => Ok(()),
    }
}

fn reloaded(answer: &Value) -> Reloaded {
    Reloaded {
        changed: lines(&answer["changed"]),
        needs_restart: lines(&answer["needs_restart"]),
        rotated: rotated(&answer["rotated"]),
    }
}

fn rotated(answer: &Value) -> Option<Rotated> {
    let names = lines(&answer["profiles"]);
    Some(Rotated {
        profiles: names.iter().filter_map(|name| name.parse().ok()).collect(),
        old_until: answer["old_until"].as_str()?.parse().ok()?,
        failed: lines(&answer["failed"]),
    })
}

fn lines(answer: &Value) -> Vec<String> {
    let lines = answer.as_array().into_iter().flatten();
    lines.filter_map(|line| line.as_str().map(without_controls)).collect()
}
