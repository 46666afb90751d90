use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, waitid, waitpgid};
use tokio::net::unix::pipe::Receiver;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::Command;
use super::error::Reason;
use super::locate::locate;

/// A child and all processes of its group. Whatever is left of them is killed and reaped when this is dropped.
///
/// The child's end is first only looked at and reaped after the group was killed: until then its PID cannot become
/// another process's, so that the signal never hits a stranger.
pub(super) struct Group {
    leader: Option<Child>,
    id: Pid,
    runtime: Handle,
}

impl Group {
    /// Starts a child in a process group of its own. Blocks; within a runtime.
    pub(super) fn start(
        command: &Command,
        environment: Vec<(String, OsString)>,
        stdout: fn() -> Stdio,
    ) -> Result<Self, Reason> {
        let leader = std::process::Command::new(locate(command.program())?)
            .arg0(command.program())
            .args(command.arguments())
            .env_clear()
            .envs(environment)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(stdout())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Reason::of_start(&error))?;
        Ok(Self {
            id: Pid::from_child(&leader),
            leader: Some(leader),
            runtime: Handle::current(),
        })
    }

    /// The reading ends of standard output (where there is a pipe) and standard error.
    pub(super) fn pipes(&mut self) -> Result<(Option<Receiver>, Receiver), Reason> {
        let leader = self.leader.as_mut().ok_or(Reason::Internal)?;
        let stdout = leader.stdout.take().map(OwnedFd::from).map(receiver).transpose()?;
        let stderr = leader.stderr.take().map(OwnedFd::from).ok_or(Reason::Internal)?;
        Ok((stdout, receiver(stderr)?))
    }

    /// Returns when the child has ended, or with an error when it will not go on by itself.
    pub(super) async fn ends(&self) -> Result<(), Reason> {
        let mut changes = signal(SignalKind::child()).map_err(|_| Reason::Internal)?;
        while !self.has_ended()? {
            changes.recv().await.ok_or(Reason::Internal)?;
        }
        Ok(())
    }

    fn has_ended(&self) -> Result<bool, Reason> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.id), options).map_err(|_| Reason::Internal)?;
        let Some(status) = status else {
            return Ok(false);
        };
        // What the kernel does to a background process that uses the terminal.
        let terminal = [Signal::TTIN, Signal::TTOU].map(|signal| Some(signal.as_raw()));
        if terminal.contains(&status.stopping_signal()) {
            return Err(Reason::WaitsForTerminal);
        }
        Ok(!status.stopped())
    }

    /// Kills what the child left behind and says how it ended. To be called when it has.
    pub(super) fn finish(mut self) -> Result<(), Reason> {
        Reason::of_end(self.kill().ok_or(Reason::Internal)?)
    }

    fn kill(&mut self) -> Option<ExitStatus> {
        let leader = self.leader.take()?;
        let _ = kill_process_group(self.id, Signal::KILL);
        let mut killed = Killed {
            leader: Some(leader),
            status: None,
            id: self.id,
        };
        let gone = killed.reap();
        let status = killed.status;
        if !gone {
            self.runtime.spawn(killed.reaped());
        }
        status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A group after SIGKILL: dead within microseconds, unless a process is in a system call that cannot be interrupted.
struct Killed {
    leader: Option<Child>,
    status: Option<ExitStatus>,
    id: Pid,
}

impl Killed {
    /// Without a thread, however long it takes. Nobody is left to be told that it cannot.
    async fn reaped(mut self) {
        let Ok(mut changes) = signal(SignalKind::child()) else {
            return;
        };
        while !self.reap() && changes.recv().await.is_some() {}
    }

    /// Whether nothing is left to reap. What the child left behind is ours to reap when valetkey is the container's
    /// first process, to which orphans fall.
    fn reap(&mut self) -> bool {
        if let Some(leader) = &mut self.leader {
            match leader.try_wait() {
                Ok(None) => return false,
                Ok(status) => self.status = status,
                Err(_) => {}
            }
            self.leader = None;
        }
        loop {
            match waitpgid(self.id, WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }
}

fn receiver(pipe: OwnedFd) -> Result<Receiver, Reason> {
    let pipe: io::Result<_> = Receiver::from_owned_fd(pipe);
    pipe.map_err(|_| Reason::Internal)
}
