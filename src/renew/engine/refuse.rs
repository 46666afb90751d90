//! Which MFA device a call is made with, what a refused code means, and how long a device is left alone.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Engine;
use super::worker::{UnderWay, Worker};
use crate::aws::SerialNumber;
use crate::clock::BootInstant;
use crate::mfa::steps::Choice;
use crate::mfa::{Record, Step};
use crate::renew::job::{Attempt, Device};
use crate::renew::machine::Means;
use crate::renew::schedule::{self, Backoff};
use crate::renew::{Failure, Refusal, healing, refusal};
use crate::sts::{Class, Error};

impl Engine {
    /// The next step of a device of the worker's: the first that is free.
    pub(super) fn next_step(&self, worker: &Worker, at: BootInstant) -> Means {
        let clock = &*self.parts.clock;
        let now = self.time.at(at, clock);
        let choices = worker.job.devices().map(|device| self.choose(worker, device, now));
        let first = choices.min_by_key(|choice| match choice {
            Choice::Use(_) => None,
            Choice::Wait(time) => Some(*time),
        });
        match first {
            Some(Choice::Use(step)) => Means::Step(step),
            Some(Choice::Wait(time)) => Means::NotBefore(self.time.boot_instant(time, clock)),
            None => Means::Missing,
        }
    }

    /// The device whose code of `step` is used: of those in which it is free, the one that was used the longest ago.
    pub(super) fn device_for(&self, worker: &Worker, step: Step) -> Option<SerialNumber> {
        let is_free = |device: &&Device| self.choose(worker, device, step.start()) == Choice::Use(step);
        let free = worker.job.devices().filter(is_free);
        let device = free.min_by_key(|device| self.ledger.last_used(&device.serial))?;
        Some(device.serial.clone())
    }

    /// Which step of `device` a worker may use at `now`: a free one, once the device has rested.
    fn choose(&self, worker: &Worker, device: &Device, now: DateTime<Utc>) -> Choice {
        let rests = [&self.refusals, &worker.disowned].map(|of| of.rest_of(&device.serial, Step::at(now)));
        let rest = rests.into_iter().flatten().max();
        self.ledger.choose_rested(&device.serial, rest, now)
    }

    /// The device's code was taken.
    pub(super) fn accept_device(&mut self, call: &UnderWay, device: &SerialNumber) {
        self.refusals.accept(device);
        if let Some(index) = self.place_of(call) {
            self.workers[index].disowned.forget(device);
        }
    }

    /// What an error of STS means to the call: where its code was made for it, something is made of what the device is blamed for.
    pub(super) fn judge(&mut self, call: &UnderWay, attempt: &Attempt, error: &Error) -> (Failure, Backoff, String) {
        let (failure, backoff) = (Failure::Sts(error.class), healing::backoff_of(error));
        match call.device().filter(|device| device.made().is_some()) {
            Some(device) if error.class == Class::MfaRejected => self.diagnose(call, device, attempt.sent, error),
            Some(device) if error.class == Class::MfaDevice => {
                let backoff = self.disown(call, device, attempt).unwrap_or(backoff);
                (failure, backoff, error.message.clone())
            }
            _ => (failure, backoff, error.message.clone()),
        }
    }

    fn diagnose(
        &mut self,
        call: &UnderWay,
        device: &Device,
        sent: BootInstant,
        error: &Error,
    ) -> (Failure, Backoff, String) {
        let clock = &*self.parts.clock;
        let step = call.step.filter(|_| device.knows_steps());
        let clock_error = step.and_then(|step| refusal::clock_error(step, self.time.at(sent, clock)));
        if let Some(by) = clock_error {
            let remedy = refusal::remedy(Refusal::Clock, 0, by.num_seconds());
            return (
                Failure::Mfa(Refusal::Clock),
                Backoff::Minute,
                error.with_remedy(&remedy),
            );
        }
        let record = self.refusals.refuse(&device.serial);
        let (diagnosis, mut backoff) = (refusal::diagnose(record), refusal::backoff(record));
        if backoff == Backoff::Steps {
            let skipped = schedule::skip(record.in_a_row, self.left(call), (self.parts.chance)());
            let until = self.present(call).number().saturating_add(1 + skipped);
            self.refusals.rest(&device.serial, Step::new(until));
        } else if has_others(call) {
            let until = self.rest_of_others(call, record);
            self.refusals.rest(&device.serial, until);
            backoff = Backoff::Others;
        }
        let message = error.with_remedy(&refusal::remedy(diagnosis, record.in_a_row, 0));
        (Failure::Mfa(diagnosis), backoff, message)
    }

    /// STS says that the device is not the user's: where there are others, it rests. With another key than the one in use that is about the
    /// key, whose calls have a wait of their own. None where nothing rests.
    fn disown(&mut self, call: &UnderWay, device: &Device, attempt: &Attempt) -> Option<Backoff> {
        let index = self.place_of(call)?;
        let worker = &mut self.workers[index];
        let proves = attempt.key.as_ref().is_some_and(|key| worker.keyring.is_another(key));
        if proves || !has_others(call) {
            return None;
        }
        let record = worker.disowned.refuse(&device.serial);
        let until = self.rest_of_others(call, record);
        self.workers[index].disowned.rest(&device.serial, until);
        Some(Backoff::Others)
    }

    /// Until when a device is left alone that somebody must put right, while others do as well.
    fn rest_of_others(&mut self, call: &UnderWay, record: Record) -> Step {
        let chance = (self.parts.chance)();
        let wait = schedule::backoff(Backoff::HalfHour, record.in_a_row, self.left(call), chance);
        let until = self.parts.clock.boot() + wait;
        Step::at(self.time.at(until, &*self.parts.clock)).max(self.present(call).next())
    }

    /// The present step, or that of the call if it is later.
    fn present(&self, call: &UnderWay) -> Step {
        let clock = &*self.parts.clock;
        Step::at(self.time.at(clock.boot(), clock)).max(call.step.unwrap_or(Step::new(0)))
    }

    /// How much life what is served has left; none if nothing is.
    fn left(&self, call: &UnderWay) -> Option<Duration> {
        let index = self.place_of(call)?;
        self.workers[index].machine.left(self.parts.clock.boot())
    }
}

/// Whether other devices do as well.
fn has_others(call: &UnderWay) -> bool {
    call.job.devices().count() > 1
}
