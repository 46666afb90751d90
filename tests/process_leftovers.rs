//! That nothing is left of runs: no zombie, no thread, no file descriptor. A process of its own, since it counts all of
//! them; and one to which orphans fall, as to valetkey where it is the first process of a container.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::fs;
use std::time::Duration;

use rustix::process::{getpid, set_child_subreaper};
use valetkey::clock::SystemClock;
use valetkey::process::{Command, Limits, run};

const RUNS: usize = 200;

#[test]
fn nothing_is_left() {
    let threads = count("/proc/self/task");
    set_child_subreaper(Some(getpid())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let before = runtime.block_on(async {
        mixed(8).await;
        gone().await;
        count("/proc/self/fd")
    });
    runtime.block_on(async {
        mixed(RUNS).await;
        gone().await;
        assert_eq!(count("/proc/self/fd"), before);
    });
    drop(runtime);
    // The kernel tells of a thread's end a moment before it forgets the thread.
    while count("/proc/self/task") > threads {
        std::thread::yield_now();
    }
}

/// An answer, a failure, a timeout, a flood, a grandchild and its child; each killed with what it left.
async fn mixed(runs: usize) {
    let scripts = [
        "echo answer",
        "exit 1",
        "sleep 60",
        "yes",
        "(sleep 60 & sleep 60) & echo answer",
        "(sleep 60 & sleep 60) & sleep 60",
    ];
    for (index, script) in scripts.into_iter().cycle().take(runs).enumerate() {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let command = Command::new(argv, vec![]).unwrap();
        let limits = Limits {
            timeout: Duration::from_millis(50),
            ..Limits::default()
        };
        let running = run(&command, &[], &SystemClock, limits);
        if index % 7 == 6 {
            let _ = tokio::time::timeout(Duration::from_millis(5), running).await;
        } else {
            let _ = running.await;
        }
    }
}

async fn gone() {
    for _ in 0..500 {
        if children().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("left behind: {:?}", children());
}

/// `/proc/PID/stat` of every process whose parent is this one, zombies included.
fn children() -> Vec<String> {
    let ours = getpid().as_raw_nonzero().to_string();
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let is_child = |stat: &String| stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)) == Some(&ours);
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| stat(entry.unwrap()))
        .filter(is_child)
        .collect()
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}
