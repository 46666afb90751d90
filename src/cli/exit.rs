use std::process::ExitCode;

/// The exit codes, as `sysexits.h` numbers them. 1 is a probe's "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A probe said no.
    Unhealthy = 1,
    /// `EX_USAGE`: the command line is wrong.
    Usage = 64,
    /// `EX_UNAVAILABLE`: an address could not be bound.
    CannotBind = 69,
    /// `EX_SOFTWARE`: a defect of valetkey.
    Internal = 70,
    /// `EX_CONFIG`: the configuration, a key or a seed is wrong.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
