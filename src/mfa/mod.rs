//! MFA codes: which TOTP step may be used when ([`steps`]), and where its code comes from ([`Source`]).

mod process;
mod refusals;
mod seed;
mod seen;
pub mod steps;
mod totp;
mod totp_seed_file;

use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::config::MfaCode;
use crate::secret_file::Version;
use crate::{process as child, secret_file};
pub use process::Process;
pub use refusals::{Record, Refusals};
pub use seed::{Seed, SeedError};
pub use seen::SeenCodes;
pub use steps::Step;
pub use totp::code;
pub use totp_seed_file::TotpSeedFile;

/// A place that makes the code of a TOTP step.
pub trait Source: Send + Sync {
    /// Whether a code could be made, without making one.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// The code of this step, if the source knows steps; otherwise the code that it has.
    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, Error>>;

    /// Which version of what the codes are made of is there, without reading it. None where nobody can tell.
    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        None
    }

    /// Whether [`Source::code`] is of the step that was asked for. Where it is not, the step says nothing about how
    /// long the code can still be sent.
    fn has_step(&self) -> bool {
        true
    }

    /// How long making a code may take: a file system that hangs must not leave a profile waiting for ever.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// The source that the configuration names; none where a person submits the codes.
pub fn open(source: &MfaCode) -> Option<Arc<dyn Source>> {
    match source {
        MfaCode::TotpSeedFile(path) => Some(Arc::new(TotpSeedFile::new(path.clone()))),
        MfaCode::Process(command) => Some(Arc::new(Process::new(command.clone()))),
        MfaCode::Push { .. } => None,
    }
}

/// Why there is no code. It says where and what to do, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The seed's file could not be read.
    #[error("TOTP seed: {0}")]
    File(#[from] secret_file::Error),
    /// The file was read, but holds no seed.
    #[error("TOTP seed: {path}: {error}")]
    Seed {
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: SeedError,
    },
    /// A process that was to print the code did not.
    #[error("MFA code: {0}")]
    Process(#[from] child::Error),
    /// A process printed something else.
    #[error("MFA code: {program}: must print the six digits of the code, and nothing else, to standard output")]
    NotACode {
        /// The program, without its arguments.
        program: String,
    },
    /// A process printed, or a person gave, a code that STS may have seen.
    #[error("MFA code: this very code was sent to STS less than two minutes ago, and STS takes none twice")]
    Repeated,
    /// The source did not answer in time.
    #[error("TOTP seed: reading it took too long; is the file system that it is on reachable?")]
    Slow,
    /// The reading itself broke.
    #[error("TOTP seed: reading it failed in valetkey itself; please report this")]
    Internal,
}
