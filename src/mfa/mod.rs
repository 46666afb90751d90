//! MFA codes: which TOTP step may be used when ([`steps`]), and where its code comes from ([`Source`]).

mod seed;
mod seen;
pub mod steps;
mod totp;
mod totp_seed_file;

use std::sync::Arc;

use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::config::MfaCode;
use crate::secret_file;
pub use seed::{Seed, SeedError};
pub use seen::SeenCodes;
pub use steps::Step;
pub use totp::code;
pub use totp_seed_file::TotpSeedFile;

/// A place that makes the code of a TOTP step.
pub trait Source: Send + Sync {
    /// Whether a code could be made, without making one.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// The code of this step.
    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, Error>>;
}

/// The source that the configuration names.
pub fn open(source: &MfaCode) -> Arc<dyn Source> {
    match source {
        MfaCode::TotpSeedFile(path) => Arc::new(TotpSeedFile::new(path.clone())),
        MfaCode::Process(_) | MfaCode::Push { .. } => unimplemented!("merge"),
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
    /// The source did not answer in time.
    #[error("TOTP seed: reading it took too long; is the file system that it is on reachable?")]
    Slow,
    /// The reading itself broke.
    #[error("TOTP seed: reading it failed in valetkey itself; please report this")]
    Internal,
}
