use super::NotAsked;
use crate::aws::SerialNumber;
use crate::mfa::Step;
use crate::state::{Claim, State, Store};

/// The steps that the store has down as used for a call. Dropped without a word they stay so.
pub(super) struct Reserved<'a> {
    store: Option<&'a dyn Store>,
    device: &'a SerialNumber,
    steps: Vec<Step>,
}

impl<'a> Reserved<'a> {
    pub(super) fn new(store: Option<&'a dyn Store>, device: &'a SerialNumber) -> Self {
        Self {
            store,
            device,
            steps: Vec::new(),
        }
    }

    /// Reserves a step before anything is sent with its code. Where nothing can be kept, what this process remembers has
    /// to do.
    pub(super) async fn add(&mut self, step: Step) -> Result<(), NotAsked> {
        let Some(store) = self.store.filter(|_| !self.steps.contains(&step)) else {
            return Ok(());
        };
        match store.reserve(self.device, step.number()).await {
            Claim::Ours => self.steps.push(step),
            Claim::Unkept(_) => {}
            Claim::Taken => return Err(NotAsked::Taken(step)),
        }
        Ok(())
    }

    /// The steps, if a code was sent. Otherwise nothing is tried again before they are free for it.
    pub(super) async fn end(self, was_sent: bool) -> Vec<Step> {
        if was_sent {
            return self.steps;
        }
        for step in self.steps {
            if let Some(store) = self.store {
                store.settle(self.device, step.number(), State::Released).await;
            }
        }
        Vec::new()
    }
}
