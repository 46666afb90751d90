//! The process as a whole: how fast it starts, what it holds in memory, how rarely it wakes, what a thousand profiles cost.
//!
//! `cargo bench --bench process`; for the binary as it is shipped `cargo build --profile dist --no-default-features` and
//! `VALETKEY=target/dist/valetkey cargo bench --bench process`. It prints figures and fails on none of them. Linux alone: it
//! reads `/proc`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench measures the time that passes and prints its figures"
)]

#[path = "../../tests/common/mod.rs"]
mod common;
mod profiles;
mod tls;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Daemon, World};

fn main() {
    let size = fs::metadata(binary()).unwrap().len();
    println!("figure: the binary {} has {size} bytes", binary());
    start();
    let (one, thousand) = (Subject::start(1), Subject::start(1_000));
    idle(&[&one, &thousand]);
    profiles::compare(&one, &thousand);
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

/// A daemon that has obtained all its sessions over TLS.
struct Subject {
    profiles: u16,
    daemon: Daemon,
    /// kB, right after the last session.
    resident: f64,
    /// For the credentials of its last profile.
    request: String,
    _world: World,
    _front: tls::Front,
}

impl Subject {
    fn start(profiles: u16) -> Self {
        let world = World::new(None);
        let front = tls::Front::start(&world.emulator.access.url, &world.path("ca.pem"));
        world.write("valetkey.toml", &configuration(&world, &front.url, profiles));
        let mut command = quiet(&world);
        command.env("AWS_CA_BUNDLE", world.path("ca.pem"));
        let daemon = Daemon::start(command);
        (0..profiles).for_each(|_| drop(daemon.wait_for("credentials obtained")));
        let last = format!("p{}", profiles - 1);
        let token = world.token(&last);
        assert_eq!(daemon.credentials(&format!("/credentials/{last}"), &token).status, 200);
        Self {
            profiles,
            resident: status(&daemon, "VmRSS:"),
            daemon,
            request: format!("GET /credentials/{last} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n\r\n"),
            _world: world,
            _front: front,
        }
    }
}

/// Memory after the first sessions, wake-ups while nothing happens.
fn idle(subjects: &[&Subject]) {
    // Threads that waited for files at the start end after 45 seconds without work.
    std::thread::sleep(Duration::from_secs(50));
    let before: Vec<_> = subjects.iter().map(|subject| activity(&subject.daemon)).collect();
    let quiet = Duration::from_mins(1);
    std::thread::sleep(quiet);
    for (subject, before) in subjects.iter().zip(before) {
        let (mut wake_ups, mut cpu) = (0.0, 0.0);
        for (thread, (wake_ups_now, cpu_now)) in activity(&subject.daemon) {
            let (wake_ups_before, cpu_before) = before.get(&thread).copied().unwrap_or_default();
            wake_ups += wake_ups_now - wake_ups_before;
            cpu += cpu_now - cpu_before;
        }
        println!(
            "figure: {} profile(s): {:.0} kB resident after the first session over TLS; in {} s idle {wake_ups:.0} wake-ups, \
             {:.4} % of a core",
            subject.profiles,
            subject.resident,
            quiet.as_secs(),
            cpu / quiet.as_secs_f64() * 100.0,
        );
    }
}

fn quiet(world: &World) -> Command {
    let mut command = Command::new(binary());
    command
        .args(["serve", "--log-format", "json", "--config"])
        .arg(world.path("valetkey.toml"))
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// The one that is measured: what cargo has just built, unless somebody names another.
fn binary() -> String {
    std::env::var("VALETKEY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_valetkey").to_owned())
}

fn configuration(world: &World, url: &str, profiles: u16) -> String {
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
    number(&format!("/proc/{}/status", daemon.child.id()), name)
}

/// Of each thread, how often it slept and was woken, and how many seconds it has run.
fn activity(daemon: &Daemon) -> BTreeMap<PathBuf, (f64, f64)> {
    let threads = fs::read_dir(format!("/proc/{}/task", daemon.child.id())).unwrap();
    threads
        .map(|thread| {
            let thread = thread.unwrap().path();
            let wake_ups = number(&thread.join("status").display().to_string(), "voluntary_ctxt_switches:");
            let stat = fs::read_to_string(thread.join("schedstat")).unwrap();
            let nanoseconds: f64 = stat.split(' ').next().unwrap().parse().unwrap();
            (thread, (wake_ups, nanoseconds / 1e9))
        })
        .collect()
}

fn number(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
