//! What a person types: one file a subcommand.

mod completions;
mod control;
mod exit;
mod healthcheck;
mod http;
mod mfa;
mod reload;
mod revoke_policy;
mod serve;
mod status;
mod sts;

#[cfg(feature = "emulator")]
mod demo;
#[cfg(feature = "emulator")]
mod sts_emulator;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::panics;
use crate::harden::Protections;
pub use exit::Exit;

/// Keeps MFA-backed AWS session credentials fresh and serves them to every SDK on a local endpoint.
#[derive(Debug, Parser)]
#[command(name = "valetkey", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Obtain, renew and serve the credentials of the configured profiles
    Serve(Box<serve::Args>),
    /// See the main job in two minutes: a daemon against an embedded STS, with commands to try beside it
    #[cfg(feature = "emulator")]
    Demo(demo::Args),
    /// Show what a running daemon holds, what fails and what is wanted of you
    Status(status::Args),
    /// Have a running daemon read its configuration again
    Reload(reload::Args),
    /// Multi-factor authentication by hand
    Mfa(mfa::Args),
    /// Ask STS, with a profile's credentials or its long-term key: every action, as the AWS CLI names it
    Sts(sts::Args),
    /// Print the IAM policy that denies everything to the sessions of before: for those that leaked
    RevokePolicy(revoke_policy::Args),
    /// Ask a running daemon's probe; for images without a shell or curl
    Healthcheck(healthcheck::Args),
    /// Print the completions of a shell
    Completions(completions::Args),
    /// What the completions ask
    #[command(name = "__complete", hide = true)]
    Complete,
    /// Run the strict STS emulator alone, with a user, a key and an MFA device that exist nowhere else
    #[cfg(feature = "emulator")]
    StsEmulator(sts_emulator::Args),
}

/// Runs the command that the arguments name.
pub fn main(protections: Protections) -> ExitCode {
    panics::tell_place_only();
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match cli.command {
        Command::Serve(args) => serve::run(&args, protections),
        #[cfg(feature = "emulator")]
        Command::Demo(args) => demo::run(&args, protections),
        Command::Status(args) => status::run(&args),
        Command::Reload(args) => reload::run(&args),
        Command::Mfa(args) => mfa::run(&args),
        Command::Sts(args) => sts::run(&args),
        Command::RevokePolicy(args) => revoke_policy::run(&args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Complete => completions::complete(),
        #[cfg(feature = "emulator")]
        Command::StsEmulator(args) => sts_emulator::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Several lines are a list of mistakes, each of which says where it is.
            let name = if failure.message.contains('\n') {
                ""
            } else {
                "valetkey: "
            };
            let _ = writeln!(std::io::stderr(), "{name}{}", failure.message);
            failure.exit.into()
        }
    }
}

fn parse() -> Result<Cli, clap::Error> {
    let mut command = without_empty_variables(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os()).map_err(|error| {
        // `sts …` and `help sts …`.
        if std::env::args_os().skip(1).take(2).any(|name| name == "sts") {
            sts::misuse::told(error, command.find_subcommand("sts"))
        } else {
            error
        }
    })?;
    if matches
        .subcommand_matches("serve")
        .is_some_and(serve::names_two_configurations)
    {
        let message = "the argument '--aws-profile <NAME>' cannot be used with '--config <FILE>'";
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Cli::from_arg_matches(&matches)
}

/// A variable that is set to nothing counts as one that is not set, as it does for the SDKs.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |argument: &clap::Arg| {
        let value = argument.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.is_empty())
    };
    command
        .mut_args(|argument| {
            if is_empty(&argument) {
                argument.env(None)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_variables)
}

/// Why a command ended, for the person who typed it.
#[derive(Debug)]
struct Failed {
    exit: Exit,
    message: String,
}

impl Failed {
    fn new(exit: Exit, message: &dyn Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }
}

/// The runtime of every command: one thread, which is all that a sidecar needs.
fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Reading keys and seeds, resolving names, rendering metrics: each made when it is needed, and enough of them that some that hang
        // on a file system leave others for the rest. One stays from one look at the keys to the next, half a minute later: to end
        // and to be made anew would wake the process once more.
        .max_blocking_threads(32)
        .thread_keep_alive(Duration::from_secs(45))
        .build()
        .map_err(|error| Failed::new(Exit::Internal, &format_args!("the runtime did not start: {error}")))
}
