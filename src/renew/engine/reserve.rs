//! Steps for whoever asks STS beside the engine: a command with the same MFA device.

use tokio::sync::oneshot;
use tracing::info;

use super::Engine;
use crate::aws::SerialNumber;
use crate::mfa::Step;
use crate::mfa::steps::Choice;
use crate::renew::{Reason, Refused, Reservation};
use crate::state::{Claim, Store};

impl Engine {
    /// Answers whoever asked for a step, once the store has it down as used. The engine does not wait for that.
    pub(super) fn give_step(&mut self, device: SerialNumber, answer: oneshot::Sender<Result<Reservation, Refused>>) {
        let reserved = self.reserve(&device);
        let store = self.parts.store.clone();
        let given = async move {
            let reserved = match (reserved, store) {
                (Ok(reservation), Some(store)) => Ok(kept(&*store, &device, reservation).await),
                (reserved, _) => reserved,
            };
            // A step that nobody waits for any more stays used: that costs half a minute at most.
            let _ = answer.send(reserved);
        };
        self.errands.spawn(given);
    }

    /// Gives a step of `device` away, which counts as used from now on, or tells from when on there is one.
    fn reserve(&mut self, device: &SerialNumber) -> Result<Reservation, Refused> {
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
            let is_of_device = call.device().is_some_and(|own| own.serial == *device);
            is_of_device && !call.recalls && !call.knows_steps()
        })
    }
}

/// The reservation, unless somebody else than this process has used the step.
async fn kept(store: &dyn Store, device: &SerialNumber, reservation: Reservation) -> Reservation {
    let Choice::Use(step) = reservation.choice else {
        return reservation;
    };
    let choice = match store.reserve(device, step.number()).await {
        Claim::Taken => Choice::Wait(step.next().start()),
        Claim::Ours | Claim::Unkept(_) => Choice::Use(step),
    };
    Reservation { choice, ..reservation }
}
