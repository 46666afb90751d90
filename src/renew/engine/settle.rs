//! What came of a call: the verdict on its code, the credentials or the failure, what is published of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::{Id, JoinError};
use tracing::{error, info, warn};

use super::Engine;
use crate::clock::{BootInstant, Sample};
use crate::mfa::Step;
use crate::renew::job::{Attempt, Unprepared};
use crate::renew::machine::Code;
use crate::renew::{CodeVerdict, Document, Event, Failure, Outcome, Snapshot, document};
use crate::sts::{self, Action, Class, Issued, Reply};

/// The least life that is worth serving. A reply with less is a failure, so that it is met with a backoff instead of an
/// endless run of calls.
const LEAST_LIFETIME: Duration = Duration::from_secs(5);

/// How far STS's time may be from the host's before the log speaks of it.
const OFFSET_WORTH_TELLING: TimeDelta = TimeDelta::seconds(10);

/// Why there are no new credentials.
struct Trouble<'a> {
    failure: Failure,
    message: &'a str,
    request_id: Option<&'a str>,
}

impl Engine {
    pub(super) fn end_call(&mut self, ended: Result<(Id, Attempt), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((index, step)) = self.under_way.remove(&id) else {
            return;
        };
        match ended.map(|(_, attempt)| attempt) {
            Ok(Attempt {
                sent,
                result: Ok(reply),
            }) => self.end_exchange(index, step, sent, &reply),
            Ok(Attempt {
                result: Err(Unprepared { failure, message }),
                ..
            }) => {
                self.release_step(index, step);
                self.fail(
                    index,
                    &Trouble {
                        failure,
                        message: &message,
                        request_id: None,
                    },
                );
            }
            // What it said is left out: a panic's message may quote whatever value was at hand.
            Err(_panic) => {
                let message = "the call failed in valetkey itself; please report this";
                self.fail(
                    index,
                    &Trouble {
                        failure: Failure::Internal,
                        message,
                        request_id: None,
                    },
                );
            }
        }
    }

    fn end_exchange(&mut self, index: usize, step: Option<Step>, sent: BootInstant, reply: &Reply) {
        self.observe(&Event::Called {
            action: Action::GetSessionToken,
            error: reply.result.as_ref().err().map(|error| error.class),
            elapsed: reply.elapsed,
        });
        if let Some(sample) = reply.sample {
            self.learn(sample);
        }
        self.settle_step(index, step, &reply.result);
        let useless = |message| Trouble {
            failure: Failure::Sts(Class::Malformed),
            message,
            request_id: reply.result.as_ref().ok().map(|issued| issued.request_id.as_str()),
        };
        let now = self.parts.clock.boot();
        match &reply.result {
            Ok(issued) if sent + issued.lifetime < now + LEAST_LIFETIME => {
                let message = "STS gave credentials that expire within seconds; compare its clock with its Date header";
                self.fail(index, &useless(message));
            }
            Ok(issued) if self.dies_before_the_served(index, sent + issued.lifetime) => {
                let message = "STS gave credentials that die before those that are served, which are served on";
                self.fail(index, &useless(message));
            }
            Ok(issued) => self.succeed(index, sent, issued),
            Err(error) => self.fail(
                index,
                &Trouble {
                    failure: Failure::Sts(error.class),
                    message: &error.message,
                    request_id: error.request_id.as_deref(),
                },
            ),
        }
    }

    /// Takes STS's `Date` in, and tells in the log when the host's clock is off.
    fn learn(&mut self, sample: Sample) {
        let clock = Arc::clone(&self.parts.clock);
        if !self.time.learn(sample, &*clock) {
            let seconds = (sample.date - self.time.at(sample.received, &*clock)).num_seconds();
            warn!(
                seconds,
                "STS's Date header differs from this host's clock, and over plain http it is not believed: set the host's clock"
            );
            return;
        }
        let offset = self.time.offset(&*clock);
        self.observe(&Event::ClockOffset(offset));
        if (offset - self.told_offset).abs() < OFFSET_WORTH_TELLING {
            return;
        }
        self.told_offset = offset;
        let seconds = offset.num_seconds();
        if offset.abs() < OFFSET_WORTH_TELLING {
            info!(seconds, "the host's clock agrees with STS's again");
        } else {
            warn!(
                seconds,
                "the host's clock differs from STS's, whose time is used; set the host's clock"
            );
        }
    }

    fn settle_step(&mut self, index: usize, step: Option<Step>, result: &Result<Issued, sts::Error>) {
        let (Some((device, _)), Some(step)) = (&self.workers[index].job.mfa, step) else {
            return;
        };
        let verdict = match result {
            Ok(_) => {
                self.ledger.accept(device, step);
                CodeVerdict::Accepted
            }
            Err(error) if !error.sent => return self.release_step(index, Some(step)),
            Err(error) if error.class == Class::MfaRejected => CodeVerdict::Rejected,
            Err(_) => CodeVerdict::Unknown,
        };
        self.face(index).count_code(verdict);
    }

    /// The code provably never left.
    fn release_step(&mut self, index: usize, step: Option<Step>) {
        if let (Some((device, _)), Some(step)) = (&self.workers[index].job.mfa, step) {
            self.ledger.release(device, step);
        }
    }

    fn dies_before_the_served(&self, index: usize, dies: BootInstant) -> bool {
        let snapshot = self.face(index).snapshot();
        let served = snapshot.servable(self.parts.clock.boot());
        served.is_some_and(|document| dies < document.dies)
    }

    fn succeed(&mut self, index: usize, sent: BootInstant, issued: &Issued) {
        let chance = (self.parts.chance)();
        let machine = &mut self.workers[index].machine;
        let failures = machine.failures();
        let (dies, renewal) = machine.succeeded(sent, issued.lifetime, chance);
        let clock = &*self.parts.clock;
        let (issued_at, renewal) = (self.time.at(sent, clock), self.time.at(renewal, clock));
        let credentials = &issued.credentials;
        let face = self.face(index);
        face.publish(Snapshot {
            document: Some(Document {
                body: document::render(credentials, issued_at),
                dies,
            }),
            started: true,
            issued: Some(issued_at),
            renewal: Some(renewal),
            expiration: Some(credentials.expiration),
            consecutive_failures: 0,
            trouble: None,
        });
        face.count_renewal(Outcome::Success);
        info!(
            profile = %face.name,
            session_key = %credentials.access_key_id,
            expiration = %credentials.expiration.format("%FT%TZ"),
            renewal = %renewal.format("%FT%TZ"),
            failures,
            request_id = issued.request_id,
            "credentials obtained"
        );
        self.observe(&Event::Renewed {
            profile: &face.name,
            expiration: credentials.expiration,
            renewal,
        });
    }

    fn fail(&mut self, index: usize, trouble: &Trouble<'_>) {
        let chance = (self.parts.chance)();
        let now = self.parts.clock.boot();
        let machine = &mut self.workers[index].machine;
        let backoff = machine.failed(now, chance);
        let failures = machine.failures();
        let next = self.next_call(index, now + backoff);
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            renewal: Some(self.time.at(next, &*self.parts.clock)),
            consecutive_failures: failures,
            trouble: Some(trouble.message.into()),
            ..Snapshot::clone(&before)
        });
        let outcome = Outcome::Failed(trouble.failure);
        face.count_renewal(outcome);
        let retry_in = next.since(now);
        let retry_seconds = (retry_in.as_secs_f64() * 10.0).round() / 10.0;
        let (profile, result, request_id) = (&face.name, outcome.as_str(), trouble.request_id);
        let message = trouble.message;
        if before.servable(now).is_some() {
            warn!(%profile, result, failures, retry_seconds, request_id, served = true, "credentials not obtained: {message}");
        } else {
            error!(%profile, result, failures, retry_seconds, request_id, served = false, "credentials not obtained: {message}");
        }
        self.observe(&Event::Failed {
            profile,
            failure: trouble.failure,
            message,
            retry_in,
        });
    }

    /// When the next call really starts: once the backoff is over and an MFA step is free.
    fn next_call(&self, index: usize, due: BootInstant) -> BootInstant {
        match self.code(index, due) {
            Code::NotNeeded | Code::Step(_) => due,
            Code::NotBefore(free) => free.max(due),
        }
    }

    pub(super) fn withdraw(&mut self, index: usize) {
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            document: None,
            ..Snapshot::clone(&before)
        });
        error!(
            profile = %face.name,
            failures = before.consecutive_failures,
            last_failure = before.trouble.as_deref(),
            "the credentials have expired and are no longer served"
        );
        self.observe(&Event::Expired { profile: &face.name });
    }
}
