//! MFA devices that others use, too: daemons and commands with the same store.

use std::sync::Arc;

use tracing::info;

use super::Engine;
use super::recall::LOOK_AGAIN;
use super::worker::UnderWay;
use crate::mfa::Step;
use crate::renew::job::{Attempt, Device};
use crate::renew::{Reason, Refused};
use crate::state::State;

impl Engine {
    /// Lets the store know which steps' codes were sent. Until it does, they are reserved, which is as good.
    pub(super) fn note_steps(&mut self, call: &UnderWay, attempt: &Attempt) {
        if let (Some(store), Some(Device { serial, .. })) = (&self.parts.store, call.device()) {
            for step in &attempt.sent_steps {
                let (store, device, step) = (Arc::clone(store), serial.clone(), step.number());
                let note = async move { store.settle(&device, step, State::Sent).await };
                self.errands.spawn(note);
            }
        }
    }

    /// Somebody else has used the step: that is no failure, and the next one is this profile's chance.
    pub(super) fn wait_for_another_step(&mut self, call: &UnderWay, step: Step) {
        let Some(Device { serial, .. }) = call.device() else {
            return;
        };
        self.ledger.reserve(serial, step);
        let Some(index) = self.place_of(call) else {
            return;
        };
        self.publish_next_call(index);
        let look = self.parts.clock.boot() + LOOK_AGAIN;
        let worker = &mut self.workers[index];
        worker.machine.postponed(look);
        worker.unread = true;
        info!(profile = %worker.face.name, step = step.number(), "another process has used this MFA step: waiting for the next one");
        let refused = Refused {
            reason: Reason::Repeated,
            message: String::from(USED),
        };
        self.answer_person(call, Err(refused));
    }
}

const USED: &str =
    "another process has sent the code of this MFA step, and STS takes none twice; wait for the device's next one";
