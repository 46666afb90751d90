mod json;
mod source;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::aws::{Endpoint, ProfileName, Region, SerialNumber};

pub use source::Source;
pub use state::State;

/// What is true of the daemon at a moment, without a secret. All its times are STS's as the daemon knows it, also those of
/// things that have nothing to do with STS, so that they can be held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The version of valetkey that runs.
    pub version: &'static str,
    /// The revision that it was built from.
    pub revision: &'static str,
    /// When the daemon started.
    pub started: DateTime<Utc>,
    /// The moment.
    pub now: DateTime<Utc>,
    /// How far the host's clock is off, once STS has been heard.
    pub clock_offset: Option<ClockOffset>,
    /// How many log lines were dropped since the start.
    pub log_lines_dropped: u64,
    /// In the order of the configuration.
    pub profiles: Vec<ProfileStatus>,
    /// Where it listens.
    pub listeners: Listeners,
    /// Where used MFA steps and sessions outlive it, if they do.
    pub state_dir: Option<StateDir>,
    /// How its memory is protected.
    pub protections: Protections,
    /// What it was configured by.
    pub configuration: Configuration,
}

/// STS's time minus the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset(pub TimeDelta);

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileStatus {
    /// Its name.
    pub name: ProfileName,
    /// How it is made, such as `session`.
    pub kind: &'static str,
    /// Whose signature asks for it.
    pub source: Source,
    /// Its region.
    pub region: Region,
    /// The STS that is asked for it.
    pub endpoint: Endpoint,
    /// Whether readiness waits for it.
    pub required: bool,
    /// What a consumer finds.
    pub state: State,
    /// The account of its credentials, twelve digits, where known.
    pub account: Option<String>,
    /// The ARN that policies name for them, where known.
    pub arn: Option<String>,
    /// The device whose codes it takes.
    pub mfa: Option<MfaDevice>,
    /// When the latest credentials were issued.
    pub issued: Option<DateTime<Utc>>,
    /// When their renewal starts.
    pub renewal: Option<DateTime<Utc>>,
    /// When AWS stops accepting them.
    pub expiration: Option<DateTime<Utc>>,
    /// How many renewals have failed since the last that did not.
    pub consecutive_failures: u32,
    /// The last failure; none after a success.
    pub trouble: Option<Trouble>,
    /// Since when a person's code has been asked for.
    pub code_wanted: Option<DateTime<Utc>>,
    /// What it waits for that no time brings, such as `the credentials of profile ops`.
    pub waits_for: Option<String>,
    /// Why the long-term key that signs is not the one in its source; none while it is.
    pub key_trouble: Option<KeyTrouble>,
}

/// What is in the source of the long-term key, while another one signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrouble {
    /// `unproven`, `failed` or `unreadable`.
    pub state: &'static str,
    /// What was found and what to do. One line.
    pub message: Arc<str>,
    /// When.
    pub when: DateTime<Utc>,
    /// When it is tried again, if time brings that.
    pub next_try: Option<DateTime<Utc>>,
}

/// An MFA device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaDevice {
    /// Its ARN or serial number.
    pub serial: SerialNumber,
    /// Whether a person submits its codes; otherwise they come from a seed or a process.
    pub push: bool,
    /// From when on a person's code is taken; none where nobody submits codes.
    pub accepted_from: Option<DateTime<Utc>>,
}

/// Why the last renewal failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The word that metrics have for it.
    pub result: &'static str,
    /// What happened and what to do. One line.
    pub message: Arc<str>,
    /// When.
    pub when: DateTime<Utc>,
}

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// The container-credentials endpoint.
    pub credentials: SocketAddr,
    /// How consumers ask it: with TLS by a name of its certificate.
    pub credentials_url: String,
    /// When the certificate expires that it shows, if it speaks TLS.
    pub certificate_expiration: Option<DateTime<Utc>>,
    /// The IMDSv2 endpoint, unless it is off.
    pub imds: Option<SocketAddr>,
    /// The profile that it serves.
    pub imds_profile: Option<ProfileName>,
    /// Metrics and probes.
    pub ops: SocketAddr,
    /// This socket.
    pub control_socket: PathBuf,
}

/// The folder in which used MFA steps and sealed sessions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    /// Its path.
    pub path: PathBuf,
    /// How often something could not be read or written since the start.
    pub failures: u64,
    /// What is in the way now, if anything is: what should be there is in memory alone.
    pub trouble: Option<String>,
}

/// Protections of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protections {
    /// No other process of this user can read its memory.
    pub not_dumpable: bool,
    /// A crash writes no core file.
    pub no_core: bool,
}

/// What the daemon was configured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// A file's path, `environment`, or an AWS profile's name in words.
    pub source: String,
    /// The last reload, if there was one.
    pub last_reload: Option<LastReload>,
}

/// A reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReload {
    /// When.
    pub when: DateTime<Utc>,
    /// Whether the configuration was taken.
    pub successful: bool,
    /// What changed, or why nothing did; it may have several lines.
    pub message: String,
}

impl Status {
    /// Whether every required profile has valid credentials.
    pub fn is_ready(&self) -> bool {
        let mut required = self.profiles.iter().filter(|profile| profile.required);
        required.all(|profile| profile.state == State::Ready)
    }
}
