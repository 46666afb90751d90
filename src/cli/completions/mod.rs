//! `valetkey completions <shell>`: a script that asks this very binary for each word, so that it offers what there is. A script for each
//! shell with all commands in it, as the crate for it writes, is 80 kB of code in the binary.

mod candidates;

use std::fmt;
use std::io::{self, Read, Write};

use clap::{CommandFactory, ValueEnum};

use super::{Cli, Exit, Failed};

const HOW: &str = "\
In bash:  source <(valetkey completions bash)
In zsh:   source <(valetkey completions zsh)
In fish:  valetkey completions fish | source

Packages bring them along.";

#[derive(Debug, clap::Args)]
#[command(after_help = HOW)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    print(&match args.shell {
        Shell::Bash => include_str!("valetkey.bash"),
        Shell::Zsh => include_str!("valetkey.zsh"),
        Shell::Fish => include_str!("valetkey.fish"),
    })
}

/// Answers the script: on standard input a word a line, the last of which is to be completed. They are no arguments, since what
/// is typed may be a secret.
pub(super) fn complete() -> Result<(), Failed> {
    let mut typed = Vec::new();
    let read = io::stdin().take(LONGEST).read_to_end(&mut typed);
    read.map_err(|error| Failed::new(Exit::Internal, &error))?;
    let typed = String::from_utf8_lossy(&typed);
    let mut command = Cli::command();
    command.build();
    let found = candidates::of(&command, &typed.lines().collect::<Vec<_>>());
    found.iter().try_for_each(|found| print(&format_args!("{found}\n")))
}

/// In bytes; no command line that a person types comes near it.
const LONGEST: u64 = 64 * 1024;

fn print(text: &dyn fmt::Display) -> Result<(), Failed> {
    let written = write!(io::stdout(), "{text}");
    written.map_err(|error| Failed::new(Exit::Output, &error))
}
