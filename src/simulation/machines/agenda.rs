use std::collections::BTreeMap;
use std::time::Duration;

/// What is to come, and when; of things at the same time the first that was planned comes first.
#[derive(Default)]
pub(super) struct Agenda {
    lines: BTreeMap<(Duration, u64), Happening>,
    planned: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Happening {
    /// The call of this number ends.
    Lands(u64),
    /// Consumers ask.
    Consume,
    /// Something happens.
    Event,
    /// Something else happens in the midst of a storm.
    Midst,
    /// A storm is over.
    Clears,
    /// A resume must have been noticed.
    Awake,
    /// The person is back.
    Back,
    /// The person gives a code.
    Code,
    /// AWS knows the new key of this user.
    Known(usize),
    /// Nothing but a look at the machines.
    Look,
}

impl Agenda {
    pub(super) fn add(&mut self, at: Duration, happening: Happening) {
        self.planned += 1;
        self.lines.insert((at, self.planned), happening);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.lines.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is due.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Happening> {
        let line = self.lines.first_entry().filter(|line| line.key().0 <= now)?;
        Some(line.remove())
    }
}
