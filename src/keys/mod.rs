//! Where long-term keys come from: one small trait, [`Source`], and one file a source.

mod directory;
mod environment;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod pair;
mod process;
mod shared_credentials;
mod version;

use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::config::KeySource;
use crate::{process as child, secret_file};
pub use directory::Directory;
pub use environment::Environment;
pub use process::Process;
pub use shared_credentials::SharedCredentials;
pub use version::Version;

/// A place that holds a long-term key. It is read for a renewal, unless what is in it was just refused or could not be read, so that a rotated
/// key is found.
pub trait Source: Send + Sync {
    /// The key as it is now.
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, Error>>;

    /// Which version of it is there, without reading it: whoever holds the source looks every half minute. None where
    /// that cannot be told, and it is enough to read it when a renewal is due.
    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        None
    }

    /// How long reading may take: a file system that hangs must not leave a profile waiting for ever.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// The source that the configuration names.
pub fn open(source: &KeySource) -> Arc<dyn Source> {
    match source {
        KeySource::Directory(path) => Arc::new(Directory::new(path.clone())),
        KeySource::Environment => Arc::new(Environment::new()),
        KeySource::Process(command) => Arc::new(Process::new(command.clone())),
        KeySource::SharedCredentials { file, form, profile } => {
            Arc::new(SharedCredentials::new(file.clone(), *form, profile.clone()))
        }
    }
}

/// Why there is no long-term key. It says where and what to do, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the key could not be read.
    #[error("long-term key: {0}")]
    File(#[from] secret_file::Error),
    /// A process that was to tell the key did not.
    #[error("long-term key: {0}")]
    Process(#[from] child::Error),
    /// Something was read, but not what must be there.
    #[error("long-term key: {path}: {rule}")]
    Content {
        /// Where it was: a file, a variable, a member of what a process printed.
        path: String,
        /// What it must hold.
        rule: &'static str,
    },
    /// The source did not answer in time.
    #[error("long-term key: reading it took too long; is the file system that it is on reachable?")]
    Slow,
    /// The reading itself broke.
    #[error("long-term key: reading it failed in valetkey itself; please report this")]
    Internal,
}
