use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{Caller, CodeVerdict, Failure, KeyReload, Outcome};
use crate::aws::{AccessKeyId, ProfileName, Region, SerialNumber};
use crate::clock::BootInstant;
use crate::config::{MfaCode, Profile};

/// Every profile's published face, in the order of the configuration. Only the engine writes; whoever answers a request
/// reads the latest snapshot without waiting for anything.
pub struct Table(ArcSwap<Vec<Arc<Published>>>);

impl Table {
    /// Nothing is served yet.
    pub fn new(profiles: &[Profile]) -> Self {
        let faces = profiles.iter().map(|profile| Arc::new(Published::new(profile)));
        Self(ArcSwap::from_pointee(faces.collect()))
    }

    /// The profiles in the order of the configuration, as they are at this moment.
    pub fn profiles(&self) -> Arc<Vec<Arc<Published>>> {
        self.0.load_full()
    }

    /// The profile of this name.
    pub fn named(&self, name: &str) -> Option<Arc<Published>> {
        let faces = self.0.load();
        faces
            .iter()
            .find(|profile| profile.name.as_str() == name)
            .map(Arc::clone)
    }

    /// Replaces the profiles: a reload.
    pub(super) fn replace(&self, faces: Vec<Arc<Published>>) {
        self.0.store(Arc::new(faces));
    }
}

/// What others may know of a profile.
pub struct Published {
    /// Its name.
    pub name: ProfileName,
    /// How it is made, such as `session`.
    pub kind: &'static str,
    /// The profile that it is made from.
    pub source_profile: Option<ProfileName>,
    /// Where it is made.
    pub region: Region,
    pub(super) assertion_file: Option<PathBuf>,
    mfa_serial: Option<SerialNumber>,
    push: AtomicBool,
    required: AtomicBool,
    snapshot: ArcSwap<Snapshot>,
    renewals: [AtomicU64; Outcome::COUNT],
    codes: [AtomicU64; CodeVerdict::ALL.len()],
    key_reloads: [AtomicU64; KeyReload::ALL.len()],
}

impl Published {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            name: profile.name.clone(),
            kind: profile.kind.as_str(),
            source_profile: profile.kind.source_profile().cloned(),
            region: profile.region.clone(),
            assertion_file: profile.kind.assertion_file().map(Path::to_owned),
            mfa_serial: profile.kind.mfa().map(|mfa| mfa.serial.clone()),
            push: AtomicBool::new(is_push(profile)),
            required: AtomicBool::new(profile.required),
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            renewals: [const { AtomicU64::new(0) }; Outcome::COUNT],
            codes: [const { AtomicU64::new(0) }; CodeVerdict::ALL.len()],
            key_reloads: [const { AtomicU64::new(0) }; KeyReload::ALL.len()],
        }
    }

    /// Whether readiness waits for it.
    pub fn is_required(&self) -> bool {
        self.required.load(Ordering::Relaxed)
    }

    /// The MFA device whose codes a person submits for it.
    pub(super) fn push_device(&self) -> Option<&SerialNumber> {
        self.mfa_serial.as_ref().filter(|_| self.push.load(Ordering::Relaxed))
    }

    /// Takes over what may differ while the profile stays who it is.
    pub(super) fn adjust(&self, profile: &Profile) {
        self.push.store(is_push(profile), Ordering::Relaxed);
        self.required.store(profile.required, Ordering::Relaxed);
    }

    /// What is true now.
    pub fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// How often a renewal ended so.
    pub fn renewals(&self, outcome: Outcome) -> u64 {
        self.renewals[outcome.index()].load(Ordering::Relaxed)
    }

    /// How often STS said this of a code.
    pub fn codes(&self, verdict: CodeVerdict) -> u64 {
        self.codes[verdict as usize].load(Ordering::Relaxed)
    }

    /// How often another long-term key was found, and what came of it.
    pub fn key_reloads(&self, reload: KeyReload) -> u64 {
        self.key_reloads[reload as usize].load(Ordering::Relaxed)
    }

    /// Replaces what is true. The engine's; public so that tests of the servers and the benches can set a scene.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Counts the end of a renewal.
    pub fn count_renewal(&self, outcome: Outcome) {
        self.renewals[outcome.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts STS's verdict on a code.
    pub fn count_code(&self, verdict: CodeVerdict) {
        self.codes[verdict as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts another long-term key.
    pub(super) fn count_key_reload(&self, reload: KeyReload) {
        self.key_reloads[reload as usize].fetch_add(1, Ordering::Relaxed);
    }
}

fn is_push(profile: &Profile) -> bool {
    let mfa = profile.kind.mfa();
    mfa.is_some_and(|mfa| matches!(mfa.code, MfaCode::Push { .. }))
}

/// What is true of a profile at a moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// What is served, while it lives.
    pub document: Option<Document>,
    /// Whether there ever were credentials.
    pub started: bool,
    /// When the latest credentials were issued, by STS's clock.
    pub issued: Option<DateTime<Utc>>,
    /// When their renewal or the next try starts, by STS's clock; none while that does not depend on time alone. Where a
    /// person submits the codes: when one is asked for.
    pub renewal: Option<DateTime<Utc>>,
    /// When they die, by STS's clock.
    pub expiration: Option<DateTime<Utc>>,
    /// How many renewals have failed since the last that did not.
    pub consecutive_failures: u32,
    /// The last failure; none after a success.
    pub trouble: Option<Arc<Trouble>>,
    /// Since when a person has been asked for an MFA code; none while nobody is.
    pub code_wanted: Option<DateTime<Utc>>,
    /// From when on a person's code is taken; none for a profile that gets its codes otherwise, or has no credentials yet.
    pub code_accepted_from: Option<DateTime<Utc>>,
    /// Whether the profile waits for another assertion than its file has.
    pub assertion_wanted: bool,
    /// The id of the latest credentials' key.
    pub session_key: Option<AccessKeyId>,
    /// Whose the credentials are, where STS has told.
    pub caller: Option<Arc<Caller>>,
    /// Why the long-term key that signs is not the one in its source; none while it is.
    pub key_trouble: Option<Arc<KeyTrouble>>,
}

/// A failed renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub failure: Failure,
    /// What happened and what to do, for people. It holds no secret.
    pub message: String,
    /// When, by STS's clock.
    pub at: DateTime<Utc>,
}

/// What is in the source of the long-term key, while another one signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrouble {
    /// What kind of trouble it is.
    pub state: KeyState,
    /// What was found and what to do, for people. It holds no secret.
    pub message: String,
    /// When, by STS's clock.
    pub at: DateTime<Utc>,
    /// When it is tried again, by STS's clock; none where time alone brings no try.
    pub next_try: Option<DateTime<Utc>>,
}

/// What is in the source of the long-term key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Another key, with which no call has been made yet.
    Unproven,
    /// Another key, which brought no credentials.
    Failed,
    /// Nothing that is a key.
    Unreadable,
}

impl KeyState {
    /// The word in the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Snapshot {
    /// What may be served at `now`: nothing from the moment that the credentials died.
    pub fn servable(&self, now: BootInstant) -> Option<&Document> {
        self.document.as_ref().filter(|document| now < document.dies)
    }
}

/// A credentials document whose bytes are ready to be sent.
#[derive(Clone)]
pub struct Document {
    /// The JSON that every SDK reads. Wiped when the last holder drops it.
    pub body: Bytes,
    /// The first instant at which it must not be served any more.
    pub dies: BootInstant,
}
