use std::io::Write;

use super::control::{self, Socket, printable};
use super::{Failed, runtime};
use crate::control::client::Command;

const EXIT_CODES: &str = "\
What changed is printed, a line each. An invalid configuration changes nothing.

Exit codes: 0 the configuration is in force (but for what needs a restart, which is said), 69 the daemon cannot be
reached, 75 it is busy, 78 the configuration is wrong.";

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
    let lines = |key: &str| -> Vec<String> {
        let lines = answer.document[key].as_array().into_iter().flatten();
        lines.filter_map(|line| line.as_str().map(printable)).collect()
    };
    let _ = std::io::stdout().write_all(report(&lines("changed"), &lines("needs_restart")).as_bytes());
    Ok(())
}

fn report(changed: &[String], needs_restart: &[String]) -> String {
    let mut report = String::new();
    for line in changed {
        report.extend([line, "\n"]);
    }
    for line in needs_restart {
        report.extend([line, ": differs, and needs a restart\n"]);
    }
    if report.is_empty() {
        report.push_str("nothing differs from what is in force\n");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_changed_and_what_did_not() {
        let one = |text: &str| vec![text.to_owned()];
        assert_eq!(report(&one("profile x: added"), &[]), "profile x: added\n");
        assert_eq!(
            report(&one("profile x: added"), &one("[server] ops")),
            "profile x: added\n[server] ops: differs, and needs a restart\n"
        );
        assert_eq!(report(&[], &[]), "nothing differs from what is in force\n");
    }
}
