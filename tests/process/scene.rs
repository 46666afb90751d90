use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use valetkey::BoxFuture;
use valetkey::clock::{BootInstant, Clock, SystemClock};
use valetkey::process::{self, Command, Limits};

/// For tests of what is not the time.
pub(crate) const AMPLE: Duration = Duration::from_secs(20);

/// For tests of a child that never answers.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) fn command(argv: &[&str], environment: &[&str]) -> Command {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Command::new(owned(argv), owned(environment)).unwrap()
}

pub(crate) fn shell(script: &str) -> Command {
    command(&["/bin/sh", "-c", script], &[])
}

pub(crate) fn within(timeout: Duration) -> Limits {
    Limits {
        timeout,
        ..Limits::default()
    }
}

pub(crate) async fn run(command: &Command, limits: Limits) -> Result<String, String> {
    let answer = process::run(command, &[], &SystemClock, limits).await;
    answer
        .map(|answer| answer.expose().to_owned())
        .map_err(|error| error.to_string())
}

pub(crate) async fn answer(script: &str) -> Result<String, String> {
    run(&shell(script), within(AMPLE)).await
}

/// Runs a child whose time is up once `happened`, however long a busy machine takes to come to that.
pub(crate) async fn run_until(script: &str, happened: impl Fn() -> bool + Send + Sync) -> Result<String, String> {
    let answer = process::run(&shell(script), &[], &Until(happened), within(AMPLE)).await;
    answer
        .map(|answer| answer.expose().to_owned())
        .map_err(|error| error.to_string())
}

/// A clock whose timers end when something has happened.
struct Until<F>(F);

impl<F: Fn() -> bool + Send + Sync> Clock for Until<F> {
    fn boot(&self) -> BootInstant {
        BootInstant::from_boot(Duration::ZERO)
    }

    fn wall(&self) -> DateTime<Utc> {
        SystemClock.wall()
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if at > self.boot() {
                until(&self.0).await;
            }
        })
    }
}

/// A file that a child writes its PID to.
pub(crate) struct Mark {
    _folder: TempDir,
    path: PathBuf,
}

impl Mark {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        Self { _folder: folder, path }
    }

    /// A statement of a script that writes the PID `of` (`$$`, `$!`), whole.
    pub(crate) fn write(&self, of: &str) -> String {
        let path = self.path.display();
        format!("echo {of} > {path}.new; mv {path}.new {path}")
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        fs::read_to_string(&self.path).ok()?.trim().parse().ok()
    }

    pub(crate) async fn written(&self) -> u32 {
        until(|| self.pid().is_some()).await;
        self.pid().unwrap()
    }

    /// Whether the process of the PID does not run any more (a zombie does not).
    pub(crate) fn ended(&self) -> bool {
        state(self.pid().unwrap()).is_none_or(|state| state == 'Z')
    }
}

/// The letter of a process's state, as long as there is a trace of it.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Waits for what other processes do, with nothing to be woken by. Ten seconds are for ever.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        let came = condition();
        // What was written before it came has been seen after this.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if came {
            return;
        }
    }
    panic!("it never came to that");
}
