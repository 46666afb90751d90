//! What a child is born with.

use std::collections::BTreeMap;

use valetkey::clock::SystemClock;
use valetkey::process::{self, Command, FORBIDDEN};

use crate::scene::{AMPLE, answer, command, run, within};

async fn environment(listed: &[&str], extra: &[(&str, &str)]) -> BTreeMap<String, String> {
    let answer = process::run(&command(&["/usr/bin/env"], listed), extra, &SystemClock, within(AMPLE)).await;
    let lines = answer.ok().unwrap().expose().to_owned();
    lines
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn names(environment: &BTreeMap<String, String>) -> Vec<&str> {
    environment.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_environment_is_emptied_but_for_what_is_listed() {
    // cargo sets both in ours.
    for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "PATH", "HOME"] {
        assert!(std::env::var(name).is_ok(), "{name}");
    }
    assert_eq!(names(&environment(&[], &[]).await), ["HOME", "PATH"]);
    let listed = environment(&["CARGO_PKG_NAME", "NOWHERE_SET"], &[("VALETKEY_PROFILE", "ops")]).await;
    assert_eq!(names(&listed), ["CARGO_PKG_NAME", "HOME", "PATH", "VALETKEY_PROFILE"]);
    assert_eq!(listed["CARGO_PKG_NAME"], "valetkey");
    assert_eq!(listed["PATH"], std::env::var("PATH").unwrap());
    assert_eq!(listed["VALETKEY_PROFILE"], "ops");
}

#[tokio::test]
async fn secrets_of_ours_are_refused_wherever_they_are_named() {
    for name in FORBIDDEN {
        assert!(Command::new(vec!["env".to_owned()], vec![name.to_owned()]).is_err());
        assert_eq!(names(&environment(&[], &[(name, "s3cret")]).await), ["HOME", "PATH"]);
    }
}

#[tokio::test]
async fn the_child_is_at_home_nowhere_and_has_no_input() {
    assert_eq!(answer("pwd; cat; umask").await, answer("echo /; umask").await);
    let stdin = answer("readlink /proc/self/fd/0").await;
    assert_eq!(stdin, Ok("/dev/null\n".to_owned()));
}

/// Sockets, files, the runtime's own descriptors: none passes on.
#[tokio::test]
async fn no_file_of_ours_is_open_in_the_child() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let open = answer("cd /proc/$$/fd; for fd in *; do [ -e $fd ] && echo $fd; done; true").await;
    drop((listener, file));
    // The shell itself may hold a high one for its script.
    let low: Vec<_> = open.as_ref().unwrap().lines().filter(|fd| fd.len() == 1).collect();
    assert_eq!(low, ["0", "1", "2"], "{open:?}");
}

/// Signals 1 to 31; the C library uses those above for itself.
const STANDARD: u64 = 0x7fff_ffff;

#[tokio::test]
async fn no_signal_is_blocked_or_ignored_and_the_group_is_its_own() {
    let status = run(&command(&["/bin/cat", "/proc/self/status"], &[]), within(AMPLE))
        .await
        .unwrap();
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap() & STANDARD
    };
    let ours = std::fs::read_to_string("/proc/self/status").unwrap();
    let ours = ours.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ours = u64::from_str_radix(ours.trim(), 16).unwrap() & STANDARD;
    let pipe = 1 << (13 - 1);
    assert_eq!(ours & pipe, pipe, "Rust ignores SIGPIPE");
    assert_eq!((mask("SigBlk:"), mask("SigIgn:")), (0, ours & !pipe));
    let stat = run(&command(&["/bin/cat", "/proc/self/stat"], &[]), within(AMPLE))
        .await
        .unwrap();
    let numbers: Vec<_> = stat.split(' ').collect();
    assert_eq!(numbers[0], numbers[4], "the process leads its group: {stat}");
}

#[tokio::test]
async fn a_hardened_daemon_has_children_without_core_files() {
    assert!(valetkey::harden::harden().no_core);
    assert_eq!(answer("ulimit -Sc; ulimit -Hc").await, Ok("0\n0\n".to_owned()));
}
