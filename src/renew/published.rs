use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{CodeVerdict, Outcome};
use crate::aws::{ProfileName, Region};
use crate::clock::BootInstant;
use crate::config::Profile;

/// Every profile's published face, in the order of the configuration. Only the engine writes; whoever answers a request
/// reads the latest snapshot without waiting for anything.
pub struct Table(Box<[Published]>);

impl Table {
    /// Nothing is served yet.
    pub fn new(profiles: &[Profile]) -> Self {
        Self(profiles.iter().map(Published::new).collect())
    }

    /// The profiles in the order of the configuration.
    pub fn profiles(&self) -> &[Published] {
        &self.0
    }

    /// The profile of this name.
    pub fn named(&self, name: &str) -> Option<&Published> {
        self.0.iter().find(|profile| profile.name.as_str() == name)
    }
}

/// What others may know of a profile.
pub struct Published {
    /// Its name.
    pub name: ProfileName,
    /// Whether readiness waits for it.
    pub required: bool,
    /// How it is made, such as `session`.
    pub kind: &'static str,
    /// Where it is made.
    pub region: Region,
    snapshot: ArcSwap<Snapshot>,
    renewals: [AtomicU64; Outcome::COUNT],
    codes: [AtomicU64; CodeVerdict::ALL.len()],
}

impl Published {
    fn new(profile: &Profile) -> Self {
        Self {
            name: profile.name.clone(),
            required: profile.required,
            kind: profile.kind.as_str(),
            region: profile.region.clone(),
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            renewals: [const { AtomicU64::new(0) }; Outcome::COUNT],
            codes: [const { AtomicU64::new(0) }; CodeVerdict::ALL.len()],
        }
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
    /// When their renewal starts, by STS's clock.
    pub renewal: Option<DateTime<Utc>>,
    /// When they die, by STS's clock.
    pub expiration: Option<DateTime<Utc>>,
    /// How many renewals have failed since the last that did not.
    pub consecutive_failures: u32,
    /// What the last failure was and what to do; none after a success. It holds no secret.
    pub trouble: Option<Arc<str>>,
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
