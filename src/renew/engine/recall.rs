//! Sessions that outlive the process: taken up at a start, and from others who renewed the same profile.

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::Engine;
use super::serve::Fresh;
use super::settle::Cause;
use super::worker::{UnderWay, Worker};
use crate::renew::job::{Attempt, Kept};
use crate::renew::{Accepted, Snapshot, healing};

/// How long after somebody else has used a step his session is looked for: his call is over by then.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Engine {
    /// Whether the worker's next call is a look at what is kept, which takes no step and no code.
    pub(super) fn recalls(&self, worker: &Worker) -> bool {
        worker.unread && self.parts.store.is_some() && worker.job.key.is_some()
    }

    /// Whether that look is to come or under way.
    pub(super) fn is_recalling(&self, worker: &Worker) -> bool {
        let mut calls = self.under_way.values();
        self.recalls(worker) || calls.any(|call| call.recalls && call.worker == worker.number)
    }

    /// Kept credentials are served; nobody was asked for new ones, and the step is still free.
    pub(super) fn take_kept(&mut self, call: &UnderWay, attempt: &Attempt, kept: &Kept) {
        if !self.expects_account_of(call, kept) {
            self.release_step(call);
            return self.end_recall(call, attempt);
        }
        self.note_questions(call, attempt);
        self.release_step(call);
        if let Some((failure, message)) = self.refuse_stranger(call, attempt, kept.caller.as_deref()) {
            let cause = Cause {
                failure,
                backoff: healing::backoff(failure),
                message: &message,
                request_id: None,
                code_is_left: true,
            };
            return self.end_in_vain(call, attempt.key.as_ref(), &cause);
        }
        self.adopt_key(call, attempt);
        let fresh = Fresh {
            credentials: Arc::clone(&kept.session.credentials),
            issued: kept.session.issued,
            dies: kept.dies,
            lifetime: kept.session.lifetime,
            caller: kept.caller.clone(),
        };
        let Some(told) = self.serve(call, fresh) else {
            return;
        };
        let credentials = &kept.session.credentials;
        info!(
            profile = %told.face.name,
            session_key = %credentials.access_key_id,
            expiration = %credentials.expiration.format("%FT%TZ"),
            renewal = %told.renewal.format("%FT%TZ"),
            "credentials taken from state_dir"
        );
        let expiration = credentials.expiration;
        if let Some(device) = call.job.submitted_device()
            && self.people.has_code_for(device, call.worker)
        {
            // It came during the look, and is not needed any more.
            let profile = told.face.name.clone();
            self.people.answer(device, Ok(Accepted { profile, expiration }));
        }
        self.tell_renewed(call, &told, expiration);
    }

    /// A reload may have changed which account is expected since the look began.
    fn expects_account_of(&self, call: &UnderWay, kept: &Kept) -> bool {
        let place = self.place_of(call);
        let expected = place.and_then(|index| self.workers[index].job.profile.expected_account_id.as_ref());
        let account = kept.caller.as_ref().map(|caller| &caller.account);
        expected.is_none_or(|expected| account == Some(expected))
    }

    /// Nothing of use is kept: what the credentials really take comes next.
    pub(super) fn end_recall(&mut self, call: &UnderWay, attempt: &Attempt) {
        self.note_questions(call, attempt);
        if let Some(index) = self.place_of(call) {
            let now = self.parts.clock.boot();
            self.workers[index].machine.postponed(now);
            if self.face(index).snapshot().renewal.is_some() {
                self.publish_next_call(index);
            }
        }
    }

    /// A look that came to no end is made anew.
    pub(super) fn look_again(&mut self, call: &UnderWay) {
        if let Some(index) = self.place_of(call) {
            self.workers[index].unread |= call.recalls;
        }
    }

    /// Publishes when the next call really starts.
    pub(super) fn publish_next_call(&self, index: usize) {
        let next = self.next_call(index, self.parts.clock.boot());
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            renewal: next
                .map(|next| self.time.at(next, &*self.parts.clock))
                .or(before.renewal),
            ..Snapshot::clone(&before)
        });
    }

    /// Writes what is served now for the next start, and does not wait for it.
    pub(super) fn keep(&mut self, call: &UnderWay, attempt: &Attempt) {
        if let (Some(store), Some(sealed)) = (&self.parts.store, &attempt.sealed) {
            let (store, profile, sealed) = (Arc::clone(store), call.job.profile.name.clone(), sealed.clone());
            self.errands.spawn(async move { store.keep(profile, sealed).await });
        }
    }
}
