//! The one task that drives every profile: asks the machines what to do, makes the calls, publishes what came of them.

mod keys;
mod people;
mod recall;
mod refuse;
mod reload;
mod reserve;
mod rotation;
mod serve;
mod settle;
mod share;
#[cfg(test)]
mod tests;
mod verify;
mod watch;
mod worker;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tracing::warn;

use super::handle::{Order, WAITING_ORDERS};
use super::job::{Attempt, Codes, Device, Supplies};
use super::machine::{Decision, Means};
use super::schedule::Fraction;
use super::{Event, Handle, Job, Observer, Published, Table};
use crate::aws::ProfileName;
use crate::clock::{BootInstant, Clock, StsTime};
use crate::mfa::steps::Ledger;
use crate::mfa::{Refusals, SeenCodes, Step};
use crate::state::Store;
use crate::sts::Sts;
use keys::KeyLook;
use people::People;
use watch::{Look, Pace};
use worker::{UnderWay, Worker};

/// The longest sleep, after which a wall clock that was set is noticed. A resume from suspend is noticed at once ([`Clock::wake_at`]).
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How far the wall clock must move against boot time to be told: less is the slewing of a time service.
const JUMP: TimeDelta = TimeDelta::seconds(1);

/// How many calls may be under way at once. A thousand TLS handshakes at the same moment would take more memory than
/// all that follows, and STS throttles an account at some hundred requests a second.
const MOST_CALLS: usize = 32;

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
    /// What outlives the process, if anything does.
    pub store: Option<Arc<dyn Store>>,
    /// The chance that spreads renewals and retries.
    pub chance: Box<dyn FnMut() -> Fraction + Send>,
}

/// Keeps every profile's credentials fresh. See [`Engine::run`].
pub struct Engine {
    parts: Parts,
    orders: mpsc::Receiver<Order>,
    workers: Vec<Worker>,
    /// The number of the next worker: they are told apart through reloads.
    next_number: u64,
    /// Whose turn it is to look first, so that none is always the last one for whom there is no room.
    first: usize,
    calls: JoinSet<Attempt>,
    under_way: HashMap<Id, UnderWay>,
    ledger: Ledger,
    refusals: Refusals,
    seen: Arc<Mutex<SeenCodes>>,
    people: People,
    /// What is written behind what was published, and asked of the store for others.
    errands: JoinSet<()>,
    /// The look under way at the files with assertions, and when the next one is due.
    looks: JoinSet<(Vec<Look>, Pace)>,
    next_look: BootInstant,
    /// The same of the sources of long-term keys.
    key_looks: JoinSet<(Vec<KeyLook>, Pace)>,
    next_key_look: BootInstant,
    time: StsTime,
    /// The wall clock minus boot time, to notice that somebody set it.
    wall_at_boot: DateTime<Utc>,
    /// The offset of STS's time that was last told in the log.
    told_offset: TimeDelta,
    longest_sleep: Duration,
    /// The profile that is also served in the form of an instance's metadata.
    imds_profile: Option<ProfileName>,
}

impl Engine {
    /// An engine, and what gives it orders. Nothing happens before [`Engine::run`].
    pub fn new(parts: Parts, jobs: Vec<Job>) -> (Self, Handle) {
        let (handle, orders) = mpsc::channel(WAITING_ORDERS);
        let now = parts.clock.boot();
        let faces = parts.table.profiles();
        let workers = (0..).zip(jobs).zip(faces.iter());
        let workers = workers.map(|((number, job), face)| Worker::new(number, job, Arc::clone(face), now));
        let workers = worker::with_sources(workers.collect());
        let wall_at_boot = parts.clock.wall() - now.since_boot();
        let engine = Self {
            parts,
            orders,
            next_number: workers.len() as u64,
            workers,
            first: 0,
            calls: JoinSet::new(),
            under_way: HashMap::new(),
            ledger: Ledger::default(),
            refusals: Refusals::default(),
            seen: Arc::default(),
            people: People::default(),
            errands: JoinSet::new(),
            looks: JoinSet::new(),
            next_look: now,
            key_looks: JoinSet::new(),
            next_key_look: now,
            time: StsTime::default(),
            wall_at_boot,
            told_offset: TimeDelta::zero(),
            longest_sleep: LONGEST_SLEEP,
            imds_profile: None,
        };
        (engine, Handle(handle))
    }

    /// The same, but it may sleep this long, so that a year of virtual time is not thirty million wake-ups: resumes from suspend
    /// are tried elsewhere.
    #[cfg(all(test, feature = "emulator"))]
    pub(crate) fn sleeping_for(mut self, longest: Duration) -> Self {
        self.longest_sleep = longest;
        self
    }

    /// Renews this profile earlier, where its lifetime is short: it is served in the form of an instance's metadata, too.
    #[must_use]
    pub fn with_imds(mut self, profile: Option<ProfileName>) -> Self {
        self.imds_profile = profile;
        self
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
                Some(order) = self.orders.recv() => self.obey(order),
                Some(_) = self.people.notices.join_next(), if !self.people.notices.is_empty() => {}
                Some(_) = self.errands.join_next(), if !self.errands.is_empty() => {}
                Some(looks) = self.looks.join_next(), if !self.looks.is_empty() => self.end_look(looks),
                Some(looks) = self.key_looks.join_next(), if !self.key_looks.is_empty() => self.end_key_look(looks),
                () = clock.wake_at(wake) => {}
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Submit { profile, code, answer } => self.take_code(profile.as_ref(), code, answer),
            Order::Reserve { device, answer } => self.give_step(device, answer),
            Order::Apply { jobs, applied } => {
                // Whoever wanted to know may have gone; what was asked is done.
                let _ = applied.send(self.apply(jobs));
            }
            Order::Answer(answer) => drop(answer.send(())),
        }
    }

    /// Acts on every machine's decisions. Tells when to look again.
    fn decide_all(&mut self) -> BootInstant {
        let longest = self.parts.clock.boot() + self.longest_sleep;
        let old_codes = self.drop_old_codes();
        let (first, count) = (self.first, self.workers.len());
        let wakes = (0..count).filter_map(|turn| self.decide((first + turn) % count));
        let wake = wakes.min();
        let asking = self.ask_people();
        let looking = self.look();
        let looking_at_keys = self.look_at_keys();
        [wake, old_codes, asking, looking, looking_at_keys]
            .into_iter()
            .flatten()
            .fold(longest, BootInstant::min)
    }

    /// Acts on one machine's decisions until it says to wait. Tells until when, if it depends on time alone.
    fn decide(&mut self, index: usize) -> Option<BootInstant> {
        let proof = self.hasten_proof(index);
        loop {
            let now = self.parts.clock.boot();
            let means = self.means(index, now);
            match self.workers[index].machine.decide(now, means) {
                Decision::Call(step) => self.begin_call(index, step),
                Decision::Withdraw => self.withdraw(index),
                Decision::Wait(until) => return until.into_iter().chain(proof).min(),
            }
        }
    }

    /// What a call of this worker could be made with at `at`.
    fn means(&self, index: usize, at: BootInstant) -> Means {
        let worker = &self.workers[index];
        if self.calls.len() >= MOST_CALLS
            || worker.needs_source() && self.source(worker, at).is_none()
            || self.is_called_by_predecessor(worker)
            || worker.watch.waits_for_another()
        {
            return Means::Missing;
        }
        if self.recalls(worker) {
            return Means::Complete;
        }
        match &worker.job.device {
            None => Means::Complete,
            Some(Device {
                serial,
                codes: Codes::Submitted { .. },
                ..
            }) if self.people.has_code_for(serial, worker.number) => Means::Complete,
            Some(Device {
                codes: Codes::Submitted { .. },
                ..
            }) => Means::Missing,
            Some(Device {
                codes: Codes::Made(_), ..
            }) => self.next_step(worker, at),
        }
    }

    /// Whether a call is under way for the profile as it was before a reload.
    fn is_called_by_predecessor(&self, worker: &Worker) -> bool {
        let mut calls = self.under_way.values();
        calls.any(|call| call.worker != worker.number && call.job.profile.name == worker.face.name)
    }

    fn begin_call(&mut self, index: usize, step: Option<Step>) {
        let recalls = self.recalls(&self.workers[index]);
        self.workers[index].unread = false;
        let worker = &self.workers[index];
        let job = Arc::clone(&worker.job);
        let code = job
            .submitted_device()
            .filter(|_| !recalls)
            .and_then(|serial| self.people.code(serial));
        let serial = step.and_then(|step| self.device_for(worker, step));
        let now = self.parts.clock.boot();
        let keys = worker.keyring.choose(now, job.submitted_device().is_some());
        let call = UnderWay {
            worker: worker.number,
            job: Arc::clone(&job),
            recalls,
            step,
            serial: serial.clone(),
            submitted: code.is_some(),
            proves: worker.keyring.to_be_proven(&keys),
        };
        let supplies = Supplies {
            keys,
            step,
            device: serial.clone(),
            code,
            source: self.source(worker, now),
            time: self.time.clone(),
            seen: Arc::clone(&self.seen),
            store: self.parts.store.clone(),
            recalls,
            served: worker.machine.dies(),
            known: worker.known.clone(),
        };
        if let (Some(serial), Some(step)) = (&serial, step) {
            self.ledger.reserve(serial, step);
        }
        if !recalls {
            self.observe(&Event::Calling {
                profile: &job.profile.name,
                action: job.action(),
                step: step.map(Step::number),
            });
        }
        let (sts, clock) = (Arc::clone(&self.parts.sts), Arc::clone(&self.parts.clock));
        let attempt = async move { job.attempt(&*sts, &*clock, supplies).await };
        let id = self.calls.spawn(attempt).id();
        self.under_way.insert(id, call);
        self.first = index + 1;
    }

    /// The credentials of the profile that this one is made from, if they are alive.
    fn source(&self, worker: &Worker, at: BootInstant) -> Option<Arc<crate::aws::Credentials>> {
        let source = &self.workers[worker.source?];
        source.held.clone().filter(|_| source.machine.dies() > Some(at))
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

    fn seen_codes(&self) -> std::sync::MutexGuard<'_, SeenCodes> {
        // A panic while it was held left a list of codes, which is never half of one.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn face(&self, index: usize) -> &Published {
        &self.workers[index].face
    }

    fn observe(&self, event: &Event<'_>) {
        self.parts.observer.observe(event);
    }
}
