use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Exit, Failed, runtime};
use crate::aws::ProfileName;
use crate::config;
use crate::sanitise::without_controls;

/// A probe must not hang: the kubelet's own default is one second, and a local answer takes far less.
const TIMEOUT: Duration = Duration::from_secs(3);

/// More than any probe answers.
const LONGEST_ANSWER: usize = 64 * 1024;

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

/// "Any address" is where the daemon listens, not where it can be reached.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
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
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let broken = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let request = Request::get(target)
        .header(HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let reply = sender.send_request(request).await.map_err(broken)?;
    let status = reply.status().as_u16();
    let body = Limited::new(reply.into_body(), LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_on_every_address_is_asked_on_loopback() {
        for (listening, asked) in [
            ("0.0.0.0:7412", "127.0.0.1:7412"),
            ("[::]:7412", "[::1]:7412"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(listening.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[test]
    fn each_probe_has_its_path() {
        let ops = "ops".parse().unwrap();
        assert_eq!(target(Probe::Live, None), "/livez");
        assert_eq!(target(Probe::Startup, None), "/startupz");
        assert_eq!(target(Probe::Ready, None), "/readyz");
        assert_eq!(target(Probe::Ready, Some(&ops)), "/readyz?profile=ops");
    }
}
