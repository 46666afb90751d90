//! The one task that drives every profile: asks the machines what to do, makes the calls, publishes what came of them.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{error, info, warn};

use super::job::{Attempt, Unprepared};
use super::machine::{Code, Decision, Machine};
use super::schedule::Fraction;
use super::{CodeVerdict, Document, Event, Failure, Job, Observer, Outcome, Published, Snapshot, Table, document};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::mfa::Step;
use crate::mfa::steps::{Choice, Ledger};
use crate::sts::{Action, Class, Issued, Sts};

/// The longest sleep: timers stop while the host is suspended, and a resume must be noticed soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How far the wall clock must move against boot time to be told: less is the slewing of a time service.
const JUMP: TimeDelta = TimeDelta::seconds(1);

/// The least life that is worth serving. A reply with less is a failure, so that it is met with a backoff instead of an
/// endless run of calls.
const LEAST_LIFETIME: Duration = Duration::from_secs(5);

/// What the engine works with.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// STS.
    pub sts: Arc<dyn Sts>,
    /// Where credentials are published: a face for each job, in the same order.
    pub table: Arc<Table>,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// The chance that spreads renewals and retries.
    pub chance: Box<dyn FnMut() -> Fraction + Send>,
}

/// Keeps every profile's credentials fresh. See [`Engine::run`].
pub struct Engine {
    parts: Parts,
    workers: Vec<Worker>,
    calls: JoinSet<Attempt>,
    /// Which worker's call a task is, and with which step.
    under_way: HashMap<Id, (usize, Option<Step>)>,
    ledger: Ledger,
    time: StsTime,
    /// The wall clock minus boot time, to notice that somebody set it.
    wall_at_boot: chrono::DateTime<chrono::Utc>,
}

struct Worker {
    job: Arc<Job>,
    machine: Machine,
}

impl Engine {
    /// Nothing happens before [`Engine::run`].
    pub fn new(parts: Parts, jobs: Vec<Job>) -> Self {
        let now = parts.clock.boot();
        let wall_at_boot = parts.clock.wall() - now.since_boot();
        let worker = |job| Worker {
            job: Arc::new(job),
            machine: Machine::new(now),
        };
        Self {
            parts,
            workers: jobs.into_iter().map(worker).collect(),
            calls: JoinSet::new(),
            under_way: HashMap::new(),
            ledger: Ledger::default(),
            time: StsTime::default(),
            wall_at_boot,
        }
    }

    /// Runs until `shutdown`; calls under way are then abandoned.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            self.notice_jumps();
            let wake = self.decide_all();
            let clock = Arc::clone(&self.parts.clock);
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                Some(ended) = self.calls.join_next_with_id(), if !self.calls.is_empty() => self.end_call(ended),
                () = clock.sleep_until(wake) => {}
            }
        }
    }

    /// Acts on every machine's decisions. Tells when to look again.
    fn decide_all(&mut self) -> BootInstant {
        let longest = self.parts.clock.boot() + LONGEST_SLEEP;
        let wakes = (0..self.workers.len()).filter_map(|index| self.decide(index));
        wakes.min().map_or(longest, |wake| wake.min(longest))
    }

    /// Acts on one machine's decisions until it says to wait. Tells until when, if it depends on time alone.
    fn decide(&mut self, index: usize) -> Option<BootInstant> {
        loop {
            let now = self.parts.clock.boot();
            let code = self.code(index, now);
            match self.workers[index].machine.decide(now, code) {
                Decision::Call(step) => self.begin_call(index, step),
                Decision::Withdraw => self.withdraw(index),
                Decision::Wait(until) => return until,
            }
        }
    }

    fn code(&self, index: usize, now: BootInstant) -> Code {
        let Some((device, _)) = &self.workers[index].job.mfa else {
            return Code::NotNeeded;
        };
        let clock = &*self.parts.clock;
        match self.ledger.choose(device, self.time.at(now, clock)) {
            Choice::Use(step) => Code::Step(step),
            Choice::Wait(time) => Code::NotBefore(self.time.boot_instant(time, clock)),
        }
    }

    fn begin_call(&mut self, index: usize, step: Option<Step>) {
        let job = Arc::clone(&self.workers[index].job);
        if let (Some((device, _)), Some(step)) = (&job.mfa, step) {
            self.ledger.reserve(device, step);
        }
        self.observe(&Event::Calling {
            profile: &job.name,
            action: Action::GetSessionToken,
            step: step.map(Step::number),
        });
        let (sts, clock) = (Arc::clone(&self.parts.sts), Arc::clone(&self.parts.clock));
        let time = self.time.clone();
        let call = async move { job.attempt(&*sts, &*clock, time, step).await };
        let id = self.calls.spawn(call).id();
        self.under_way.insert(id, (index, step));
    }

    fn end_call(&mut self, ended: Result<(Id, Attempt), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((index, step)) = self.under_way.remove(&id) else {
            return;
        };
        match ended {
            Ok((
                _,
                Attempt {
                    sent,
                    result: Ok(reply),
                },
            )) => {
                self.observe(&Event::Called {
                    action: Action::GetSessionToken,
                    error: reply.result.as_ref().err().map(|error| error.class),
                    elapsed: reply.elapsed,
                });
                if let Some(sample) = reply.sample {
                    self.time.learn(sample, &*self.parts.clock);
                    self.observe(&Event::ClockOffset(self.time.offset(&*self.parts.clock)));
                }
                self.settle_step(index, step, &reply.result);
                match reply.result {
                    Ok(issued) if issued.lifetime < LEAST_LIFETIME => self.fail(
                        index,
                        Failure::Sts(Class::Malformed),
                        "STS gave credentials that expire within seconds; compare its clock with its Date header",
                    ),
                    Ok(issued) => self.succeed(index, sent, &issued),
                    Err(error) => self.fail(index, Failure::Sts(error.class), &error.message),
                }
            }
            Ok((
                _,
                Attempt {
                    result: Err(Unprepared { failure, message }),
                    ..
                },
            )) => {
                self.release_step(index, step);
                self.fail(index, failure, &message);
            }
            Err(panic) => {
                error!(profile = %self.workers[index].job.name, "a call to STS ended by a panic: {panic}");
                self.fail(
                    index,
                    Failure::Internal,
                    "the call failed in valetkey itself; please report this",
                );
            }
        }
    }

    fn settle_step(&mut self, index: usize, step: Option<Step>, result: &Result<Issued, crate::sts::Error>) {
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

    fn succeed(&mut self, index: usize, sent: BootInstant, issued: &Issued) {
        let chance = (self.parts.chance)();
        let (dies, renewal) = self.workers[index].machine.succeeded(sent, issued.lifetime, chance);
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
            key = %credentials.access_key_id,
            expiration = %credentials.expiration,
            renewal = %renewal.format("%FT%TZ"),
            request_id = issued.request_id,
            "credentials obtained"
        );
        self.observe(&Event::Renewed {
            profile: &face.name,
            expiration: credentials.expiration,
            renewal,
        });
    }

    fn fail(&mut self, index: usize, failure: Failure, message: &str) {
        let chance = (self.parts.chance)();
        let now = self.parts.clock.boot();
        let machine = &mut self.workers[index].machine;
        let retry_in = machine.failed(now, chance);
        let failures = machine.failures();
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            consecutive_failures: failures,
            trouble: Some(message.into()),
            ..Snapshot::clone(&before)
        });
        let outcome = Outcome::Failed(failure);
        face.count_renewal(outcome);
        warn!(
            profile = %face.name,
            result = outcome.as_str(),
            failures,
            retry_seconds = retry_in.as_secs_f32(),
            served = before.servable(now).is_some(),
            "credentials not obtained: {message}"
        );
        self.observe(&Event::Failed {
            profile: &face.name,
            failure,
            message,
            retry_in,
        });
    }

    fn withdraw(&mut self, index: usize) {
        let face = self.face(index);
        let before = face.snapshot();
        face.publish(Snapshot {
            document: None,
            ..Snapshot::clone(&before)
        });
        error!(profile = %face.name, "the credentials have expired and are no longer served");
        self.observe(&Event::Expired { profile: &face.name });
    }

    fn notice_jumps(&mut self) {
        let clock = &*self.parts.clock;
        let wall_at_boot = clock.wall() - clock.boot().since_boot();
        let jump = wall_at_boot - self.wall_at_boot;
        if jump.abs() < JUMP {
            return;
        }
        self.wall_at_boot = wall_at_boot;
        warn!(
            seconds = jump.num_seconds(),
            "the host's clock was set; nothing that is served depends on it"
        );
        self.observe(&Event::ClockJumped(jump));
        self.observe(&Event::ClockOffset(self.time.offset(clock)));
    }

    fn face(&self, index: usize) -> &Published {
        &self.parts.table.profiles()[index]
    }

    fn observe(&self, event: &Event<'_>) {
        self.parts.observer.observe(event);
    }
}

#[cfg(test)]
mod tests;
