//! Steps for whoever asks STS beside the engine: a command with the same MFA device.

use tracing::info;

use super::Engine;
use crate::aws::SerialNumber;
use crate::mfa::Step;
use crate::mfa::steps::Choice;
use crate::renew::{Reason, Refused, Reservation};

impl Engine {
    /// Gives a step of `device` away, which counts as used from now on, or tells from when on there is one. Whoever is due
    /// has been looked at before: no order is obeyed ahead of a renewal.
    pub(super) fn reserve(&mut self, device: &SerialNumber) -> Result<Reservation, Refused> {
        if self.is_code_under_way(device) {
            return Err(Refused {
                reason: Reason::Busy,
                message: String::from("a code of this MFA device is being tried; wait for its verdict"),
            });
        }
        let clock = &*self.parts.clock;
        let choice = self.ledger.choose(device, self.time.at(clock.boot(), clock));
        let clock_offset = self.time.offset(clock);
        if let Choice::Use(step) = choice {
            self.ledger.reserve(device, step);
            info!(step = Step::number(step), "a command was given an MFA step");
        }
        Ok(Reservation { choice, clock_offset })
    }
}
