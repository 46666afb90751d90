//! MFA codes that STS refused: what that means, and how long the device is left alone.

use chrono::{DateTime, Utc};

use super::Engine;
use super::worker::UnderWay;
use crate::aws::SerialNumber;
use crate::clock::BootInstant;
use crate::mfa::Step;
use crate::mfa::steps::Choice;
use crate::renew::job::{Codes, Device};
use crate::renew::schedule::{self, Backoff};
use crate::renew::{Failure, Refusal, healing, refusal};
use crate::sts::{Class, Error};

impl Engine {
    /// Which step of `device` a profile may use at `now`: a free one, once the device has rested.
    pub(super) fn choose(&self, device: &SerialNumber, now: DateTime<Utc>) -> Choice {
        let rest = self.refusals.rest_of(device, Step::at(now));
        let rested = rest.map_or(now, Step::start);
        match self.ledger.choose(device, rested) {
            Choice::Use(step) if rest.is_some() => Choice::Wait(step.start()),
            choice => choice,
        }
    }

    /// What an error of STS means to the call: a refused code that was made for it is diagnosed.
    pub(super) fn judge(&mut self, call: &UnderWay, sent: BootInstant, error: &Error) -> (Failure, Backoff, String) {
        let device = call.job.device.as_ref();
        let made = device.filter(|device| matches!(device.codes, Codes::Made(_)));
        match made {
            Some(device) if error.class == Class::MfaRejected => self.diagnose(call, device, sent, error),
            _ => (
                Failure::Sts(error.class),
                healing::backoff_of(error),
                error.message.clone(),
            ),
        }
    }

    fn diagnose(
        &mut self,
        call: &UnderWay,
        Device { serial, .. }: &Device,
        sent: BootInstant,
        error: &Error,
    ) -> (Failure, Backoff, String) {
        let clock = &*self.parts.clock;
        let step = call.step.filter(|_| call.job.knows_steps());
        let clock_error = step.and_then(|step| refusal::clock_error(step, self.time.at(sent, clock)));
        if let Some(by) = clock_error {
            let remedy = refusal::remedy(Refusal::Clock, 0, by.num_seconds());
            return (
                Failure::Mfa(Refusal::Clock),
                Backoff::Minute,
                error.with_remedy(&remedy),
            );
        }
        let record = self.refusals.refuse(serial);
        let (diagnosis, backoff) = (refusal::diagnose(record), refusal::backoff(record));
        if backoff == Backoff::Steps {
            let now = clock.boot();
            let left = self
                .place_of(call)
                .and_then(|index| self.workers[index].machine.left(now));
            let skipped = schedule::skip(record.in_a_row, left, (self.parts.chance)());
            let present = Step::at(self.time.at(now, &*self.parts.clock)).max(call.step.unwrap_or(Step::new(0)));
            self.refusals
                .rest(serial, Step::new(present.number().saturating_add(1 + skipped)));
        }
        let message = error.with_remedy(&refusal::remedy(diagnosis, record.in_a_row, 0));
        (Failure::Mfa(diagnosis), backoff, message)
    }
}
