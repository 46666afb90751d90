use std::collections::HashMap;
use std::sync::Arc;

use super::watch::Watch;
use crate::aws::{AccessKeyId, Credentials, LongTermKey, SerialNumber};
use crate::clock::BootInstant;
use crate::config::Profile;
use crate::keys;
use crate::mfa::{Refusals, Step};
use crate::renew::keyring::Keyring;
use crate::renew::machine::Machine;
use crate::renew::{Caller, Device, Job, Published};
use crate::secret_file::Version;

/// A profile as the engine knows it.
pub(super) struct Worker {
    /// Its own, whatever is reloaded.
    pub(super) number: u64,
    pub(super) job: Arc<Job>,
    pub(super) face: Arc<Published>,
    pub(super) machine: Machine,
    /// Where its source profile is among the workers.
    pub(super) source: Option<usize>,
    /// What is served, for the roles that are made from it.
    pub(super) held: Option<Arc<Credentials>>,
    /// When the renewal of what is served is due, or its next try, whatever call comes before.
    pub(super) renewal_due: BootInstant,
    /// The long-term keys.
    pub(super) keyring: Keyring,
    /// Which version of the key the last look read.
    pub(super) key_version: Option<keys::Version>,
    /// Whose the credentials are that the key of this id brings, where STS has told.
    pub(super) known: Option<(Option<AccessKeyId>, Arc<Caller>)>,
    /// Whether what is kept is looked at before anything else is done.
    pub(super) unread: bool,
    /// Whether there is another token or assertion than the last that was sent.
    pub(super) watch: Watch,
    /// Which TOTP seed of which device the last code was made of, where versions are told apart.
    pub(super) seed: Option<(SerialNumber, Version)>,
    /// The MFA devices that are not the user's by STS's word, which is about its key as much as about them.
    pub(super) disowned: Refusals,
}

/// A call, and what must be settled when it has ended.
pub(super) struct UnderWay {
    /// Whose it is. The worker may be gone by then.
    pub(super) worker: u64,
    pub(super) job: Arc<Job>,
    /// Whether only what is kept is looked at.
    pub(super) recalls: bool,
    /// The step whose code goes with it.
    pub(super) step: Option<Step>,
    /// The device of that step.
    pub(super) serial: Option<SerialNumber>,
    /// Whether a person gave the code.
    pub(super) submitted: bool,
    /// The key that it is to prove, where that was known when it began.
    pub(super) proves: Option<LongTermKey>,
}

impl Worker {
    /// A profile without credentials, due at once.
    pub(super) fn new(number: u64, job: Job, face: Arc<Published>, now: BootInstant) -> Self {
        Self {
            number,
            job: Arc::new(job),
            face,
            machine: Machine::new(now),
            source: None,
            held: None,
            renewal_due: now,
            keyring: Keyring::default(),
            key_version: None,
            known: None,
            unread: true,
            watch: Watch::default(),
            seed: None,
            disowned: Refusals::default(),
        }
    }

    /// When the renewal begins whose call is due then, and from when on a person's code is taken for it: where he gives
    /// the codes, it begins with asking him.
    pub(super) fn renewal(&self, due: BootInstant) -> (BootInstant, Option<BootInstant>) {
        match self.job.submitted_device() {
            Some(_) => (self.machine.asks(), Some(due)),
            None => (due, None),
        }
    }

    /// Whether what is held is of the account that `profile` expects, if it holds and expects anything.
    pub(super) fn may_be_served_for(&self, profile: &Profile) -> bool {
        match (&profile.expected_account_id, &self.held) {
            (Some(expected), Some(_)) => {
                let snapshot = self.face.snapshot();
                snapshot
                    .caller
                    .as_ref()
                    .is_some_and(|caller| caller.account == *expected)
            }
            _ => true,
        }
    }

    /// Whether another profile's credentials sign its requests.
    pub(super) fn needs_source(&self) -> bool {
        self.job.profile.kind.source_profile().is_some()
    }
}

impl UnderWay {
    /// The MFA device whose code goes with it.
    pub(super) fn device(&self) -> Option<&Device> {
        self.job.device_of(self.serial.as_ref())
    }

    /// Whether its code is of the step that was chosen.
    pub(super) fn knows_steps(&self) -> bool {
        self.device().is_some_and(Device::knows_steps)
    }
}

/// Lets every worker know where its source is.
pub(super) fn with_sources(mut workers: Vec<Worker>) -> Vec<Worker> {
    let places: HashMap<_, _> = workers.iter().map(|worker| worker.face.name.clone()).zip(0..).collect();
    for worker in &mut workers {
        let source = worker.job.profile.kind.source_profile();
        worker.source = source.and_then(|name| places.get(name).copied());
    }
    workers
}
