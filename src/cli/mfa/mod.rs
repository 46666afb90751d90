pub(super) mod prompt;
mod submit;
mod taker;

use clap::Subcommand;

use super::Failed;

#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Hand a code of your MFA device to a running daemon, and see what STS says of it
    Submit(submit::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failed> {
    match &args.command {
        Command::Submit(args) => submit::run(args),
    }
}
