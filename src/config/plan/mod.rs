mod imds;
mod kind;
mod profile;
mod sources;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use imds::Imds;
pub use kind::{Federation, Kind, Role, Root, SamlRole, Session, SignedBy, WebIdentityRole};
pub use profile::Profile;
pub use sources::{AssertionSource, KeySource, Mfa, MfaCode};

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
    /// The container-credentials endpoint; a loopback address.
    pub credentials: SocketAddr,
    /// Metrics and probes; any address.
    pub ops: SocketAddr,
    /// The IMDSv2 endpoint, unless it is off.
    pub imds: Option<Imds>,
    /// `<token_dir>/<profile>/token` holds the authorization token of a profile's consumers.
    pub token_dir: PathBuf,
    /// The permission bits of a token file, such as `0o600`.
    pub token_mode: u32,
    /// Where an operator reaches the daemon.
    pub control_socket: PathBuf,
    /// What is kept over a restart, and shared with other daemons; without it nothing is.
    pub state_dir: Option<PathBuf>,
    /// Whether each serving of credentials is a line in the log.
    pub audit: bool,
}
