//! Another long-term key than the one in use: it is proven by a renewal, and the one in use is kept until then.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};

use super::Engine;
use super::settle::Cause;
use super::worker::UnderWay;
use crate::aws::LongTermKey;
use crate::clock::BootInstant;
use crate::mfa::Refusals;
use crate::renew::job::{Attempt, Unprepared};
use crate::renew::keyring::{Failing, Found};
use crate::renew::{Failure, Job, KeyReload, KeyState, KeyTrouble, Snapshot};
use crate::sts::Class;

impl Engine {
    /// Lets the call begin that proves another key, once it is due. Tells when that will be.
    pub(super) fn hasten_proof(&mut self, index: usize) -> Option<BootInstant> {
        let now = self.parts.clock.boot();
        let worker = &self.workers[index];
        let due = worker
            .keyring
            .due()
            .filter(|_| worker.job.submitted_device().is_none())?;
        if now < due {
            return Some(due);
        }
        // It looks again when that call has ended.
        if self.is_proven_by_peer(index, now) {
            return None;
        }
        let worker = &mut self.workers[index];
        // A call under way has chosen its key; the next one is this.
        if worker.machine.due().is_some() {
            worker.keyring.begin();
            worker.machine.hasten(now);
        }
        None
    }

    /// Takes in what a call found in the source of its key.
    pub(super) fn note_found_key(&mut self, call: &UnderWay, attempt: &Attempt) {
        if let (Some(index), Some(found)) = (self.place_of(call), &attempt.found) {
            // A look may have found another one meanwhile, for which this is taken: the next one reads it again.
            self.workers[index].key_version = None;
            self.note_source(index, found);
        }
    }

    /// Takes in what is in the source of a worker's key.
    pub(super) fn note_source(&mut self, index: usize, found: &Result<LongTermKey, Unprepared>) {
        match found {
            Ok(key) => self.note_key(index, key),
            Err(unprepared) => self.note_unreadable(index, &unprepared.message),
        }
    }

    fn note_key(&mut self, index: usize, key: &LongTermKey) {
        let (now, chance) = (self.parts.clock.boot(), (self.parts.chance)());
        let worker = &mut self.workers[index];
        let person = worker.job.submitted_device().is_some();
        let (profile, id) = (&worker.face.name, &key.access_key_id);
        match worker.keyring.found(key, now, person, chance) {
            Found::Usual | Found::Known => {}
            Found::Corrected => {
                worker.machine.mended(now);
                worker.machine.hasten(now);
                worker.disowned = Refusals::default();
            }
            Found::Back => {
                info!(%profile, key = %id, "the long-term key in its source is the one in use again");
                self.publish_key_trouble(index, None);
            }
            Found::Another => {
                info!(%profile, key = %id, "another long-term key was found; it is used once a renewal with it has succeeded");
                let when = if person {
                    "the next renewal, which takes a person's code, proves it"
                } else {
                    "a renewal proves it now"
                };
                let message = format!("another long-term key ({id}) is in its source, and {when}");
                let next_try = worker.keyring.due().map(|due| self.sts_time(due));
                self.publish_key_trouble(index, Some((KeyState::Unproven, message, next_try)));
            }
        }
    }

    fn note_unreadable(&mut self, index: usize, message: &str) {
        let now = self.parts.clock.boot();
        let worker = &mut self.workers[index];
        if !worker.keyring.unreadable(now) {
            return;
        }
        worker.face.count_key_reload(KeyReload::Unreadable);
        let message = format!("the long-term key in use is kept, since its source cannot be read any more: {message}");
        warn!(profile = %worker.face.name, "{message}");
        self.publish_key_trouble(index, Some((KeyState::Unreadable, message, None)));
    }

    /// The key of a call that brought credentials signs from now on.
    pub(super) fn adopt_key(&mut self, call: &UnderWay, attempt: &Attempt) {
        let (Some(index), Some(key)) = (self.place_of(call), &attempt.key) else {
            return;
        };
        let worker = &mut self.workers[index];
        if worker.keyring.proved(key) {
            let caller = attempt.caller.caller.clone();
            let before = worker.known.take();
            if let (Some((_, before)), Some(caller)) = (&before, &caller)
                && let Some((user, now)) = before.other_arn(caller)
            {
                warn!(profile = %worker.face.name, key = %key.access_key_id, "another long-term key is another user's: {now}, and the one before was of {user}");
            }
            worker.known = caller.map(|caller| (attempt.key_id().cloned(), caller));
            worker.disowned = Refusals::default();
            worker.face.count_key_reload(KeyReload::Adopted);
            info!(profile = %worker.face.name, key = %key.access_key_id, "another long-term key is used");
            self.publish_key_trouble(index, None);
        }
    }

    /// Takes in with which key STS was asked in vain, if it is the one in use or the only one.
    pub(super) fn note_tried_key(&mut self, call: &UnderWay, attempt: &Attempt, cause: &Cause<'_>) {
        let (Some(index), Some(key)) = (self.place_of(call), &attempt.key) else {
            return;
        };
        let keyring = &mut self.workers[index].keyring;
        if keyring.is_another(key) {
            return;
        }
        keyring.tried(key);
        if cause.failure == Failure::Sts(Class::KeyInvalid) {
            keyring.refused();
        }
    }

    /// Takes in that a call with another key than the one in use brought nothing. That is no failed renewal: the one in use
    /// signs the next, at its time. Tells whether it was such a call.
    pub(super) fn fail_proof(&mut self, call: &UnderWay, key: Option<&LongTermKey>, cause: &Cause<'_>) -> bool {
        let (Some(index), Some(key)) = (self.place_of(call), key) else {
            return false;
        };
        if !self.workers[index].keyring.is_another(key) {
            return false;
        }
        self.answer_refusal(call, cause);
        let (now, chance) = (self.parts.clock.boot(), (self.parts.chance)());
        let worker = &mut self.workers[index];
        let person = worker.job.submitted_device().is_some();
        let failing = worker.keyring.failed(key, now, cause.is_of_key(), person, chance);
        let due = if person && cause.code_is_left {
            worker.machine.retried(now, chance)
        } else {
            let renewal = worker.renewal_due.max(now);
            worker.machine.postponed(renewal);
            renewal
        };
        if cause.is_of_key() {
            worker.face.count_key_reload(KeyReload::Failed);
        }
        if let Some(failing) = failing {
            self.tell_failed_proof(index, key, failing, cause);
        }
        if cause.failure == Failure::Sts(Class::KeyInvalid) {
            self.fail_proofs_of_peers(index, key, cause);
        }
        let next = self.next_call(index, due).map(|next| self.sts_time(next));
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            renewal: next.or(before.renewal),
            ..Snapshot::clone(&before)
        });
        true
    }

    /// Whether another worker is about to find out what this one would, with a step of the same device.
    fn is_proven_by_peer(&self, index: usize, now: BootInstant) -> bool {
        self.peers(index).any(|peer| {
            let peer = &self.workers[peer];
            peer.keyring.is_proving() && peer.machine.due().is_none_or(|due| due <= now)
        })
    }

    /// STS would tell them the same of the key, and each time it would take a step of the device.
    fn fail_proofs_of_peers(&mut self, index: usize, key: &LongTermKey, cause: &Cause<'_>) {
        let now = self.parts.clock.boot();
        let peers: Vec<_> = self.peers(index).collect();
        for peer in peers {
            let chance = (self.parts.chance)();
            let worker = &mut self.workers[peer];
            if !worker.keyring.has_other(key) || worker.keyring.is_proving() {
                continue;
            }
            if let Some(failing) = worker.keyring.failed(key, now, true, false, chance) {
                self.tell_failed_proof(peer, key, failing, cause);
            }
        }
    }

    /// The other workers with the same key, STS and device, whose codes are made.
    fn peers(&self, index: usize) -> impl Iterator<Item = usize> {
        let job = &self.workers[index].job;
        let is_peer = move |other: &usize| {
            let (other, profile) = (&self.workers[*other].job, &job.profile);
            let serial = |job: &Job| job.device.as_ref().map(|device| device.serial.clone());
            other.profile.kind.key() == profile.kind.key()
                && other.profile.endpoint == profile.endpoint
                && other.submitted_device().is_none()
                && serial(job).is_some()
                && serial(other) == serial(job)
        };
        (0..self.workers.len())
            .filter(move |other| *other != index)
            .filter(is_peer)
    }

    fn tell_failed_proof(&self, index: usize, key: &LongTermKey, failing: Failing, cause: &Cause<'_>) {
        let message = format!(
            "another long-term key ({}) brought no credentials, and the one in use is kept: {}",
            key.access_key_id, cause.message
        );
        let (profile, request_id) = (&self.face(index).name, cause.request_id);
        if failing.is_news {
            warn!(%profile, request_id, "{message}");
        } else {
            debug!(%profile, request_id, "{message}");
        }
        let next_try = failing.next_try.map(|at| self.sts_time(at));
        self.publish_key_trouble(index, Some((KeyState::Failed, message, next_try)));
    }

    fn publish_key_trouble(&self, index: usize, trouble: Option<(KeyState, String, Option<DateTime<Utc>>)>) {
        let at = self.sts_time(self.parts.clock.boot());
        let face = self.face(index);
        face.publish(Snapshot {
            key_trouble: trouble.map(|(state, message, next_try)| {
                Arc::new(KeyTrouble {
                    state,
                    message,
                    at,
                    next_try,
                })
            }),
            ..Snapshot::clone(&face.snapshot())
        });
    }

    fn sts_time(&self, at: BootInstant) -> DateTime<Utc> {
        self.time.at(at, &*self.parts.clock)
    }
}
