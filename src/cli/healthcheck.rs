use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::http::{self, reachable};
use super::{Exit, Failed, runtime};
use crate::aws::ProfileName;
use crate::config;
use crate::sanitise::without_controls;

/// A probe must not hang: the kubelet's own default is one second, and a local answer takes far less.
const TIMEOUT: Duration = Duration::from_secs(3);

const EXIT_CODES: &str = "\
Exit codes: 0 the probe said yes, 1 it said no, or there was no answer, 64 wrong use, 78 the configuration is wrong.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The daemon's configuration file, to find its ops address in
    #[arg(long, env = "VALETKEY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The daemon's ops address [default: that of the configuration, else 127.0.0.1:7412]
    #[arg(long, value_name = "ADDRESS")]
    ops: Option<SocketAddr>,
    /// Which probe to ask
    #[arg(long, value_enum, default_value_t = Probe::Ready)]
    probe: Probe,
    /// Ask for this profile alone (with --probe ready)
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Probe {
    /// The process answers.
    Live,
    /// Every required profile has valid credentials now.
    Ready,
    /// Every required profile has had credentials once.
    Startup,
}

/// Asks the probe; an error when it says no.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    if args.profile.is_some() && args.probe != Probe::Ready {
        return Err(Failed::new(Exit::Usage, &"--profile goes with --probe ready alone"));
    }
    let address = reachable(ops_address(args)?);
    let target = target(args.probe, args.profile.as_ref());
    let asked = async { tokio::time::timeout(TIMEOUT, ask(address, &target)).await };
    let reason = match runtime()?.block_on(asked) {
        Ok(Ok((200, _))) => return Ok(()),
        Ok(Ok((status, answer))) => format!("{status} {}", without_controls(answer.trim_end())),
        Ok(Err(reason)) => format!("no answer from http://{address}: {reason}; is the daemon running there?"),
        Err(_) => format!("no answer from http://{address} within {} s", TIMEOUT.as_secs()),
    };
    Err(Failed::new(Exit::Unhealthy, &reason))
}

fn ops_address(args: &Args) -> Result<SocketAddr, Failed> {
    match (&args.ops, &args.config) {
        (Some(address), _) => Ok(*address),
        (None, None) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, 7412))),
        (None, Some(path)) => config::load(path, &|name| std::env::var_os(name))
            .map(|plan| plan.server.ops)
            .map_err(|mistakes| Failed::new(Exit::Configuration, &mistakes)),
    }
}

fn target(probe: Probe, profile: Option<&ProfileName>) -> String {
    match (probe, profile) {
        (Probe::Live, _) => String::from("/livez"),
        (Probe::Startup, _) => String::from("/startupz"),
        (Probe::Ready, None) => String::from("/readyz"),
        (Probe::Ready, Some(profile)) => format!("/readyz?profile={profile}"),
    }
}

async fn ask(address: SocketAddr, target: &str) -> Result<(u16, String), String> {
    let (status, body) = http::get(address, &address.to_string(), target, None).await?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_probe_has_its_path() {
        let ops = "ops".parse().unwrap();
        assert_eq!(target(Probe::Live, None), "/livez");
        assert_eq!(target(Probe::Startup, None), "/startupz");
        assert_eq!(target(Probe::Ready, None), "/readyz");
        assert_eq!(target(Probe::Ready, Some(&ops)), "/readyz?profile=ops");
    }
}
