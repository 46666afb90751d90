//! What came of a call: the verdict on its code, the credentials or the failure, what is published of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::{Id, JoinError};
use tracing::{debug, error, info, warn};

use super::Engine;
use super::serve::Fresh;
use super::worker::UnderWay;
use crate::aws::LongTermKey;
use crate::clock::{BootInstant, Sample};
use crate::mfa::Step;
use crate::renew::job::{Attempt, Device, FAILED_ITSELF, NotAsked, Unprepared};
use crate::renew::machine::{Failing, Means};
use crate::renew::schedule::Backoff;
use crate::renew::{Accepted, CodeVerdict, Event, Failure, Outcome, Reason, Refused, Snapshot, Trouble, healing};
use crate::sts::{Class, Issued, Reply};

/// The least life that is worth serving. A reply with less is a failure, so that it is met with a backoff instead of an
/// endless run of calls.
const LEAST_LIFETIME: Duration = Duration::from_secs(5);

/// What the lifetime may lack of what was asked for: two times in whole seconds, and what STS takes to answer.
const ROUNDING: Duration = Duration::from_secs(10);

/// How far STS's time may be from the host's before the log speaks of it.
const OFFSET_WORTH_TELLING: TimeDelta = TimeDelta::seconds(10);

/// Why there are no new credentials.
pub(super) struct Cause<'a> {
    pub(super) failure: Failure,
    pub(super) backoff: Backoff,
    pub(super) message: &'a str,
    pub(super) request_id: Option<&'a str>,
    /// Whether the call's code may still be sent.
    pub(super) code_is_left: bool,
}

impl Cause<'_> {
    /// What people are told, who are to put it right.
    fn told(&self) -> Cow<'_, str> {
        if self.backoff.waits_for_somebody() {
            format!(
                "{}; once that is put right, valetkey reload tries at once",
                self.message
            )
            .into()
        } else {
            self.message.into()
        }
    }

    /// Whether another key than before is at fault.
    pub(super) fn is_of_key(&self) -> bool {
        let of_class = |class| matches!(class, Class::KeyInvalid | Class::Denied | Class::MfaDevice);
        match self.failure {
            Failure::Account => true,
            Failure::Sts(class) => of_class(class),
            _ => false,
        }
    }
}

impl Engine {
    pub(super) fn end_call(&mut self, ended: Result<(Id, Attempt), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(call) = self.under_way.remove(&id) else {
            return;
        };
        match ended.map(|(_, attempt)| attempt) {
            Ok(attempt) => self.end_attempt(&call, &attempt),
            // What it said is left out: a panic's message may quote whatever value was at hand.
            Err(_panic) => self.end_in_vain(
                &call,
                call.proves.as_ref(),
                &Cause {
                    failure: Failure::Internal,
                    backoff: Backoff::Minute,
                    message: FAILED_ITSELF,
                    request_id: None,
                    code_is_left: false,
                },
            ),
        }
    }

    fn end_attempt(&mut self, call: &UnderWay, attempt: &Attempt) {
        self.note_version(call, attempt);
        self.note_steps(call, attempt);
        self.note_found_key(call, attempt);
        match &attempt.result {
            Ok(reply) => self.end_exchange(call, attempt, reply),
            Err(NotAsked::Taken(step)) => self.wait_for_another_step(call, *step),
            Err(NotAsked::Kept(kept)) => self.take_kept(call, attempt, kept),
            Err(NotAsked::NothingKept) => self.end_recall(call, attempt),
            Err(NotAsked::Unprepared(Unprepared { failure, message })) => {
                self.look_again(call);
                // A process that was run is not run again within the step: it may have asked a person.
                if call.knows_steps() {
                    self.release_step(call);
                }
                self.end_in_vain(
                    call,
                    attempt.key.as_ref(),
                    &Cause {
                        failure: *failure,
                        backoff: healing::backoff(*failure),
                        message,
                        request_id: None,
                        code_is_left: true,
                    },
                );
            }
        }
    }

    fn end_exchange(&mut self, call: &UnderWay, attempt: &Attempt, reply: &Reply) {
        self.observe(&Event::Called {
            action: call.job.action(),
            error: reply.result.as_ref().err().map(|error| error.class),
            elapsed: reply.elapsed,
        });
        if let Some(sample) = reply.sample {
            self.learn(sample);
        }
        self.note_caller(call, attempt);
        self.settle_code(call, attempt.sent, reply);
        let useless = |message| Cause {
            failure: Failure::Sts(Class::Malformed),
            backoff: Backoff::Minute,
            message,
            request_id: reply.result.as_ref().ok().map(|issued| issued.request_id.as_str()),
            code_is_left: false,
        };
        let now = self.parts.clock.boot();
        let (refused, judged);
        let cause = match &reply.result {
            Ok(issued) if attempt.sent + issued.lifetime < now + LEAST_LIFETIME => {
                let message = "STS gave credentials that expire within seconds; compare its clock with its Date header";
                useless(message)
            }
            Ok(issued) if self.dies_before_the_served(call, attempt.sent, issued.lifetime) => {
                let message = "STS gave credentials that die before those that are served, which are served on; where an \
                               assertion limits the session (SessionNotOnOrAfter), sign in anew";
                useless(message)
            }
            Ok(issued) => match self.refuse_account(call, attempt) {
                Some((failure, message)) => {
                    refused = message;
                    Cause {
                        failure,
                        backoff: healing::backoff(failure),
                        message: &refused,
                        request_id: Some(&issued.request_id),
                        code_is_left: false,
                    }
                }
                None => return self.succeed(call, attempt, issued),
            },
            Err(error) => {
                let (failure, backoff, message) = self.judge(call, attempt, error);
                judged = message;
                Cause {
                    failure,
                    backoff,
                    message: &judged,
                    request_id: error.request_id.as_deref(),
                    code_is_left: !error.sent,
                }
            }
        };
        self.note_tried_key(call, attempt, &cause);
        self.end_in_vain(call, attempt.key.as_ref(), &cause);
    }

    /// The call was to be signed with this key, and brought nothing.
    pub(super) fn end_in_vain(&mut self, call: &UnderWay, key: Option<&LongTermKey>, cause: &Cause<'_>) {
        if !self.fail_proof(call, key, cause) {
            self.fail(call, cause);
        }
    }

    /// Takes STS's `Date` in, and tells in the log when the host's clock is off.
    pub(super) fn learn(&mut self, sample: Sample) {
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

    fn settle_code(&mut self, call: &UnderWay, sent: BootInstant, reply: &Reply) {
        let Some(Device { serial, .. }) = call.device() else {
            return;
        };
        if !call.knows_steps() && reply.was_sent() {
            // A process or a person may have taken until the step after the one that was chosen.
            let step = Step::at(self.time.at(sent, &*self.parts.clock));
            self.ledger.reserve(serial, step);
        }
        let verdict = match &reply.result {
            Ok(_) => {
                if let Some(step) = call.step {
                    self.ledger.accept(serial, step);
                }
                self.accept_device(call, serial);
                CodeVerdict::Accepted
            }
            Err(error) if !error.sent => return self.release_step(call),
            Err(error) if error.class == Class::MfaRejected => CodeVerdict::Rejected,
            Err(_) => CodeVerdict::Unknown,
        };
        if let Some(index) = self.place_of(call) {
            self.face(index).count_code(verdict);
        }
    }

    /// The code provably never left.
    pub(super) fn release_step(&mut self, call: &UnderWay) {
        if let (Some(Device { serial, .. }), Some(step)) = (call.device(), call.step) {
            self.ledger.release(serial, step);
        }
    }

    /// Whether the new credentials are worse than what is served, and not because so little was asked for.
    fn dies_before_the_served(&self, call: &UnderWay, sent: BootInstant, lifetime: Duration) -> bool {
        let Some(index) = self.place_of(call) else {
            return false;
        };
        if lifetime + ROUNDING >= call.job.profile.kind.duration() {
            return false;
        }
        let dies = sent + lifetime;
        let snapshot = self.face(index).snapshot();
        let served = snapshot.servable(self.parts.clock.boot());
        served.is_some_and(|document| dies + ROUNDING < document.dies)
    }

    fn succeed(&mut self, call: &UnderWay, attempt: &Attempt, issued: &Issued) {
        let fresh = Fresh {
            credentials: Arc::clone(&issued.credentials),
            issued: self.time.at(attempt.sent, &*self.parts.clock),
            dies: attempt.sent + issued.lifetime,
            lifetime: issued.lifetime,
            caller: attempt.caller.caller.clone(),
        };
        self.adopt_key(call, attempt);
        let Some(told) = self.serve(call, fresh) else {
            return;
        };
        self.keep(call, attempt);
        told.face.count_renewal(Outcome::Success);
        info!(
            profile = %told.face.name,
            session_key = %issued.credentials.access_key_id,
            expiration = %issued.credentials.expiration.format("%FT%TZ"),
            renewal = %told.renewal.format("%FT%TZ"),
            failures = told.failures,
            request_id = issued.request_id,
            "credentials obtained"
        );
        self.tell_renewed(call, &told, issued.credentials.expiration);
    }

    fn fail(&mut self, call: &UnderWay, cause: &Cause<'_>) {
        let Some(index) = self.place_of(call) else {
            return;
        };
        self.answer_refusal(call, cause);
        let chance = (self.parts.chance)();
        let now = self.parts.clock.boot();
        let worker = &mut self.workers[index];
        let Failing { wait, is_news } = worker.machine.failed(now, cause.failure, cause.backoff, chance);
        worker.renewal_due = now + wait;
        let failures = worker.machine.failures();
        // What came of a person's code is always told.
        let is_news = is_news || call.submitted;
        let assertion_wanted = worker.watch.waits_for_another();
        let next = self.next_call(index, now + wait);
        let clock = &*self.parts.clock;
        let message = &*cause.told();
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            // A person is asked when that was to be; everybody else waits for what has no time.
            renewal: next
                .map(|next| self.time.at(next, clock))
                .or_else(|| before.renewal.filter(|_| call.job.submitted_device().is_some())),
            consecutive_failures: failures,
            assertion_wanted,
            trouble: Some(Arc::new(Trouble {
                failure: cause.failure,
                message: message.to_owned(),
                at: self.time.at(now, clock),
            })),
            ..Snapshot::clone(&before)
        });
        let outcome = Outcome::Failed(cause.failure);
        face.count_renewal(outcome);
        let retry_in = next.map(|next| next.since(now));
        let retry_seconds = retry_in.map(|retry_in| (retry_in.as_secs_f64() * 10.0).round() / 10.0);
        let (profile, result, request_id) = (&face.name, outcome.as_str(), cause.request_id);
        if !is_news {
            debug!(%profile, result, failures, retry_seconds, request_id, "credentials not obtained: {message}");
        } else if before.servable(now).is_some() {
            warn!(%profile, result, failures, retry_seconds, request_id, served = true, "credentials not obtained: {message}");
        } else {
            error!(%profile, result, failures, retry_seconds, request_id, served = false, "credentials not obtained: {message}");
        }
        self.observe(&Event::Failed {
            profile,
            failure: cause.failure,
            message,
            retry_in,
        });
    }

    /// When the next call really starts: once the backoff is over and an MFA step is free. None if that does not depend
    /// on time alone.
    pub(super) fn next_call(&self, index: usize, due: BootInstant) -> Option<BootInstant> {
        match self.means(index, due) {
            Means::Complete | Means::Step(_) => Some(due),
            Means::NotBefore(free) => Some(free.max(due)),
            Means::Missing => None,
        }
    }

    pub(super) fn answer_refusal(&mut self, call: &UnderWay, cause: &Cause<'_>) {
        if cause.code_is_left {
            if let (true, Some(serial)) = (call.submitted, call.job.submitted_device()) {
                self.people.keep(serial, cause.message);
            }
            return;
        }
        let reason = match cause.failure {
            Failure::Sts(Class::MfaRejected) => Reason::Rejected,
            _ => Reason::Failed,
        };
        let message = cause.message.to_owned();
        self.answer_person(call, Err(Refused { reason, message }));
    }

    pub(super) fn answer_person(&mut self, call: &UnderWay, verdict: Result<Accepted, Refused>) {
        if let (true, Some(serial)) = (call.submitted, call.job.submitted_device()) {
            self.people.answer(serial, verdict);
        }
    }

    /// Where the worker is whose call it was; none if a reload has taken it away.
    pub(super) fn place_of(&self, call: &UnderWay) -> Option<usize> {
        self.workers.iter().position(|worker| worker.number == call.worker)
    }
}
