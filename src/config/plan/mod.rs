mod imds;
mod kind;
mod profile;
mod sources;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use imds::Imds;
pub use kind::{Federation, Kind, Role, Root, SamlRole, Session, SignedBy, WebIdentityRole};
pub use profile::Profile;
pub use sources::{AssertionSource, KeySource, Mfa, MfaCode};
pub use tls::Tls;

/// Everything the daemon needs to know, checked as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The listeners and their files.
    pub server: Server,
    /// At least one, names unique, in the order of the file.
    pub profiles: Vec<Profile>,
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The container-credentials endpoint; without TLS loopback, or one of the addresses that SDKs take in plain HTTP.
    pub credentials: SocketAddr,
    /// What it shows to its consumers, if it speaks TLS.
    pub tls: Option<Tls>,
    /// Metrics and probes; any address.
    pub ops: SocketAddr,
    /// The IMDSv2 endpoint, unless it is off.
    pub imds: Option<Imds>,
    /// `<token_dir>/<profile>/token` holds the authorization token of a profile's consumers.
    pub token_dir: PathBuf,
    /// The permission bits of a token file, such as `0o600`.
    pub token_mode: u32,
    /// How long an old token is taken after its profile was given another one.
    pub token_grace: Duration,
    /// What the paths of `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` are, if they are served.
    pub relative_uri: Option<RelativeUri>,
    /// Where an operator reaches the daemon.
    pub control_socket: PathBuf,
    /// What is kept over a restart, and shared with other daemons; without it nothing is.
    pub state_dir: Option<PathBuf>,
    /// Whether each serving of credentials is a line in the log.
    pub audit: bool,
}

/// What follows `/v2/credentials/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativeUri {
    /// An id that is the secret itself.
    Id,
    /// The profile's name; the token comes beside it.
    Token,
}
