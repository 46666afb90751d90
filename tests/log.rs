//! The log of the real binary: it delays nobody, counts what it loses, and tells of each serving where that is asked for.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use common::{PATIENCE, World, eventually, get, try_request, valetkey};
use serde_json::Value;

/// A world whose daemon tells of each serving.
fn audited() -> World {
    let world = World::new(None);
    let configuration = world.configuration().replacen("[server]", "[server]\naudit = true", 1);
    world.write("valetkey.toml", &configuration);
    world
}

/// A daemon whose log nobody reads once it has started.
struct Stalled {
    child: Child,
    credentials: SocketAddr,
    ops: SocketAddr,
    _unread: BufReader<ChildStderr>,
}

impl Stalled {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let start = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it did not start");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "valetkey starts" {
                break line;
            }
        };
        let address = |name: &str| start[name].as_str().unwrap().parse().unwrap();
        Self {
            credentials: address("credentials"),
            ops: address("ops"),
            child,
            _unread: log,
        }
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A consumer that keeps its connection.
struct Consumer {
    stream: TcpStream,
    request: String,
    took: Vec<Duration>,
}

impl Consumer {
    fn new(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            request: format!("GET /credentials/plain HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\r\n"),
            took: Vec::new(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the time that passes is what is shown")]
    fn ask(&mut self) {
        let mut reply = [0; 4096];
        let begun = Instant::now();
        self.stream.write_all(self.request.as_bytes()).unwrap();
        let length = self.stream.read(&mut reply).unwrap();
        self.took.push(begun.elapsed());
        assert!(reply[..length].starts_with(b"HTTP/1.1 200 "));
    }

    /// The fastest half, nine tenths, 99 of 100, and all of the requests took at most so long.
    fn quantiles(mut self) -> [Duration; 4] {
        self.took.sort();
        let last = self.took.len() - 1;
        [last / 2, last * 9 / 10, last * 99 / 100, last].map(|place| self.took[place])
    }
}

fn lines_dropped(ops: SocketAddr) -> u64 {
    let page = get(ops, "/metrics", &[]).body;
    let name = "\nvaletkey_log_lines_dropped_total ";
    let (_, value) = page.split_once(name).unwrap();
    value.lines().next().unwrap().parse().unwrap()
}

/// Two daemons side by side, asked in turns, so that whatever else the machine does meets both. If a line were written by
/// whoever serves, the stalled daemon would not answer at all.
#[test]
fn a_log_that_nobody_reads_delays_no_consumer_by_a_millisecond() {
    let (read, unread) = (audited(), audited());
    let (drained, stalled) = (read.serve(), Stalled::start(unread.command()));
    drained.wait_for_credentials("plain");
    eventually(|| (get(stalled.ops, "/readyz?profile=plain", &[]).status == 200).then_some(()));
    let mut with = Consumer::new(drained.credentials, &read.token("plain"));
    let mut without = Consumer::new(stalled.credentials, &unread.token("plain"));
    // Each serving is a line: the pipe fills, then the buffer, then lines are dropped.
    while lines_dropped(stalled.ops) == 0 {
        (0..500).for_each(|_| without.ask());
    }
    without.took.clear();
    let before = lines_dropped(stalled.ops);

    for round in 0..1_000 {
        if round % 2 == 0 {
            with.ask();
            without.ask();
        } else {
            without.ask();
            with.ask();
        }
    }
    assert!(
        lines_dropped(stalled.ops) >= before + 1_000,
        "it did not stall all the time"
    );
    assert_eq!(lines_dropped(drained.ops), 0, "it was not drained");
    let (with, without) = (with.quantiles(), without.quantiles());
    println!("half, nine tenths, 99 of 100, all within: {with:?} where the log is read, {without:?} where not");
    assert!(without[0] < with[0] + Duration::from_millis(1), "{with:?} {without:?}");
}

/// Gives the daemon addresses that are known without its log.
fn fixed_addresses(world: &World, configuration: &str) -> [SocketAddr; 2] {
    let ports: Vec<_> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses = [&ports[0], &ports[1]].map(|port| port.local_addr().unwrap());
    let replace = |text: String, address: &SocketAddr| text.replacen("127.0.0.1:0", &address.to_string(), 1);
    world.write(
        "valetkey.toml",
        &addresses.iter().fold(configuration.to_owned(), replace),
    );
    addresses
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let world = World::new(None);
    let [_, ops] = fixed_addresses(&world, &world.configuration());
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut daemon = world.command().stderr(full).stdout(Stdio::null()).spawn().unwrap();
    eventually(|| {
        TcpStream::connect(ops).ok()?;
        (lines_dropped(ops) > 0).then_some(())
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

#[test]
fn a_serving_is_told_at_every_level_and_in_both_forms() {
    for (form, shown) in [
        (
            "text",
            " INFO valetkey::audit: credentials served profile=plain peer=127.0.0.1:",
        ),
        (
            "json",
            r#""level":"INFO","message":"credentials served","profile":"plain","peer":"127.0.0.1:"#,
        ),
    ] {
        let world = audited();
        let configuration = std::fs::read_to_string(world.path("valetkey.toml")).unwrap();
        let [credentials, ops] = fixed_addresses(&world, &configuration);
        let mut command = valetkey(["serve", "--log-level", "error", "--log-format", form, "--config"]);
        let command = command.arg(world.path("valetkey.toml")).stderr(Stdio::piped());
        let mut daemon = command.spawn().unwrap();
        eventually(|| {
            // Its addresses were somebody else's a moment ago, and may still be.
            let reply = try_request(ops, "GET", "/readyz?profile=plain", &[]).ok()?;
            (reply.status == 200).then_some(())
        });
        let token = world.token("plain");
        let reply = get(credentials, "/credentials/plain", &[("Authorization", &token)]);
        assert_eq!(reply.status, 200);
        let mut line = String::new();
        BufReader::new(daemon.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        assert!(line.contains(shown), "{line}");
        let key = reply.json()["AccessKeyId"].as_str().unwrap()[16..].to_owned();
        assert!(line.contains(&format!("…{key}")), "{line}");
    }
}
