use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::aws::{AssumeRole, Endpoint, ProfileName, Region, SerialNumber, SessionDuration};
use crate::{aws_file, process};

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
    /// Where an operator reaches the daemon.
    pub control_socket: PathBuf,
    /// Whether each serving of credentials is a line in the log.
    pub audit: bool,
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

impl Profile {
    /// Whether credentials of `other` are what this profile would be given, too, so that they may be served until their
    /// renewal: nothing differs but `required`, the duration that is asked for, and where the codes of the same MFA
    /// device come from.
    pub fn same_identity(&self, other: &Self) -> bool {
        let mut adapted = other.clone();
        adapted.required = self.required;
        match (&mut adapted.kind, &self.kind) {
            (Kind::Session(theirs), Kind::Session(ours)) => {
                theirs.duration = ours.duration;
                adapt_code(theirs.mfa.as_mut(), ours.mfa.as_ref());
            }
            (Kind::Role(theirs), Kind::Role(ours)) => {
                theirs.request.duration = ours.request.duration;
                if let (SignedBy::Key { mfa: theirs, .. }, SignedBy::Key { mfa: ours, .. }) =
                    (&mut theirs.signed_by, &ours.signed_by)
                {
                    adapt_code(theirs.as_mut(), ours.as_ref());
                }
            }
            _ => return false,
        }
        adapted == *self
    }
}

fn adapt_code(theirs: Option<&mut Mfa>, ours: Option<&Mfa>) {
    if let (Some(theirs), Some(ours)) = (theirs, ours) {
        theirs.code = ours.code.clone();
    }
}

/// How a profile's credentials are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// GetSessionToken signed by the long-term key.
    Session(Session),
    /// AssumeRole.
    Role(Role),
}

impl Kind {
    /// The word in metrics, logs and `status`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Role(_) => "role",
        }
    }

    /// The profile whose credentials sign the request that makes this one.
    pub fn source_profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Role(Role {
                signed_by: SignedBy::Profile(source),
                ..
            }) => Some(source),
            Self::Session(_) | Self::Role(_) => None,
        }
    }

    /// The long-term key that signs the request, unless a source profile does.
    pub fn key(&self) -> Option<&KeySource> {
        match self {
            Self::Session(Session { key, .. })
            | Self::Role(Role {
                signed_by: SignedBy::Key { key, .. },
                ..
            }) => Some(key),
            Self::Role(_) => None,
        }
    }

    /// How long the credentials shall live.
    pub fn duration(&self) -> Duration {
        let seconds = match self {
            Self::Session(session) => session.duration.as_secs(),
            Self::Role(role) => role.request.duration.as_secs(),
        };
        Duration::from_secs(seconds.into())
    }

    /// The MFA device whose code goes with the request.
    pub fn mfa(&self) -> Option<&Mfa> {
        match self {
            Self::Session(Session { mfa, .. })
            | Self::Role(Role {
                signed_by: SignedBy::Key { mfa, .. },
                ..
            }) => mfa.as_ref(),
            Self::Role(_) => None,
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

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Who asks for it.
    pub signed_by: SignedBy,
    /// What is asked for; where [`SignedBy::Profile`] asks, at most [`LONGEST_CHAINED`](crate::aws::RoleDuration::LONGEST_CHAINED).
    pub request: AssumeRole,
}

/// What signs AssumeRole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// A long-term key, with the code of an MFA device if there is one.
    Key {
        /// Where the key comes from.
        key: KeySource,
        /// The device.
        mfa: Option<Mfa>,
    },
    /// The temporary credentials of another profile of the plan: role chaining. There is no cycle.
    Profile(ProfileName),
}

/// `key = { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A folder with `aws_access_key_id` and `aws_secret_access_key`.
    Directory(PathBuf),
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of the daemon's environment.
    Environment,
    /// A process that prints the JSON of `credential_process`.
    Process(process::Command),
    /// A profile of a shared credentials (or config) file.
    SharedCredentials {
        /// The file.
        file: PathBuf,
        /// Which of the two.
        form: aws_file::Form,
        /// The profile in it.
        profile: String,
    },
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
    /// A process that prints the code.
    Process(process::Command),
    /// A person, who submits it over the control socket.
    Push {
        /// Run whenever a code is asked for.
        notify: Option<process::Command>,
    },
    /// A file with the TOTP seed, in base32 or as an `otpauth://` URI.
    TotpSeedFile(PathBuf),
}

impl MfaCode {
    /// The process that tells a person that a code is wanted.
    pub fn notify(&self) -> Option<&process::Command> {
        match self {
            Self::Push { notify } => notify.as_ref(),
            Self::Process(_) | Self::TotpSeedFile(_) => None,
        }
    }
}
