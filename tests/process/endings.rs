//! How runs end: in time, whatever the child does, and with nothing left of it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use valetkey::BoxFuture;
use valetkey::clock::{BootInstant, Clock, SystemClock};
use valetkey::process;

use crate::scene::{AMPLE, Mark, SHORT, command, run, run_until, shell, state, until, within};

/// Between the timeout and what a busy machine adds to it.
const SOON: Duration = Duration::from_secs(5);

async fn killed_in_time(script: &str, marks: &[&Mark]) {
    let error = match marks {
        [] => run(&shell(script), within(SHORT)).await.unwrap_err(),
        marks => run_until(script, || marks.iter().all(|mark| mark.pid().is_some()))
            .await
            .unwrap_err(),
    };
    assert!(
        error.contains("did not end within ") && error.contains(" s and was killed"),
        "{error}"
    );
    for mark in marks {
        until(|| mark.ended()).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "real children take real time")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_with_all_of_its_group() {
    let (child, grandchild) = (Mark::new(), Mark::new());
    let script = format!("sleep 60 & {}; {}; wait", grandchild.write("$!"), child.write("$$"));
    killed_in_time(&script, &[&child, &grandchild]).await;
}

#[tokio::test]
async fn a_child_that_ignores_requests_to_end_is_killed() {
    let child = Mark::new();
    let script = format!("trap '' TERM INT HUP; {}; while :; do sleep 1; done", child.write("$$"));
    killed_in_time(&script, &[&child]).await;
}

#[tokio::test]
async fn an_answer_without_an_end_is_no_answer() {
    killed_in_time("echo 123456; sleep 60", &[]).await;
    killed_in_time("echo 123456; exec >&- 2>&-; sleep 60", &[]).await;
    killed_in_time("sleep 1; echo 123456", &[]).await;
}

#[tokio::test]
async fn a_flood_is_killed() {
    let child = Mark::new();
    let error = run(&shell(&format!("{}; yes", child.write("$$"))), within(AMPLE)).await;
    assert!(error.unwrap_err().contains("printed more than "));
    until(|| child.ended()).await;
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_delays_nobody_and_is_killed() {
    let grandchild = Mark::new();
    let started = now();
    let script = format!("sleep 60 & {}; echo answer", grandchild.write("$!"));
    assert_eq!(run(&shell(&script), within(AMPLE)).await, Ok("answer\n".to_owned()));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    until(|| grandchild.ended()).await;
}

#[tokio::test]
async fn what_a_grandchild_writes_in_the_grace_is_taken() {
    let late = run_until("(sleep 0.2; echo late) &", || false).await;
    assert_eq!(late, Ok("late\n".to_owned()));
    let too_late = run(&shell("(sleep 60; echo late) &"), within(AMPLE)).await;
    assert_eq!(too_late, Ok(String::new()));
}

#[tokio::test]
async fn a_process_of_another_session_lives_on_and_delays_nobody() {
    let daemon = Mark::new();
    let started = now();
    let script = format!(
        "setsid sh -c '{}; exec sleep 60' & echo answer; sleep 0.05",
        daemon.write("$$")
    );
    assert_eq!(run(&shell(&script), within(AMPLE)).await, Ok("answer\n".to_owned()));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    let pid = daemon.written().await;
    assert!(state(pid).is_some_and(|state| state != 'Z'));
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_dropped_run_is_killed() {
    let (child, grandchild) = (Mark::new(), Mark::new());
    let script = format!("sleep 60 & {}; {}; wait", grandchild.write("$!"), child.write("$$"));
    let running = tokio::spawn(async move { run(&shell(&script), within(AMPLE)).await });
    child.written().await;
    running.abort();
    until(|| child.ended() && grandchild.ended()).await;
}

/// A run that is dropped before a thread was free for its start never happens.
#[test]
fn a_run_that_was_dropped_in_the_queue_never_starts() {
    let mark = Mark::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (free, hold) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || hold.recv());
        let touch = shell(&mark.write("$$"));
        assert!(run(&touch, within(Duration::from_millis(20))).await.is_err());
        drop(free);
        busy.await.unwrap().unwrap_err();
        // The queue is in order: whatever was before this is done.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
    });
    drop(runtime);
    assert_eq!(mark.pid(), None);
}

/// What the kernel does to a background process that reads from its terminal.
#[tokio::test]
async fn a_child_that_wants_the_terminal_is_told_of_at_once() {
    for signal in ["TTIN", "TTOU"] {
        let error = run(&shell(&format!("kill -{signal} $$; echo 123456")), within(AMPLE))
            .await
            .unwrap_err();
        assert!(
            error.starts_with("/bin/sh: wanted to use the terminal, which it must not, and was killed; "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_child_that_somebody_stops_is_waited_for() {
    let resumed = "(while sleep 0.05; do kill -CONT $$; done) & kill -STOP $$; echo back";
    assert_eq!(run(&shell(resumed), within(AMPLE)).await, Ok("back\n".to_owned()));
    killed_in_time("kill -STOP $$", &[]).await;
}

/// The host slept for an hour while the child ran.
struct Slept(Mutex<bool>);

impl Clock for Slept {
    fn boot(&self) -> BootInstant {
        let slept = std::mem::replace(&mut *self.0.lock().unwrap(), true);
        SystemClock.boot() + Duration::from_hours(u64::from(slept))
    }

    fn wall(&self) -> DateTime<Utc> {
        SystemClock.wall()
    }

    fn sleep_until(&self, _: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn an_answer_from_before_a_suspend_is_too_late() {
    let clock = Slept(Mutex::new(false));
    let answer = process::run(&command(&["/bin/echo", "123456"], &[]), &[], &clock, within(AMPLE)).await;
    let error = answer.err().unwrap().to_string();
    assert!(error.contains("did not end within 20 s"), "{error}");
}
