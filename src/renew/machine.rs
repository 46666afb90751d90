//! What a profile does next, as a function of values: no clock, no network, no chance of its own.

use std::time::Duration;

use super::Failure;
use super::schedule::{self, Backoff, Fraction};
use super::telling::Telling;
use crate::clock::BootInstant;
use crate::mfa::Step;

/// The state of one profile. What it is told are its methods: the time and what a call could be made with ([`Machine::decide`]: also after a
/// resume), a reply ([`Machine::succeeded`]), an error by its class ([`Machine::failed`]), a step that was somebody else's
/// ([`Machine::postponed`]), a fresh code or assertion ([`Machine::hasten`]), and another TOTP seed, a renewed source or a reload
/// ([`Machine::mended`]). What it decides are their results, and whether a person is asked ([`Machine::asks`]).
///
/// ```text
///            due, and the means are there               credentials: publish
///  Waiting ─────────────────────────────▶ Calling ─────────────────────────▶ Waiting until the renewal
///   │  ▲                                     │ failure: warn, if it is news
///   │  └───────────── backoff ───────────────┘
///   └─ hastened, mended: due at once           what is held is kept until it dies, then withdrawn, in both
/// ```
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    /// When what is served dies.
    dies: Option<BootInstant>,
    failures: u32,
    /// The failures since then are those that the wait grows with.
    tries: u32,
    /// Whether the last failure hardly heals by itself.
    is_stuck: bool,
    /// From when on a person is asked for a code, where a person gives them.
    asks: BootInstant,
    /// Which failure people know of.
    telling: Telling,
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failing {
    /// How long until the next try; a step that must be awaited comes on top.
    pub(super) wait: Duration,
    /// Whether people are warned: they do not know of it yet.
    pub(super) is_news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The next call is due then.
    Waiting(BootInstant),
    /// A call is under way; there is never a second.
    Calling,
}

/// What a call could be made with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// All that it takes is there.
    Complete,
    /// So it is, with the code of this step, which is free.
    Step(Step),
    /// No step is free before this instant.
    NotBefore(BootInstant),
    /// Something is missing, and its coming will be told: the source's credentials, a person's code, room for a call.
    Missing,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Call STS, with the code of this step if the profile has MFA.
    Call(Option<Step>),
    /// Withdraw what is served: it is dead.
    Withdraw,
    /// Nothing before this instant; without one, nothing before the call under way has ended.
    Wait(Option<BootInstant>),
}

impl Machine {
    /// A profile without credentials, due at once, and whose person is asked at once.
    pub(super) fn new(now: BootInstant) -> Self {
        Self {
            phase: Phase::Waiting(now),
            dies: None,
            failures: 0,
            tries: 0,
            is_stuck: false,
            asks: now,
            telling: Telling::default(),
        }
    }

    /// What to do at `now`. After [`Decision::Call`] the call is under way until [`Machine::succeeded`] or
    /// [`Machine::failed`]; after [`Decision::Withdraw`] nothing is held any more. Ask again until it says to wait.
    pub(super) fn decide(&mut self, now: BootInstant, means: Means) -> Decision {
        if self.dies.is_some_and(|dies| dies <= now) {
            self.dies = None;
            // From now on a failure means that nothing is served.
            self.telling.forget();
            return Decision::Withdraw;
        }
        let next = match (self.phase, means) {
            (Phase::Waiting(due), _) if now < due => due,
            (Phase::Calling, _) | (Phase::Waiting(_), Means::Missing) => return Decision::Wait(self.dies),
            (Phase::Waiting(_), Means::NotBefore(free)) => free,
            (Phase::Waiting(_), Means::Complete) => return self.call(None),
            (Phase::Waiting(_), Means::Step(step)) => return self.call(Some(step)),
        };
        Decision::Wait(Some(self.dies.map_or(next, |dies| dies.min(next))))
    }

    /// The call brought credentials that die then, which are published; their renewal starts at `renewal`, and a person is asked at `asks`.
    pub(super) fn succeeded(&mut self, dies: BootInstant, renewal: BootInstant, asks: BootInstant) {
        *self = Self {
            dies: Some(dies),
            asks,
            ..Self::new(renewal)
        };
    }

    /// The call brought nothing.
    pub(super) fn failed(&mut self, now: BootInstant, failure: Failure, backoff: Backoff, chance: Fraction) -> Failing {
        self.failures = self.failures.saturating_add(1);
        self.tries = self.tries.saturating_add(1);
        self.is_stuck = backoff.waits_for_somebody();
        let wait = schedule::backoff(backoff, self.tries, self.left(now), chance);
        self.phase = Phase::Waiting(now + wait);
        Failing {
            wait,
            is_news: self.telling.is_news(failure, now),
        }
    }

    /// The call was not made after all, and that is no failure: its step was somebody else's.
    pub(super) fn postponed(&mut self, until: BootInstant) {
        self.phase = Phase::Waiting(until);
    }

    /// The call could not be made, and that is no failure: it was to prove another key. What it takes is left, and is used soon. Tells when.
    pub(super) fn retried(&mut self, now: BootInstant, chance: Fraction) -> BootInstant {
        self.tries = self.tries.saturating_add(1);
        let until = now + schedule::backoff(Backoff::Minute, self.tries, self.left(now), chance);
        self.postponed(until);
        until
    }

    /// Ends the wait: a person gave a fresh code, or there is another assertion, neither of which must grow old meanwhile.
    pub(super) fn hasten(&mut self, now: BootInstant) {
        if let Phase::Waiting(due) = &mut self.phase {
            *due = now.min(*due);
        }
    }

    /// Somebody has changed what a call is made with, or says that he has put something right: what waited for that is tried at once, and
    /// again soon if that was not all.
    pub(super) fn mended(&mut self, now: BootInstant) {
        if self.is_stuck {
            self.tries = 0;
            self.hasten(now);
        }
    }

    /// When the next call is due, unless one is under way.
    pub(super) fn due(&self) -> Option<BootInstant> {
        match self.phase {
            Phase::Waiting(due) => Some(due),
            Phase::Calling => None,
        }
    }

    /// When what is served dies; none if nothing is.
    pub(super) fn dies(&self) -> Option<BootInstant> {
        self.dies
    }

    /// From when on a person is asked for a code.
    pub(super) fn asks(&self) -> BootInstant {
        self.asks
    }

    /// How much life what is served has left; none if nothing is.
    pub(super) fn left(&self, now: BootInstant) -> Option<Duration> {
        self.dies.map(|dies| dies.since(now))
    }

    /// How many calls have failed since the last that did not.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    fn call(&mut self, step: Option<Step>) -> Decision {
        self.phase = Phase::Calling;
        Decision::Call(step)
    }
}

#[cfg(test)]
mod tests;
