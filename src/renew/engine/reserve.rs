//! Steps for whoever asks STS beside the engine: a command with the same MFA device.

use tracing::info;

use super::Engine;
use crate::aws::SerialNumber;
use crate::mfa::Step;
use crate::mfa::steps::Choice;
use crate::renew::{Reason, Refused, Reservation};

impl Engine {
    /// Gives a step of `device` away, which counts as used from now on, or tells from when on there is one.
    pub(super) fn reserve(&mut self, device: &SerialNumber) -> Result<Reservation, Refused> {
        // Whoever is due comes first, though the order came in the very moment at which a step becomes free.
        self.decide_all();
        if !self.ledger.has_room_for(device) {
            return Err(Refused {
                reason: Reason::Busy,
                message: String::from("steps of too many MFA devices were asked for; restart the daemon"),
            });
        }
        if self.is_code_under_way(device) || self.is_sent_without_a_step(device) {
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
            info!(mfa_serial = %device, step = Step::number(step), "a command was given an MFA step");
        }
        Ok(Reservation { choice, clock_offset })
    }

    /// Whether a process is being asked for a code of `device`, or its code is on the way: nobody knows of which step it is.
    fn is_sent_without_a_step(&self, device: &SerialNumber) -> bool {
        let mut calls = self.under_way.values();
        calls.any(|call| {
            let is_of_device = call.job.device.as_ref().is_some_and(|own| own.serial == *device);
            is_of_device && !call.job.knows_steps()
        })
    }
}
