//! What identity providers vouch with: the tokens and assertions that open a role. One small trait, [`Source`], and one
//! file a source.

mod assertion;
mod assertion_file;
mod assertion_process;
mod token_file;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::aws::{SamlAssertion, WebIdentityToken};
use crate::config::{AssertionSource, Kind};
pub use crate::secret_file::Version;
use crate::{process as child, secret_file};
pub use assertion_file::AssertionFile;
pub use assertion_process::AssertionProcess;
pub use token_file::TokenFile;

/// A place that holds or makes what opens a role. It is read anew for each call, since identity providers give it for
/// minutes.
pub trait Source: Send + Sync {
    /// What it holds now.
    fn read(&self) -> BoxFuture<'_, Result<Voucher, Error>>;

    /// Whether it could be read, without using anything up. A file that something else has yet to write is no mistake.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Which version is there, without reading it, where another one opens the role by itself: whoever holds the
    /// source looks every few seconds. None where it is enough to read it when a renewal is due.
    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        None
    }

    /// How long reading may take: a file system that hangs must not leave a profile waiting for ever.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// What opens a role.
pub enum Voucher {
    /// For AssumeRoleWithWebIdentity.
    Token(WebIdentityToken),
    /// For AssumeRoleWithSAML.
    Assertion(SamlAssertion),
}

/// The source that the configuration names; none where something else opens the role.
pub fn open(kind: &Kind) -> Option<Arc<dyn Source>> {
    match kind {
        Kind::WebIdentity(role) => Some(Arc::new(TokenFile::new(role.token_file.clone()))),
        Kind::Saml(role) => Some(match &role.assertion {
            AssertionSource::File(path) => Arc::new(AssertionFile::new(path.clone())),
            AssertionSource::Process(command) => Arc::new(AssertionProcess::new(command.clone())),
        }),
        Kind::Session(_) | Kind::Role(_) | Kind::Federation(_) | Kind::Root(_) => None,
    }
}

/// Why there is no token or assertion. It says where and what to do, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its file could not be read.
    #[error("{what}: {error}")]
    File {
        /// `web identity token` or `SAML assertion`.
        what: &'static str,
        /// Why not.
        error: secret_file::Error,
    },
    /// A process that was to print it did not.
    #[error("SAML assertion: {0}")]
    Process(#[from] child::Error),
    /// Something was read, but not what must be there.
    #[error("{what}: {place}: {rule}")]
    Content {
        /// `web identity token` or `SAML assertion`.
        what: &'static str,
        /// The file or the program.
        place: String,
        /// What it must hold.
        rule: &'static str,
    },
    /// The source did not answer in time.
    #[error(
        "identity provider: reading its token or assertion took too long; is the file system that it is on reachable?"
    )]
    Slow,
    /// The reading itself broke.
    #[error("identity provider: reading its token or assertion failed in valetkey itself; please report this")]
    Internal,
}

impl Error {
    fn content(what: &'static str, place: &Path, rule: &'static str) -> Self {
        Self::Content {
            what,
            place: place.display().to_string(),
            rule,
        }
    }
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(Error::Internal))
}
