use std::net::SocketAddr;
use std::sync::Arc;

use super::{Exit, Failed, runtime};
use crate::app::signals;
use crate::clock::SystemClock;
use crate::emulator::{self, Error, Options, Rules};

/// How to use it with `serve`, and how to make it fail.
const MORE: &str = "\
To use it with `valetkey serve`: write the printed key and seed into files, and set `region`, `mfa_serial` and
`endpoint_url = \"http://127.0.0.1:7414\"` in the profile.

To make it fail: POST one of these to /_emulator/faults, DELETE to end it, and GET /_emulator/state for what happened:
  {\"down\": true}  {\"lost_reply\": true}  {\"refuse\": 503}  {\"throttling\": true}  {\"slow_milliseconds\": 5000}
  {\"garbage\": \"captive_portal\"}  {\"clock_skew_seconds\": 3600}  {\"lifetime_seconds\": 60}, each also with {\"count\": N}

To add a role, POST it to /_emulator/roles; trusts, requires_source_identity and external_id go with it where wanted:
  {\"arn\": \"arn:aws:iam::123456789012:role/admin\", \"requires_mfa\": true, \"max_session_duration\": 43200}

What the federating and delegating actions go by is POSTed to /_emulator/oidc-providers, saml-assertions,
trade-in-tokens, organization, outbound-federation and authorization-messages;
an empty body is answered with an example of each.";

#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
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
    /// A role of the account that the user may assume
    #[arg(long, value_name = "NAME", default_value = "demo")]
    role: String,
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
        role: args.role.clone(),
        totp_seed: args.totp_seed.clone(),
        rules: Rules {
            region: args.region.clone(),
            lifetime_seconds: args.lifetime,
            ..Rules::default()
        },
        ..Options::default()
    };
    runtime()?.block_on(async {
        let (shutdown, _hangups) = signals::listen().map_err(|error| Failed::new(Exit::Internal, &error))?;
        emulator::run(options, Arc::new(SystemClock), &mut std::io::stdout(), shutdown.asked())
            .await
            .map_err(|error| Failed::new(exit(&error), &error))
    })
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::NotLoopback(_) | Error::Invalid { .. } => Exit::Usage,
        Error::Listen { .. } => Exit::Unavailable,
        Error::Print(_) => Exit::Internal,
    }
}
