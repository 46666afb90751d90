//! The process as a whole: how fast it starts, what it holds in memory, how rarely it wakes, what a thousand profiles cost.
//!
//! `cargo bench --bench process`, and `cargo bench --profile dist --bench process` for the binary as it is shipped. It
//! prints figures and fails on none of them. Linux alone: it reads `/proc`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench measures the time that passes and prints its figures"
)]

#[path = "../../tests/common/mod.rs"]
mod common;
mod tls;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Daemon, World};

fn main() {
    println!(
        "size: the binary has {} bytes",
        fs::metadata(env!("CARGO_BIN_EXE_valetkey")).unwrap().len()
    );
    start();
    let one = idle(1);
    let thousand = idle(1_000);
    println!(
        "figure: 1,000 profiles: {:.1} kB each, and the request rate of one profile times {:.3}",
        (thousand.resident - one.resident) / 999.0,
        thousand.requests / one.requests,
    );
}

/// From the start of the process to the first answer of a probe: listeners are bound a little earlier.
fn start() {
    let world = World::new(None);
    let mut times: Vec<f64> = (0..20)
        .map(|_| {
            let start = Instant::now();
            let daemon = Daemon::start(quiet(&world));
            let elapsed = start.elapsed();
            drop(daemon);
            elapsed.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "figure: start to bound listeners: median {:.1} ms, {:.1} to {:.1} of 20",
        times[10], times[0], times[19]
    );
}

struct Idle {
    /// kB.
    resident: f64,
    /// A second, on one connection.
    requests: f64,
}

/// Memory after the first session over TLS, requests one after another, wake-ups while nothing happens.
fn idle(profiles: usize) -> Idle {
    let world = World::new(None);
    let front = tls::Front::start(&world.emulator.access.url, &world.path("ca.pem"));
    world.write("valetkey.toml", &configuration(&world, &front.url, profiles));
    let mut command = quiet(&world);
    command.env("AWS_CA_BUNDLE", world.path("ca.pem"));
    let daemon = Daemon::start(command);
    let last = format!("p{}", profiles - 1);
    (0..profiles).for_each(|_| drop(daemon.wait_for("credentials obtained")));
    let token = world.token(&last);
    assert_eq!(daemon.credentials(&format!("/credentials/{last}"), &token).status, 200);
    let (resident, switches, ticks) = (
        status(&daemon, "VmRSS:"),
        status(&daemon, "voluntary_ctxt_switches:"),
        cpu_ticks(&daemon),
    );
    let quiet = Duration::from_secs(30);
    std::thread::sleep(quiet);
    let (woken, busy) = (
        status(&daemon, "voluntary_ctxt_switches:") - switches,
        cpu_ticks(&daemon) - ticks,
    );
    println!(
        "figure: {profiles} profile(s): {resident:.0} kB resident after the first session over TLS; in {} s idle {woken:.0} wake-ups, \
         {:.3} % of a core",
        quiet.as_secs(),
        busy / quiet.as_secs_f64(),
    );
    let scrape = scrape(&daemon);
    println!(
        "figure: {profiles} profile(s): a scrape takes {:.1} ms",
        scrape.as_secs_f64() * 1e3
    );
    let requests = requests(&daemon, &format!("/credentials/{last}"), &token);
    Idle { resident, requests }
}

fn quiet(world: &World) -> std::process::Command {
    let mut command = common::valetkey(["serve", "--log-format", "json", "--config"]);
    command.arg(world.path("valetkey.toml"));
    command
}

fn configuration(world: &World, url: &str, profiles: usize) -> String {
    let folder = world.folder.path().display();
    let mut text = format!(
        "[server]\ncredentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ntoken_dir = \"{folder}/tokens\"\n\
         control_socket = \"{folder}/control.sock\"\n"
    );
    for index in 0..profiles {
        let _ = write!(
            text,
            "[profile.p{index}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\nkey = {{ directory = \"{folder}/key\" }}\n"
        );
    }
    text
}

/// A number of `/proc/PID/status`. As root, which may look at a process that is not dumpable.
fn status(daemon: &Daemon, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/status", daemon.child.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// User and system time in ticks of 10 ms, so in hundredths of a second.
fn cpu_ticks(daemon: &Daemon) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", daemon.child.id())).unwrap();
    let fields: Vec<f64> = text
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    fields[11] + fields[12]
}

fn scrape(daemon: &Daemon) -> Duration {
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(daemon.ops("/metrics").status, 200);
            start.elapsed()
        })
        .collect();
    times.sort();
    times[5]
}

/// How many requests a second one connection gets, one after another; the best of five tries, which is the least
/// disturbed one.
fn requests(daemon: &Daemon, path: &str, token: &str) -> f64 {
    let mut stream = TcpStream::connect(daemon.credentials).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n\r\n");
    let mut reply = [0; 16 * 1024];
    let mut rate = |count: u32| {
        let start = Instant::now();
        for _ in 0..count {
            stream.write_all(request.as_bytes()).unwrap();
            assert!(stream.read(&mut reply).unwrap() > 0);
        }
        f64::from(count) / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| rate(5_000)).fold(0.0, f64::max)
}
