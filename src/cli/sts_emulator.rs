use std::net::SocketAddr;
use std::sync::Arc;

use super::{Exit, Failed, runtime};
use crate::app::signals;
use crate::clock::SystemClock;
use crate::emulator::{self, Error, Options, Rules};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; a loopback address, since it speaks plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7414")]
    listen: SocketAddr,
    /// The account's twelve digits
    #[arg(long, value_name = "DIGITS", default_value = "123456789012")]
    account: String,
    /// The IAM user, and the name of its MFA device
    #[arg(long, value_name = "NAME", default_value = "demo")]
    user: String,
    /// The one region that requests must be signed for
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// The MFA device's seed in base32 [default: made up]
    #[arg(long, value_name = "BASE32")]
    totp_seed: Option<String>,
    /// Cut every session to this many seconds, whatever was asked for
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u32>,
}

/// Serves until a signal ends it. What it prints is made up for this run and opens nothing else.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let options = Options {
        listen: args.listen,
        account: args.account.clone(),
        user: args.user.clone(),
        totp_seed: args.totp_seed.clone(),
        rules: Rules {
            region: args.region.clone(),
            lifetime_seconds: args.lifetime,
            ..Rules::default()
        },
    };
    runtime()?.block_on(async {
        let shutdown = async {
            let _ = signals::shutdown().await;
        };
        emulator::run(options, Arc::new(SystemClock), &mut std::io::stdout(), shutdown)
            .await
            .map_err(|error| Failed::new(exit(&error), &error))
    })
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::NotLoopback(_) | Error::Invalid { .. } => Exit::Usage,
        Error::Listen { .. } => Exit::CannotBind,
        Error::Print(_) => Exit::Internal,
    }
}
