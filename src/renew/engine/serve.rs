//! What is served: from the moment that there are credentials until they die.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::error;

use super::Engine;
use super::worker::UnderWay;
use crate::aws::Credentials;
use crate::clock::BootInstant;
use crate::renew::{Accepted, Caller, Document, Event, Published, Snapshot, document, schedule};

/// Credentials that are better than what is served.
pub(super) struct Fresh {
    pub(super) credentials: Arc<Credentials>,
    /// When they were issued, by STS's clock.
    pub(super) issued: DateTime<Utc>,
    pub(super) dies: BootInstant,
    /// How long they live from their beginning.
    pub(super) lifetime: Duration,
    pub(super) caller: Option<Arc<Caller>>,
}

/// What is to be told of credentials that are served from now on.
pub(super) struct Told {
    pub(super) face: Arc<Published>,
    pub(super) renewal: DateTime<Utc>,
    /// How many calls had failed before.
    pub(super) failures: u32,
}

impl Engine {
    /// Serves them; nothing if a reload has taken the worker away.
    pub(super) fn serve(&mut self, call: &UnderWay, fresh: Fresh) -> Option<Told> {
        let index = self.place_of(call)?;
        let (dies, lifetime) = (fresh.dies, fresh.lifetime);
        let due = match self.workers[index].job.submitted_device() {
            Some(_) => schedule::submission(dies, lifetime),
            None => schedule::renewal(dies, lifetime, self.least_left(index), (self.parts.chance)()),
        };
        let worker = &mut self.workers[index];
        let failures = worker.machine.failures();
        worker.machine.succeeded(dies, due, schedule::asking(dies, lifetime));
        worker.held = Some(Arc::clone(&fresh.credentials));
        let (renewal, accepted) = worker.renewal(due);
        let clock = &*self.parts.clock;
        let time = |at| self.time.at(at, clock);
        let renewal = time(renewal);
        let face = Arc::clone(&worker.face);
        let code_wanted = face.snapshot().code_wanted;
        let account = fresh.caller.as_deref().map(|caller| &caller.account);
        face.publish(Snapshot {
            document: Some(Document {
                body: document::render(&fresh.credentials, account, fresh.issued),
                dies,
            }),
            started: true,
            issued: Some(fresh.issued),
            renewal: Some(renewal),
            expiration: Some(fresh.credentials.expiration),
            consecutive_failures: 0,
            trouble: None,
            code_wanted,
            assertion_wanted: false,
            session_key: Some(fresh.credentials.access_key_id.clone()),
            caller: fresh.caller,
            code_accepted_from: accepted.map(time),
        });
        // What is made from these may have been refused for those before.
        let now = self.parts.clock.boot();
        for worker in self.workers.iter_mut().filter(|worker| worker.source == Some(index)) {
            worker.machine.mended(now);
        }
        Some(Told {
            face,
            renewal,
            failures,
        })
    }

    /// What is left at least of what is served when its renewal begins, where the lifetime allows it: SDKs ask an instance's metadata
    /// service for more ahead than a container's endpoint.
    fn least_left(&self, index: usize) -> Duration {
        if self.imds_profile.as_ref() == Some(&self.workers[index].face.name) {
            schedule::LEAST_LEFT_BY_IMDS
        } else {
            schedule::LEAST_LEFT
        }
    }

    /// Tells whoever watches, and the person whose code it took.
    pub(super) fn tell_renewed(&mut self, call: &UnderWay, told: &Told, expiration: DateTime<Utc>) {
        let (profile, renewal) = (told.face.name.clone(), told.renewal);
        self.observe(&Event::Renewed {
            profile: &profile,
            expiration,
            renewal,
        });
        self.answer_person(call, Ok(Accepted { profile, expiration }));
    }

    pub(super) fn withdraw(&mut self, index: usize) {
        let worker = &mut self.workers[index];
        worker.held = None;
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            document: None,
            ..Snapshot::clone(&before)
        });
        error!(
            profile = %face.name,
            failures = before.consecutive_failures,
            last_failure = before.trouble.as_ref().map(|trouble| trouble.message.as_str()),
            "the credentials have expired and are no longer served"
        );
        self.observe(&Event::Expired { profile: &face.name });
    }
}
