use std::process::ExitCode;

/// The exit codes, as `sysexits.h` numbers them. 1 is a plain "no", 130 a shell's word for an interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A probe said no, not every required profile is ready, STS gave no credentials for a code, or refused a command, or a token
    /// could not be replaced.
    Unhealthy = 1,
    /// `EX_USAGE`: the command line is wrong.
    Usage = 64,
    /// `EX_UNAVAILABLE`: an address could not be bound, or the daemon or STS could not be reached.
    Unavailable = 69,
    /// `EX_SOFTWARE`: a defect of valetkey.
    Internal = 70,
    /// `EX_IOERR`: what was asked for could not be written to standard output.
    Output = 74,
    /// `EX_TEMPFAIL`: not now; the same may succeed later.
    TryAgain = 75,
    /// `EX_CONFIG`: the configuration, a key or a seed is wrong.
    Configuration = 78,
    /// A signal ended a prompt.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
