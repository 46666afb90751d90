//! Which MFA device a call is made with, what a refused code means, and how long a device is left alone.

use chrono::{DateTime, Utc};

use super::Engine;
use super::worker::UnderWay;
use crate::aws::SerialNumber;
use crate::clock::BootInstant;
use crate::mfa::Step;
use crate::mfa::steps::Choice;
use crate::renew::job::{Device, Job};
use crate::renew::machine::Means;
use crate::renew::schedule::{self, Backoff};
use crate::renew::{Failure, Refusal, healing, refusal};
use crate::sts::{Class, Error};

/// How many steps a device is left alone that hardly works again by itself, where there are others: half an hour.
const LEFT_ALONE: u64 = 60;

impl Engine {
    /// The next step of a device of the job's: the first that is free.
    pub(super) fn next_step(&self, job: &Job, at: BootInstant) -> Means {
        let clock = &*self.parts.clock;
        let now = self.time.at(at, clock);
        let choices = job.devices().map(|device| self.choose(&device.serial, now));
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
    pub(super) fn device_for(&self, job: &Job, step: Step) -> Option<SerialNumber> {
        let is_free = |device: &&Device| self.choose(&device.serial, step.start()) == Choice::Use(step);
        let free = job.devices().filter(is_free);
        let device = free.min_by_key(|device| self.ledger.last_used(&device.serial))?;
        Some(device.serial.clone())
    }

    /// Which step of `device` a profile may use at `now`: a free one, once the device has rested.
    fn choose(&self, device: &SerialNumber, now: DateTime<Utc>) -> Choice {
        let rest = self.refusals.rest_of(device, Step::at(now));
        let rested = rest.map_or(now, Step::start);
        match self.ledger.choose(device, rested) {
            Choice::Use(step) if rest.is_some() => Choice::Wait(step.start()),
            choice => choice,
        }
    }

    /// What an error of STS means to the call: a refused code that was made for it is diagnosed.
    pub(super) fn judge(&mut self, call: &UnderWay, sent: BootInstant, error: &Error) -> (Failure, Backoff, String) {
        let made = call.device().filter(|device| device.made().is_some());
        let (failure, backoff, message) = match made {
            Some(device) if error.class == Class::MfaRejected => self.diagnose(call, device, sent, error),
            _ => (
                Failure::Sts(error.class),
                healing::backoff_of(error),
                error.message.clone(),
            ),
        };
        let is_of_device = matches!(failure, Failure::Mfa(_) | Failure::Sts(Class::MfaDevice));
        match made {
            // The others do as well meanwhile.
            Some(device) if is_of_device && backoff == Backoff::HalfHour && call.job.devices().count() > 1 => {
                self.rest(call, &device.serial, LEFT_ALONE);
                (failure, Backoff::Steps, message)
            }
            _ => (failure, backoff, message),
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
        let (diagnosis, backoff) = (refusal::diagnose(record), refusal::backoff(record));
        if backoff == Backoff::Steps {
            let now = clock.boot();
            let left = self
                .place_of(call)
                .and_then(|index| self.workers[index].machine.left(now));
            let skipped = schedule::skip(record.in_a_row, left, (self.parts.chance)());
            self.rest(call, &device.serial, skipped);
        }
        let message = error.with_remedy(&refusal::remedy(diagnosis, record.in_a_row, 0));
        (Failure::Mfa(diagnosis), backoff, message)
    }

    /// Lets so many steps of the device pass, after the present one and that of the call.
    fn rest(&mut self, call: &UnderWay, device: &SerialNumber, steps: u64) {
        let clock = &*self.parts.clock;
        let present = Step::at(self.time.at(clock.boot(), clock)).max(call.step.unwrap_or(Step::new(0)));
        let until = Step::new(present.number().saturating_add(1 + steps));
        self.refusals.rest(device, until);
    }
}
