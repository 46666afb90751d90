use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::Path;

use super::prompt::{self, PromptError};
use super::taker;
use crate::aws::ProfileName;
use crate::cli::control::{self, Socket};
use crate::cli::{Exit, Failed, runtime};
use crate::control::client::Command;
use crate::sanitise::without_controls;

const MORE: &str = "\
The code is asked for on the terminal, without echo, or is read from standard input: one line, six digits; spaces among
them do not count. There is no flag for it: a command's arguments can be read by every user of the host, and shells keep
them.

In Kubernetes: kubectl exec -it POD -c CONTAINER -- /valetkey mfa submit

Exit codes: 0 STS took the code and the profile has new credentials; 1 STS refused it, or gave no credentials for another
reason; 64 it is no code, or the profile is none that takes one; 69 the daemon cannot be reached; 75 not now: another code
is being tried, this one was used or grew too old, or it is too early for the next; 78 the configuration is wrong; 130
interrupted.";

const NOT_HERE: &str = "a code is not taken from the arguments, which every user of the host can read, and nothing was sent; \
                        run the command without it, and type it when asked";

#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
pub(super) struct Args {
    #[command(flatten)]
    socket: Socket,
    /// For which profile; may be left out where one alone takes codes
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
    /// What people type all the same, so that they are told why it is not taken rather than shown it again
    #[arg(hide = true)]
    code: Vec<OsString>,
}

/// Reads a code, has it tried, and tells the verdict.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    if !args.code.is_empty() {
        return Err(Failed::new(Exit::Usage, &NOT_HERE));
    }
    let path = args.socket.path()?;
    let runtime = runtime()?;
    let done = runtime.block_on(submit(&path, args.profile.as_ref()));
    // After an interrupt a thread still reads the terminal; nobody waits for it.
    runtime.shutdown_background();
    let verdict = done?;
    let _ = writeln!(std::io::stdout(), "{verdict}");
    Ok(())
}

async fn submit(path: &Path, profile: Option<&ProfileName>) -> Result<String, Failed> {
    let is_terminal = std::io::stdin().is_terminal();
    let line = if is_terminal {
        // First, so that nobody types for a daemon that is not there, or would take no code.
        let status = control::ask(path, Command::Status).await?;
        let taker = taker::of(&status.document["status"], profile)?;
        prompt::ask(&taker::question(taker)).await
    } else {
        prompt::read().await
    };
    let code = prompt::code(&line.map_err(PromptError::into_failed)?)?;
    if is_terminal {
        let _ = writeln!(std::io::stderr(), "waiting for STS's verdict, a minute at most …");
    }
    let answer = control::ask(path, Command::MfaSubmit { profile, code: &code }).await?;
    Ok(format!(
        "accepted: profile {} has credentials until {}",
        without_controls(answer.document["profile"].as_str().unwrap_or_default()),
        without_controls(answer.document["expiration"].as_str().unwrap_or_default()),
    ))
}
