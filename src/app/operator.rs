//! What the control socket may ask of the daemon.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;

use super::Listeners;
use super::reload::Reloader;
use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber, TokenCode};
use crate::clock::Clock;
use crate::config::{MfaCode, Profile};
use crate::control::{
    self, ClockOffset, Configuration, KeyTrouble, LastReload, MfaDevice, NotReloaded, ProfileStatus, Reloaded, Source,
    State, Status, Trouble,
};
use crate::harden::Protections;
use crate::metrics;
use crate::renew::{self, Accepted, Event, Handle, Observer, Outcome, Published, Refused, Reservation, Table};
use crate::server::Tls;
use crate::state::StateDir;

/// The daemon, as an operator sees it.
pub(super) struct Operator {
    pub(super) table: Arc<Table>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: Handle,
    pub(super) reloader: Arc<Reloader>,
    pub(super) offset: Arc<Offset>,
    pub(super) started: DateTime<Utc>,
    pub(super) state_dir: Option<Arc<StateDir>>,
    pub(super) protections: Protections,
    pub(super) addresses: Addresses,
    /// What the daemon was configured by.
    pub(super) source: String,
}

/// Where the daemon listens.
pub(super) struct Addresses {
    pub(super) credentials: SocketAddr,
    /// With what that speaks TLS.
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) imds: Option<SocketAddr>,
    pub(super) ops: SocketAddr,
    pub(super) control_socket: PathBuf,
}

impl Addresses {
    pub(super) fn of(listeners: &Listeners, tls: Option<Arc<Tls>>) -> io::Result<Self> {
        Ok(Self {
            credentials: listeners.credentials.local_addr()?,
            tls,
            imds: listeners.imds.as_ref().map(TcpListener::local_addr).transpose()?,
            ops: listeners.ops.local_addr()?,
            control_socket: listeners.control.path().to_owned(),
        })
    }
}

/// How consumers ask the credentials listener at this address.
pub(super) fn url(tls: Option<&Tls>, address: SocketAddr) -> String {
    tls.map_or_else(|| format!("http://{address}"), |tls| tls.url(address))
}

/// The offset of STS's time that was last learnt.
#[derive(Default)]
pub(super) struct Offset(Mutex<Option<TimeDelta>>);

impl Offset {
    fn get(&self) -> Option<TimeDelta> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Offset {
    fn observe(&self, event: &Event<'_>) {
        if let Event::ClockOffset(offset) = event {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*offset);
        }
    }
}

impl control::Operator for Operator {
    fn status(&self) -> Status {
        let plan = self.reloader.plan.load();
        let faces = self.table.profiles();
        // A reload replaces the faces a moment before the profiles: what stands in one list alone is left out.
        let of = |profile: &Profile| faces.iter().find(|face| face.name == profile.name);
        let now = self.clock.wall() + self.offset.get().unwrap_or_default();
        Status {
            version: metrics::VERSION,
            revision: metrics::REVISION,
            started: self.started,
            now,
            clock_offset: self.offset.get().map(ClockOffset),
            log_lines_dropped: self.reloader.metrics.lines_dropped(),
            profiles: plan
                .profiles
                .iter()
                .filter_map(|profile| Some(self.profile(profile, of(profile)?, &faces)))
                .collect(),
            listeners: control::Listeners {
                credentials: self.addresses.credentials,
                credentials_url: url(self.addresses.tls.as_deref(), self.addresses.credentials),
                certificate_expiration: self.addresses.tls.as_ref().map(|tls| tls.expiration()),
                imds: self.addresses.imds,
                imds_profile: plan.server.imds.as_ref().map(|imds| imds.profile.clone()),
                ops: self.addresses.ops,
                control_socket: self.addresses.control_socket.clone(),
            },
            state_dir: self.state_dir.as_deref().map(|dir| control::StateDir {
                path: dir.path().to_owned(),
                failures: dir.failures(),
                trouble: dir.trouble(),
            }),
            protections: control::Protections {
                not_dumpable: self.protections.not_dumpable,
                no_core: self.protections.no_core,
            },
            configuration: Configuration {
                source: self.source.clone(),
                last_reload: self.reloader.last.load_full().map(|last| LastReload::clone(&last)),
            },
        }
    }

    fn submit(&self, profile: Option<ProfileName>, code: TokenCode) -> BoxFuture<'_, Result<Accepted, Refused>> {
        Box::pin(self.engine.submit(profile, code))
    }

    fn reserve(&self, device: SerialNumber) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(self.engine.reserve(device))
    }

    fn reload(&self, rotate_tokens: bool) -> BoxFuture<'_, Result<Reloaded, NotReloaded>> {
        Box::pin(async move { self.reloader.reload(rotate_tokens).await })
    }
}

impl Operator {
    fn profile(&self, profile: &Profile, face: &Published, faces: &[Arc<Published>]) -> ProfileStatus {
        let (snapshot, now) = (face.snapshot(), self.clock.boot());
        let mfa = profile.kind.mfa();
        // Without credentials a code is taken at once, and has been since it was asked for.
        let accepted_from = snapshot.code_accepted_from.or(snapshot.code_wanted);
        ProfileStatus {
            name: profile.name.clone(),
            kind: profile.kind.as_str(),
            source: Source::of(&profile.kind),
            region: profile.region.clone(),
            endpoint: profile.endpoint.clone(),
            required: profile.required,
            state: State::of(&snapshot, snapshot.code_wanted.is_some(), now),
            account: snapshot.caller.as_ref().map(|caller| caller.account.to_string()),
            arn: snapshot.caller.as_ref().and_then(|caller| caller.arn.clone()),
            mfa: mfa.map(|mfa| {
                let push = matches!(mfa.code, MfaCode::Push { .. });
                MfaDevice {
                    serial: mfa.serial.clone(),
                    push,
                    accepted_from: push.then(|| accepted_from.unwrap_or(self.started)),
                }
            }),
            issued: snapshot.issued,
            renewal: snapshot.renewal,
            expiration: snapshot.expiration,
            consecutive_failures: snapshot.consecutive_failures,
            trouble: snapshot.trouble.as_ref().map(|trouble| Trouble {
                result: Outcome::Failed(trouble.failure).as_str(),
                message: trouble.message.as_str().into(),
                when: trouble.at,
            }),
            code_wanted: snapshot.code_wanted,
            waits_for: renew::waits_for(face, faces, now),
            key_trouble: snapshot.key_trouble.as_ref().map(|trouble| KeyTrouble {
                state: trouble.state.as_str(),
                message: trouble.message.as_str().into(),
                when: trouble.at,
                next_try: trouble.next_try,
            }),
        }
    }
}
