//! What a profile does next, as a function of values: no clock, no network, no chance of its own.

use std::time::Duration;

use super::schedule::{self, Fraction};
use crate::clock::BootInstant;
use crate::mfa::Step;

/// The state of one profile.
///
/// ```text
///            due, step free                    credentials
///  Waiting ────────────────▶ Calling ────────────────────────▶ Waiting until the renewal
///     ▲                         │ failure
///     └─────── backoff ─────────┘            what is held is kept until it dies, whatever happens
/// ```
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    /// When what is served dies.
    dies: Option<BootInstant>,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The next call is due then.
    Waiting(BootInstant),
    /// A call is under way; there is never a second.
    Calling,
}

/// Which MFA step a call could use now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The profile has no MFA device.
    NotNeeded,
    /// This step is free.
    Step(Step),
    /// None is free before this instant.
    NotBefore(BootInstant),
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
    /// A profile without credentials, due at once.
    pub(super) fn new(now: BootInstant) -> Self {
        Self {
            phase: Phase::Waiting(now),
            dies: None,
            failures: 0,
        }
    }

    /// What to do at `now`. After [`Decision::Call`] the call is under way until [`Machine::succeeded`] or
    /// [`Machine::failed`]; after [`Decision::Withdraw`] nothing is held any more. Ask again until it says to wait.
    pub(super) fn decide(&mut self, now: BootInstant, code: Code) -> Decision {
        if self.dies.is_some_and(|dies| dies <= now) {
            self.dies = None;
            return Decision::Withdraw;
        }
        let next = match (self.phase, code) {
            (Phase::Calling, _) => return Decision::Wait(self.dies),
            (Phase::Waiting(due), _) if now < due => due,
            (Phase::Waiting(_), Code::NotBefore(free)) => free,
            (Phase::Waiting(_), Code::NotNeeded) => return self.call(None),
            (Phase::Waiting(_), Code::Step(step)) => return self.call(Some(step)),
        };
        Decision::Wait(Some(self.dies.map_or(next, |dies| dies.min(next))))
    }

    /// The call brought credentials that live from `start` for `lifetime`. Tells when they die and when their renewal
    /// starts.
    pub(super) fn succeeded(
        &mut self,
        start: BootInstant,
        lifetime: Duration,
        chance: Fraction,
    ) -> (BootInstant, BootInstant) {
        let dies = start + lifetime;
        let renewal = schedule::renewal(start, lifetime, chance);
        self.phase = Phase::Waiting(renewal);
        self.dies = Some(dies);
        self.failures = 0;
        (dies, renewal)
    }

    /// The call brought nothing. Tells how long until the next try; a step that must be awaited comes on top.
    pub(super) fn failed(&mut self, now: BootInstant, chance: Fraction) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let left = self.dies.map(|dies| dies.since(now));
        let wait = schedule::backoff(self.failures, left, chance);
        self.phase = Phase::Waiting(now + wait);
        wait
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
mod tests {
    use super::*;

    const STEP: Step = Step::new(7);

    const fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    fn none() -> Fraction {
        Fraction::from_bits(0)
    }

    fn half() -> Fraction {
        Fraction::from_bits(1 << 63)
    }

    /// A machine that got 1000 s of life at second 0, to be renewed at 400 s.
    fn served() -> Machine {
        let mut machine = Machine::new(at(0));
        assert_eq!(machine.decide(at(0), Code::NotNeeded), Decision::Call(None));
        assert_eq!(
            machine.succeeded(at(0), Duration::from_secs(1000), none()),
            (at(1000), at(400))
        );
        machine
    }

    #[test]
    fn calls_at_start() {
        assert_eq!(Machine::new(at(5)).decide(at(5), Code::NotNeeded), Decision::Call(None));
        assert_eq!(
            Machine::new(at(5)).decide(at(5), Code::Step(STEP)),
            Decision::Call(Some(STEP))
        );
    }

    #[test]
    fn waits_for_a_free_step() {
        let mut machine = Machine::new(at(5));
        assert_eq!(
            machine.decide(at(5), Code::NotBefore(at(20))),
            Decision::Wait(Some(at(20)))
        );
        assert_eq!(
            machine.decide(at(20), Code::NotBefore(at(20))),
            Decision::Wait(Some(at(20)))
        );
        assert_eq!(machine.decide(at(20), Code::Step(STEP)), Decision::Call(Some(STEP)));
    }

    #[test]
    fn never_makes_a_second_call_beside_the_first() {
        let mut machine = Machine::new(at(0));
        assert_eq!(machine.decide(at(0), Code::NotNeeded), Decision::Call(None));
        assert_eq!(machine.decide(at(9), Code::NotNeeded), Decision::Wait(None));
        machine.failed(at(10), none());
        assert_eq!(machine.decide(at(10), Code::NotNeeded), Decision::Call(None));
    }

    #[test]
    fn renews_when_due_and_not_before() {
        let mut machine = served();
        assert_eq!(machine.decide(at(399), Code::NotNeeded), Decision::Wait(Some(at(400))));
        assert_eq!(machine.decide(at(400), Code::NotNeeded), Decision::Call(None));
    }

    #[test]
    fn failures_keep_what_is_held_until_it_dies() {
        let mut machine = served();
        assert_eq!(machine.decide(at(400), Code::NotNeeded), Decision::Call(None));
        assert_eq!(machine.failed(at(999), half()), Duration::from_millis(500));
        let retry = at(999) + Duration::from_millis(500);
        assert_eq!(machine.decide(at(999), Code::NotNeeded), Decision::Wait(Some(retry)));
        assert_eq!(machine.decide(at(1000), Code::NotNeeded), Decision::Withdraw);
        assert_eq!(machine.decide(at(1000), Code::NotNeeded), Decision::Call(None));
        assert_eq!(machine.decide(at(1001), Code::NotNeeded), Decision::Wait(None));
    }

    #[test]
    fn what_dies_during_a_call_is_withdrawn_in_time() {
        let mut machine = served();
        assert_eq!(machine.decide(at(995), Code::NotNeeded), Decision::Call(None));
        assert_eq!(machine.decide(at(996), Code::NotNeeded), Decision::Wait(Some(at(1000))));
        assert_eq!(machine.decide(at(1000), Code::NotNeeded), Decision::Withdraw);
        assert_eq!(machine.decide(at(1000), Code::NotNeeded), Decision::Wait(None));
    }

    #[test]
    fn wakes_for_the_death_when_the_step_comes_later() {
        let mut machine = served();
        assert_eq!(
            machine.decide(at(990), Code::NotBefore(at(1020))),
            Decision::Wait(Some(at(1000)))
        );
    }

    #[test]
    fn a_success_forgets_the_failures() {
        let mut machine = Machine::new(at(0));
        for _ in 0..7 {
            machine.failed(at(0), half());
        }
        assert_eq!(machine.failures(), 7);
        assert_eq!(machine.failed(at(0), half()), Duration::from_secs(30));
        machine.succeeded(at(0), Duration::from_secs(1000), none());
        assert_eq!(machine.failures(), 0);
        assert_eq!(machine.failed(at(0), half()), Duration::from_millis(500));
    }
}
