use std::net::SocketAddr;
use std::path::PathBuf;

use crate::aws::{Endpoint, ProfileName, Region, SerialNumber, SessionDuration};

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
    /// `<token_dir>/<profile>/token` holds the authorization token of a profile's consumers.
    pub token_dir: PathBuf,
    /// The permission bits of a token file, such as `0o600`.
    pub token_mode: u32,
}

/// `[profile.<name>]`: a named set of temporary credentials that is kept fresh and served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name in the file, the path and the metrics.
    pub name: ProfileName,
    /// Where the credentials are asked for.
    pub region: Region,
    /// Whether readiness waits for it.
    pub required: bool,
    /// STS's address and the signature's region.
    pub endpoint: Endpoint,
    /// How the credentials are made.
    pub kind: Kind,
}

/// How a profile's credentials are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// GetSessionToken signed by the long-term key.
    Session(Session),
}

impl Kind {
    /// The word in metrics and logs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
        }
    }
}

/// A GetSessionToken session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where the long-term key comes from.
    pub key: KeySource,
    /// The MFA device; without one the session carries no MFA.
    pub mfa: Option<Mfa>,
    /// What STS is asked for.
    pub duration: SessionDuration,
}

/// `key = { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A folder with `aws_access_key_id` and `aws_secret_access_key`.
    Directory(PathBuf),
}

/// `mfa_serial` and `mfa_code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mfa {
    /// The device.
    pub serial: SerialNumber,
    /// Where its codes come from.
    pub code: MfaCode,
}

/// `mfa_code = { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MfaCode {
    /// A file with the TOTP seed, in base32 or as an `otpauth://` URI.
    TotpSeedFile(PathBuf),
}
