//! The machines of several profiles with nothing around them: what the engine does with tasks, sources and a table is done here with
//! values, so that a year takes seconds. It is in no build but the tests; `crate::simulation` has the weather and the judge.

use std::time::Duration;

use super::machine::{Decision, Machine, Means};
use super::schedule::{self, Backoff, Fraction, LEAST_LEFT};
use super::{Failure, healing, refusal};
use crate::aws::SerialNumber;
use crate::clock::{BootInstant, Clock, Sample, StsTime};
use crate::mfa::steps::{Choice, Ledger};
use crate::mfa::{Refusals, Step};
use crate::sts::Class;

/// What a machine is to know of its profile.
pub(crate) struct Shape {
    /// In whose place the source is.
    pub(crate) source: Option<usize>,
    pub(crate) codes: Codes,
}

/// Where the MFA codes come from.
pub(crate) enum Codes {
    Without,
    Made(SerialNumber),
    Submitted,
}

/// A call that a machine has decided on.
pub(crate) struct Call {
    pub(crate) profile: usize,
    pub(crate) step: Option<Step>,
    pub(crate) sent: BootInstant,
}

/// What came of a call.
pub(crate) enum Ended {
    /// Credentials, which live so long.
    Given { id: String, lifetime: Duration },
    /// An error; whether anything had left.
    Failed { failure: Failure, sent: bool },
}

pub(crate) struct Machines {
    workers: Vec<Worker>,
    ledger: Ledger,
    refusals: Refusals,
    time: StsTime,
}

struct Worker {
    shape: Shape,
    machine: Machine,
    held: Option<Held>,
    /// A person has given a code.
    has_code: bool,
}

struct Held {
    id: String,
    lifetime: Duration,
}

impl Machines {
    pub(crate) fn new(shapes: impl Iterator<Item = Shape>, now: BootInstant) -> Self {
        Self {
            workers: shapes.map(|shape| Worker::new(shape, now)).collect(),
            ledger: Ledger::default(),
            refusals: Refusals::default(),
            time: StsTime::default(),
        }
    }

    /// What a new process makes of this one: with a store it knows the used steps, and what was made by a key that can be read.
    pub(crate) fn restarted(
        self,
        with_store: bool,
        with_keys: bool,
        now: BootInstant,
        chance: &mut dyn FnMut() -> Fraction,
    ) -> Self {
        let mut next = Self::new(std::iter::empty(), now);
        for before in self.workers {
            let is_kept = with_store && with_keys && before.shape.source.is_none();
            let mut worker = Worker::new(before.shape, now);
            if let Some((dies, held)) = before.machine.dies().zip(before.held)
                && is_kept
                && schedule::is_worth_taking(dies.since(now), held.lifetime, None)
            {
                worker.hold(dies, held, chance());
            }
            next.workers.push(worker);
        }
        if with_store {
            next.ledger = self.ledger;
        }
        next
    }

    /// What is to be called now, and when to look again, if that depends on time alone.
    pub(crate) fn decide(&mut self, clock: &dyn Clock) -> (Vec<Call>, Option<BootInstant>) {
        let (now, mut calls, mut wake) = (clock.boot(), Vec::new(), None);
        for profile in 0..self.workers.len() {
            loop {
                let means = self.means(profile, now, clock);
                let worker = &mut self.workers[profile];
                match worker.machine.decide(now, means) {
                    Decision::Call(step) => {
                        worker.has_code = false;
                        if let (Codes::Made(device), Some(step)) = (&worker.shape.codes, step) {
                            self.ledger.reserve(device, step);
                        }
                        let sent = now;
                        calls.push(Call { profile, step, sent });
                    }
                    Decision::Withdraw => worker.held = None,
                    Decision::Wait(until) => {
                        wake = wake.into_iter().chain(until).min();
                        break;
                    }
                }
            }
        }
        (calls, wake)
    }

    fn means(&self, profile: usize, now: BootInstant, clock: &dyn Clock) -> Means {
        let worker = &self.workers[profile];
        if worker.machine.due().is_none_or(|due| now < due) {
            // Nothing is asked of them.
            return Means::Missing;
        }
        let is_alive = |source: usize| self.workers[source].machine.dies() > Some(now);
        if !worker.shape.source.is_none_or(is_alive) {
            return Means::Missing;
        }
        let Codes::Made(device) = &worker.shape.codes else {
            let has_all = worker.has_code || matches!(worker.shape.codes, Codes::Without);
            return if has_all { Means::Complete } else { Means::Missing };
        };
        let time = self.time.at(now, clock);
        let rest = self.refusals.rest_of(device, Step::at(time));
        match self.ledger.choose_rested(device, rest, time) {
            Choice::Use(step) => Means::Step(step),
            Choice::Wait(time) => Means::NotBefore(self.time.boot_instant(time, clock)),
        }
    }

    /// A call has ended; the reply told STS's time, if it is one of STS.
    pub(crate) fn end(
        &mut self,
        call: &Call,
        ended: Ended,
        sample: Option<Sample>,
        clock: &dyn Clock,
        chance: &mut dyn FnMut() -> Fraction,
    ) {
        if let Some(sample) = sample {
            self.time.learn(sample, clock);
        }
        match ended {
            Ended::Given { id, lifetime } => self.succeed(call, Held { id, lifetime }, clock.boot(), chance()),
            Ended::Failed { failure, sent } => self.fail(call, failure, sent, clock, chance),
        }
    }

    fn succeed(&mut self, call: &Call, held: Held, now: BootInstant, chance: Fraction) {
        let worker = &mut self.workers[call.profile];
        if let (Codes::Made(device), Some(step)) = (&worker.shape.codes, call.step) {
            self.ledger.accept(device, step);
            self.refusals.accept(device);
        }
        worker.hold(call.sent + held.lifetime, held, chance);
        let made_of_it = self.workers.iter_mut();
        for worker in made_of_it.filter(|worker| worker.shape.source == Some(call.profile)) {
            worker.machine.mended(now);
        }
    }

    fn fail(
        &mut self,
        call: &Call,
        failure: Failure,
        sent: bool,
        clock: &dyn Clock,
        chance: &mut dyn FnMut() -> Fraction,
    ) {
        let mut backoff = healing::backoff(failure);
        let worker = &self.workers[call.profile];
        if let (Codes::Made(device), Some(step)) = (&worker.shape.codes, call.step) {
            let device = device.clone();
            if !sent {
                self.ledger.release(&device, step);
            } else if failure == Failure::Sts(Class::MfaRejected) {
                backoff = self.diagnose(call, step, &device, clock, chance());
            }
        }
        let worker = &mut self.workers[call.profile];
        worker.machine.failed(clock.boot(), failure, backoff, chance());
    }

    fn diagnose(
        &mut self,
        call: &Call,
        step: Step,
        device: &SerialNumber,
        clock: &dyn Clock,
        chance: Fraction,
    ) -> Backoff {
        if refusal::clock_error(step, self.time.at(call.sent, clock)).is_some() {
            return Backoff::Minute;
        }
        let record = self.refusals.refuse(device);
        let backoff = refusal::backoff(record);
        if backoff == Backoff::Steps {
            let now = clock.boot();
            let skipped = schedule::skip(record.in_a_row, self.workers[call.profile].machine.left(now), chance);
            let present = Step::at(self.time.at(now, clock)).max(step);
            self.refusals.rest(device, Step::new(present.number() + 1 + skipped));
        }
        backoff
    }

    /// What a consumer gets, and how long it lives.
    pub(crate) fn served(&self, profile: usize, now: BootInstant) -> Option<(&str, Duration)> {
        let Worker { machine, held, .. } = &self.workers[profile];
        let left = machine.left(now).filter(|left| !left.is_zero())?;
        held.as_ref().map(|held| (&*held.id, left))
    }

    /// Whether a person is asked for a code.
    pub(crate) fn wants_code(&self, profile: usize, now: BootInstant) -> bool {
        let Worker {
            shape,
            machine,
            has_code,
            ..
        } = &self.workers[profile];
        matches!(shape.codes, Codes::Submitted) && machine.due().is_some() && machine.asks() <= now && !has_code
    }

    /// From when on a person is asked.
    pub(crate) fn asks(&self, profile: usize) -> BootInstant {
        self.workers[profile].machine.asks()
    }

    pub(crate) fn take_code(&mut self, profile: usize, now: BootInstant) {
        let worker = &mut self.workers[profile];
        worker.has_code = true;
        worker.machine.hasten(now);
    }

    /// Somebody has changed the long-term key.
    pub(crate) fn mend(&mut self, profile: usize, now: BootInstant) {
        self.workers[profile].machine.mended(now);
    }

    /// STS's time, as far as it is known.
    pub(crate) fn time(&self) -> &StsTime {
        &self.time
    }
}

impl Worker {
    fn new(shape: Shape, now: BootInstant) -> Self {
        Self {
            shape,
            machine: Machine::new(now),
            held: None,
            has_code: false,
        }
    }

    fn hold(&mut self, dies: BootInstant, held: Held, chance: Fraction) {
        let due = match self.shape.codes {
            Codes::Submitted => schedule::submission(dies, held.lifetime),
            _ => schedule::renewal(dies, held.lifetime, LEAST_LEFT, chance),
        };
        self.machine.succeeded(dies, due, schedule::asking(dies, held.lifetime));
        self.held = Some(held);
    }
}
