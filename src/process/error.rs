use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::geteuid;

use super::Command;

/// Why a child gave no answer. It names the program and the remedy; of the arguments and of standard output it shows
/// nothing, of standard error the last lines without what may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    program: String,
    reason: Reason,
    said: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("does not exist; its arguments belong in strings of their own, since no shell splits a command line")]
    CommandLine,
    #[error("ended with status {0}; run it by hand as the user that runs valetkey")]
    Exit(i32),
    #[error("failed in valetkey itself; please report this")]
    Internal,
    #[error("may not be executed by the user that runs valetkey (UID {0}); name an executable file")]
    NotExecutable(u32),
    #[error("does not exist; install it, or name another program")]
    NotFound,
    #[error("is in no absolute folder of valetkey's PATH; name its absolute path")]
    NotInPath,
    #[error(
        "is not a program that this host can run; build it for this host, or install what its first line (#!) names"
    )]
    NotAProgram,
    #[error("printed bytes that are not UTF-8; let it print text")]
    NotText,
    #[error("was ended by signal {0}; run it by hand as the user that runs valetkey")]
    Signal(i32),
    #[error("did not end within {} s and was killed; run it by hand as the user that runs valetkey", .0.as_secs_f32())]
    Timeout(Duration),
    #[error("printed more than {0} bytes and was killed; let it print the answer alone")]
    TooMuch(usize),
    #[error("cannot be started: {0}")]
    Unstartable(String),
    #[error("wanted to use the terminal, which it must not, and was killed; let it ask in a window, or not at all")]
    WaitsForTerminal,
}

impl Reason {
    pub(super) fn not_executable() -> Self {
        Self::NotExecutable(geteuid().as_raw())
    }

    /// Of a program that was found before it was started.
    pub(super) fn of_start(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::ACCESS | Errno::PERM) => Self::not_executable(),
            Some(Errno::NOENT | Errno::NOEXEC | Errno::LIBBAD) => Self::NotAProgram,
            _ => Self::Unstartable(error.to_string()),
        }
    }

    pub(super) fn of_end(status: ExitStatus) -> Result<(), Self> {
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(Self::Exit(code)),
            (None, Some(signal)) => Err(Self::Signal(signal)),
            (None, None) => Err(Self::Internal),
        }
    }
}

impl Error {
    pub(super) fn new(command: &Command, reason: Reason, said: String) -> Self {
        Self {
            program: command.to_string(),
            reason,
            said,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.program, self.reason)?;
        if self.said.is_empty() {
            return Ok(());
        }
        write!(f, "; it said: {}", self.said)
    }
}

impl std::error::Error for Error {}
