//! A process that may open few files.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use valetkey::clock::{Clock, SystemClock};

use crate::common::{Daemon, World, eventually};

/// More than there are files for.
const CONNECTIONS: usize = 100;

/// Far above what an answer takes, and below what any limit on slow peers would take to make room.
const PROMPTLY: Duration = Duration::from_secs(3);

/// `valetkey serve` as a shell with this limit starts it.
fn serve_with(world: &World, limit: &str) -> Daemon {
    let mut command = Command::new("/bin/sh");
    let script = format!("{limit} && exec \"$0\" serve --log-format json --config \"$1\"");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_valetkey")])
        .arg(world.path("valetkey.toml"))
        .env_clear()
        .stdin(Stdio::null());
    Daemon::start(command)
}

/// As many connections, on each of which this was sent.
fn hold(address: SocketAddr, request: &str) -> Vec<TcpStream> {
    let held = (0..CONNECTIONS).map(|_| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    });
    held.collect()
}

/// Whoever takes what he can of the descriptors keeps nobody from asking whether the daemon lives, and not the daemon from STS.
#[test]
fn f15_no_descriptor_left() {
    let world = World::of("descriptors", Some(12));
    let daemon = serve_with(&world, "ulimit -n 64");
    let told = daemon.wait_for("only 64 files may be open at once");
    assert_eq!(told["level"], "WARN", "{told}");
    daemon.wait_for_credentials("plain");
    let token = world.token("plain");
    let consumer = || daemon.credentials("/credentials/plain", &token).status;
    let staying = format!("GET /credentials/plain HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n\r\n");
    for (who, request, statuses) in [
        ("heads that never end", "GET /cred", &[200][..]),
        ("consumers who stay", &staying, &[200, 503]),
    ] {
        let held = [daemon.credentials, daemon.ops].map(|listener| hold(listener, request));
        for path in ["/livez", "/readyz?profile=plain", "/metrics"] {
            let start = SystemClock.boot();
            assert_eq!(daemon.ops(path).status, 200, "{who}: {path}");
            let took = SystemClock.boot().since(start);
            assert!(took < PROMPTLY, "{who}: {path} after {took:?}");
        }
        let status = consumer();
        assert!(statuses.contains(&status), "{who}: {status}");
        if statuses.len() > 1 {
            // There is a descriptor for the renewal.
            daemon.wait_for_credentials("plain");
        }
        drop(held);
        eventually(|| (consumer() == 200).then_some(()));
    }
    let log = daemon.log();
    assert!(!log.contains("credentials not obtained"), "{log}");
    assert!(!log.contains("no connection can be accepted"), "{log}");
}
