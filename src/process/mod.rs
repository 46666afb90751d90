//! A child process: one whose answer is wanted ([`run`]), or one that is only told something ([`notify`]).
//!
//! There is never a shell. The child begins in `/` with an environment of its own (see [`Command`]), `/dev/null` as
//! standard input, no other file of ours, no blocked signal, and leads a process group of its own. However the run ends
//! (an answer, a failure, the timeout, a dropped future), the whole group gets SIGKILL and is reaped; nothing but a
//! process that left the group (`setsid`) or belongs to another user (a set-UID program) lives on, and neither delays
//! us.
//!
//! A terminal that valetkey was started from stays the child's too, but the child is a background process there: one
//! that reads from it is stopped by the kernel, which is seen and told at once. Without a terminal, `/dev/tty` cannot
//! be opened.
//!
//! Of valetkey's own protections ([`crate::harden`]) a child keeps the limit of core files, which exec preserves. It
//! does not keep `PR_SET_DUMPABLE`, which exec resets: other processes of the user can read the child's memory and
//! environment.

mod command;
mod complaint;
mod error;
mod group;
mod locate;
mod output;

use std::process::Stdio;
use std::time::Duration;

use tokio::task::JoinSet;

pub use command::{Command, FORBIDDEN, Invalid, may_be_passed};
pub use error::Error;

use crate::clock::Clock;
use crate::secret::Secret;
use error::Reason;
use group::Group;
use output::{Answer, Tail, read_all};

/// What a child may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long it may run, its start included.
    pub timeout: Duration,
    /// The most bytes of standard output. One more, and it is killed.
    pub stdout: usize,
    /// How many of the last bytes of standard error are kept for messages. More is read, and forgotten.
    pub stderr: usize,
}

impl Default for Limits {
    /// A minute, as the AWS SDK for Go gives a `credential_process`; 64 KiB; 4 KiB.
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(1),
            stdout: 64 * 1024,
            stderr: 4 * 1024,
        }
    }
}

/// After a child's end, how long a process that it left behind may still write what counts as the child's answer.
const GRACE: Duration = Duration::from_millis(100);

/// What the command prints to standard output, if it ends with status 0 in time. `extra` are variables of its
/// environment that hold no secret.
pub async fn run(
    command: &Command,
    extra: &[(&str, &str)],
    clock: &dyn Clock,
    limits: Limits,
) -> Result<Secret, Error> {
    let mut answer = Answer::new(limits.stdout);
    let mut complaint = Tail::new(limits.stderr);
    let ended = supervise(command, extra, clock, limits, Some(&mut answer), &mut complaint).await;
    ended
        .and_then(|()| answer.text().map(Secret::from))
        .map_err(|reason| Error::new(command, reason, complaint::said(&complaint, &answer)))
}

/// Runs a command whose standard output nobody reads. An error is for the log.
pub async fn notify(command: &Command, extra: &[(&str, &str)], clock: &dyn Clock, limits: Limits) -> Result<(), Error> {
    let mut complaint = Tail::new(limits.stderr);
    supervise(command, extra, clock, limits, None, &mut complaint)
        .await
        .map_err(|reason| Error::new(command, reason, complaint::said(&complaint, &Answer::new(0))))
}

/// Whether the command's program can be found and executed now, without running it.
pub async fn check(command: &Command) -> Result<(), Error> {
    let program = command.program().to_owned();
    let found = tokio::task::spawn_blocking(move || locate::locate(&program)).await;
    found
        .map_or(Err(Reason::Internal), |program| program.map(drop))
        .map_err(|reason| Error::new(command, reason, String::new()))
}

async fn supervise(
    command: &Command,
    extra: &[(&str, &str)],
    clock: &dyn Clock,
    limits: Limits,
    answer: Option<&mut Answer>,
    complaint: &mut Tail,
) -> Result<(), Reason> {
    let deadline = clock.boot() + limits.timeout;
    let late = || Err(Reason::Timeout(limits.timeout));
    let conversation = async {
        let group = start(command, extra, answer.is_some()).await?;
        listen(group, answer, complaint, clock).await
    };
    tokio::select! {
        biased;
        // The timer stops while the host is suspended; the deadline does not.
        ended = conversation => if clock.boot() < deadline { ended } else { late() },
        () = clock.sleep_until(deadline) => late(),
    }
}

/// Starting a program reads it from a disk, so it is done on another thread. When the set is dropped, a start that was
/// still queued never happens, and one that was under way is undone by the drop of the group.
async fn start(command: &Command, extra: &[(&str, &str)], answers: bool) -> Result<Group, Reason> {
    let stdout = if answers { Stdio::piped } else { Stdio::null };
    let environment = command.environment(extra, |name| std::env::var_os(name));
    let command = command.clone();
    let mut starting = JoinSet::new();
    starting.spawn_blocking(move || Group::start(&command, environment, stdout));
    match starting.join_next().await {
        Some(Ok(started)) => started,
        Some(Err(_)) | None => Err(Reason::Internal),
    }
}

async fn listen(
    mut group: Group,
    answer: Option<&mut Answer>,
    complaint: &mut Tail,
    clock: &dyn Clock,
) -> Result<(), Reason> {
    let (stdout, stderr) = group.pipes()?;
    let answering = async {
        match stdout.zip(answer) {
            Some((pipe, answer)) => read_all(pipe, answer).await,
            None => Ok(()),
        }
    };
    let reading = async { tokio::try_join!(answering, read_all(stderr, complaint)) };
    let mut reading = std::pin::pin!(reading);
    let closed = tokio::select! {
        biased;
        ended = group.ends() => {
            ended?;
            false
        }
        read = &mut reading => {
            read?;
            group.ends().await?;
            true
        }
    };
    // All that the child itself wrote is in the pipes by now, but another process may hold them open for ever.
    tokio::select! {
        biased;
        read = &mut reading, if !closed => { read?; }
        () = clock.sleep_until(clock.boot() + GRACE), if !closed => {}
        else => {}
    }
    group.finish()
}
