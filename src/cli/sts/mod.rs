//! `valetkey sts <action>`: one file an action in `actions`, and here what they share.

mod action;
mod actions;
mod asker;
mod code;
mod container;
mod given;
pub(super) mod misuse;
mod page;
mod parameter;
mod place;
mod reserve;
mod secret_input;
mod structures;

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};

use clap::{ArgMatches, Command, FromArgMatches};

use self::asker::Asker;
use self::given::Given;
use super::{Exit, Failed, runtime};
use crate::secret_file;

const EXIT_CODES: &str = "\
Secrets are read from files or standard input, never from the arguments, which every user of the host can read.

Exit codes: 0 STS did what was asked; 1 it refused; 64 wrong use; 69 the daemon or STS cannot be reached, or what signs is
not there; 74 its answer could not be written; 75 not now: the daemon has no credentials yet, the MFA device is busy, or STS is; 78 the configuration, a key or
a seed is wrong; 130 interrupted at the prompt.";

/// The arguments of an action, as they were typed.
pub(super) struct Args(ArgMatches);

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let actions = actions::ALL
            .iter()
            .map(|action| action.command().after_help(EXIT_CODES));
        command
            .arg_required_else_help(true)
            .subcommand_required(true)
            .subcommands(actions)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}

/// A secret may have been typed.
impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Args(..)")
    }
}

/// Asks STS, and prints what it tells.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let typed = args.0.subcommand();
    let found = typed.and_then(|(name, matches)| {
        let action = actions::ALL.into_iter().find(|action| action.name == name)?;
        Some((action, matches))
    });
    let Some((action, matches)) = found else {
        return Err(Failed::new(Exit::Internal, &"an action is missing; please report this"));
    };
    let given = Given::of(action, matches)?;
    let runtime = runtime()?;
    let asker = Asker::new(given, |name| std::env::var_os(name));
    let page = runtime.block_on((action.ask)(&asker));
    // After an interrupt a thread may still read the terminal; nobody waits for it.
    runtime.shutdown_background();
    print(&page?)
}

/// Without the buffer of [`std::io::Stdout`], which nobody wipes, and which takes a descriptor that cannot be written to for
/// one that is closed on purpose.
fn print(page: &[u8]) -> Result<(), Failed> {
    let output = rustix::io::dup(std::io::stdout()).map_err(io::Error::from);
    match output.and_then(|output| File::from(output).write_all(page)) {
        // Whoever reads has what they wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Ok(()) => Ok(()),
        Err(error) => Err(Failed::new(
            Exit::Output,
            &format_args!("STS did what was asked, but its answer could not be written to standard output: {error}"),
        )),
    }
}

/// What to add to a failure of this cause: the files of the daemon's user are for that user alone.
fn advice(cause: Option<&secret_file::Error>) -> &'static str {
    match cause {
        Some(error) if error.is_not_allowed() => {
            "; if it is the daemon's, run this command as the daemon's user instead"
        }
        _ => "",
    }
}

/// What somebody should know beside the answer.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "valetkey: {text}");
}
