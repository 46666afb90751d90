//! The one task that drives every profile: asks the machines what to do, makes the calls, publishes what came of them.

mod settle;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{Id, JoinSet};
use tracing::warn;

use super::job::Attempt;
use super::machine::{Code, Decision, Machine};
use super::schedule::Fraction;
use super::{Event, Job, Observer, Published, Table};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::mfa::Step;
use crate::mfa::steps::{Choice, Ledger};
use crate::sts::{Action, Sts};

/// The longest sleep: timers stop while the host is suspended, and a resume must be noticed soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How far the wall clock must move against boot time to be told: less is the slewing of a time service.
const JUMP: TimeDelta = TimeDelta::seconds(1);

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
    wall_at_boot: DateTime<Utc>,
    /// The offset of STS's time that was last told in the log.
    told_offset: TimeDelta,
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
            told_offset: TimeDelta::zero(),
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
