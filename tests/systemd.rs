//! What systemd hears from the real binary.

#![cfg(all(feature = "emulator", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Stdio;

use common::{Daemon, PATIENCE, World, finish};
use valetkey::emulator::{Faults, Instead};

/// A service manager: the socket that `NOTIFY_SOCKET` names.
struct Manager(UnixDatagram);

impl Manager {
    fn at(address: &SocketAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// The next message, as lines.
    fn hears(&self) -> Vec<String> {
        let mut message = [0; 4096];
        let length = self.0.recv(&mut message).unwrap();
        let text = str::from_utf8(&message[..length]).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn hears_at_last(&self, line: &str) -> Vec<String> {
        loop {
            let lines = self.hears();
            if lines.iter().any(|heard| heard == line) {
                return lines;
            }
        }
    }
}

/// A world with one profile, which waits for no MFA step.
fn world() -> World {
    let world = World::new(None);
    let configuration = world.configuration();
    let (server, _) = configuration.split_once("[profile.ops]").unwrap();
    world.write(
        "valetkey.toml",
        &format!("{server}{}", world.profile_without_mfa("plain")),
    );
    world
}

#[test]
fn systemd_hears_of_the_start_of_the_profiles_and_of_the_end() {
    let world = world();
    world
        .emulator
        .handle
        .set_faults(Faults::instead(Instead::ServiceUnavailable));
    let path = world.path("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).unwrap());
    let mut command = world.command();
    command.env("NOTIFY_SOCKET", &path);
    let daemon = Daemon::start(command);

    assert_eq!(
        manager.hears(),
        ["READY=1", "STATUS=0 of 1 profiles have credentials, missing: plain"]
    );
    // Whoever is told can connect already.
    assert_eq!(daemon.ops("/livez").status, 200);

    world.emulator.handle.clear_faults();
    manager.hears_at_last("STATUS=1 of 1 profiles have credentials");
    daemon.signal("-TERM");
    manager.hears_at_last("STOPPING=1");
    assert!(daemon.wait().success());
}

#[test]
fn the_watchdog_hears_of_a_daemon_that_works_and_not_of_another_process() {
    let world = world();
    let address = SocketAddr::from_abstract_name(format!("valetkey-{}", std::process::id())).unwrap();
    let manager = Manager::at(&address);
    let start = |pid: &str| {
        let mut command = world.command();
        command.env("NOTIFY_SOCKET", format!("@valetkey-{}", std::process::id()));
        command.env("WATCHDOG_USEC", "40000").env("WATCHDOG_PID", pid);
        Daemon::start(command)
    };
    let other = start("1");
    manager.hears_at_last("READY=1");
    manager.hears_at_last("STATUS=1 of 1 profiles have credentials");
    other.signal("-TERM");
    loop {
        let lines = manager.hears();
        assert!(!lines.contains(&"WATCHDOG=1".into()), "meant for process 1");
        if lines.contains(&"STOPPING=1".into()) {
            break;
        }
    }
    drop(other);

    // As systemd does: the process's own number, known once it is there.
    let mut command = std::process::Command::new("sh");
    let exec = "WATCHDOG_PID=$$ exec \"$0\" serve --log-format json --config \"$1\"";
    command
        .args(["-c", exec, env!("CARGO_BIN_EXE_valetkey")])
        .arg(world.path("valetkey.toml"));
    command.env("NOTIFY_SOCKET", format!("@valetkey-{}", std::process::id()));
    command.env("WATCHDOG_USEC", "40000").stdin(Stdio::null());
    let daemon = Daemon::start(command);
    for _ in 0..3 {
        manager.hears_at_last("WATCHDOG=1");
    }
    // A daemon that is stopped is one that is stuck.
    daemon.signal("-STOP");
    manager.0.set_nonblocking(true).unwrap();
    while manager.0.recv(&mut [0; 4096]).is_ok() {}
    manager.0.set_nonblocking(false).unwrap();
    manager
        .0
        .set_read_timeout(Some(std::time::Duration::from_millis(200)))
        .unwrap();
    let mut message = [0; 4096];
    let late = std::iter::from_fn(|| manager.0.recv(&mut message).ok()).count();
    assert!(late <= 1, "one may have been on its way: {late}");
}

#[test]
fn a_socket_that_cannot_be_told_is_named_and_stops_nothing() {
    let world = world();
    for (socket, problem) in [
        ("relative", "must be an absolute path"),
        ("/nowhere/at/all", "No such file"),
    ] {
        let mut command = world.command();
        command.env("NOTIFY_SOCKET", socket);
        let daemon = Daemon::start(command);
        let line = daemon.wait_for("systemd cannot be told");
        assert!(line["error"].as_str().unwrap().contains(problem), "{line}");
        assert_eq!(daemon.ops("/livez").status, 200);
    }
    let mut check = world.command();
    check.arg("--check-config").env("NOTIFY_SOCKET", "/nowhere/at/all");
    assert_eq!(finish(&mut check).0, 0);
}
