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
            phase: Phase::Waiting(renewal),
            dies: Some(dies),
            asks,
            ..Self::new(renewal)
        };
    }

    /// The call brought nothing.
    pub(super) fn failed(&mut self, now: BootInstant, failure: Failure, backoff: Backoff, chance: Fraction) -> Failing {
        self.failures = self.failures.saturating_add(1);
        self.tries = self.tries.saturating_add(1);
        self.is_stuck = backoff == Backoff::HalfHour;
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
mod tests {
    use super::*;
    use crate::sts::Class;

    const STEP: Step = Step::new(7);

    const fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    fn fail(machine: &mut Machine, now: BootInstant, backoff: Backoff, chance: Fraction) -> Duration {
        machine.failed(now, Failure::Key, backoff, chance).wait
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
        assert_eq!(machine.decide(at(0), Means::Complete), Decision::Call(None));
        machine.succeeded(at(1000), at(400), at(700));
        machine
    }

    #[test]
    fn calls_at_start() {
        assert_eq!(Machine::new(at(5)).decide(at(5), Means::Complete), Decision::Call(None));
        assert_eq!(
            Machine::new(at(5)).decide(at(5), Means::Step(STEP)),
            Decision::Call(Some(STEP))
        );
    }

    #[test]
    fn waits_for_a_free_step() {
        let mut machine = Machine::new(at(5));
        assert_eq!(
            machine.decide(at(5), Means::NotBefore(at(20))),
            Decision::Wait(Some(at(20)))
        );
        assert_eq!(
            machine.decide(at(20), Means::NotBefore(at(20))),
            Decision::Wait(Some(at(20)))
        );
        assert_eq!(machine.decide(at(20), Means::Step(STEP)), Decision::Call(Some(STEP)));
    }

    #[test]
    fn never_makes_a_second_call_beside_the_first() {
        let mut machine = Machine::new(at(0));
        assert_eq!(machine.decide(at(0), Means::Complete), Decision::Call(None));
        assert_eq!(machine.decide(at(9), Means::Complete), Decision::Wait(None));
        fail(&mut machine, at(10), Backoff::Minute, none());
        assert_eq!(machine.decide(at(10), Means::Complete), Decision::Call(None));
    }

    #[test]
    fn renews_when_due_and_not_before() {
        let mut machine = served();
        assert_eq!(machine.decide(at(399), Means::Complete), Decision::Wait(Some(at(400))));
        assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
    }

    #[test]
    fn failures_keep_what_is_held_until_it_dies() {
        let mut machine = served();
        assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
        assert_eq!(
            fail(&mut machine, at(999), Backoff::Minute, half()),
            Duration::from_millis(500)
        );
        let retry = at(999) + Duration::from_millis(500);
        assert_eq!(machine.decide(at(999), Means::Complete), Decision::Wait(Some(retry)));
        assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Withdraw);
        assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Call(None));
        assert_eq!(machine.decide(at(1001), Means::Complete), Decision::Wait(None));
    }

    #[test]
    fn what_dies_during_a_call_is_withdrawn_in_time() {
        let mut machine = served();
        assert_eq!(machine.decide(at(995), Means::Complete), Decision::Call(None));
        assert_eq!(machine.decide(at(996), Means::Complete), Decision::Wait(Some(at(1000))));
        assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Withdraw);
        assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Wait(None));
    }

    #[test]
    fn wakes_for_the_death_when_the_step_comes_later() {
        let mut machine = served();
        assert_eq!(
            machine.decide(at(990), Means::NotBefore(at(1020))),
            Decision::Wait(Some(at(1000)))
        );
    }

    #[test]
    fn what_is_missing_is_awaited_without_a_time() {
        let mut machine = Machine::new(at(0));
        assert_eq!(machine.decide(at(0), Means::Missing), Decision::Wait(None));
        assert_eq!(machine.decide(at(9), Means::Complete), Decision::Call(None));
        let mut machine = served();
        assert_eq!(machine.decide(at(300), Means::Missing), Decision::Wait(Some(at(400))));
        assert_eq!(machine.decide(at(400), Means::Missing), Decision::Wait(Some(at(1000))));
        assert_eq!(machine.decide(at(1000), Means::Missing), Decision::Withdraw);
        assert_eq!(machine.decide(at(1000), Means::Missing), Decision::Wait(None));
    }

    #[test]
    fn a_fresh_code_ends_the_wait_after_a_failure() {
        let mut machine = served();
        assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
        machine.hasten(at(400));
        assert_eq!(machine.decide(at(400), Means::Complete), Decision::Wait(Some(at(1000))));
        for _ in 0..9 {
            fail(&mut machine, at(400), Backoff::Minute, half());
        }
        assert_eq!(machine.due(), Some(at(430)));
        machine.hasten(at(401));
        assert_eq!(machine.decide(at(401), Means::Complete), Decision::Call(None));
        assert_eq!((machine.due(), machine.dies()), (None, Some(at(1000))));
    }

    #[test]
    fn a_success_forgets_the_failures() {
        let mut machine = Machine::new(at(0));
        for _ in 0..7 {
            fail(&mut machine, at(0), Backoff::Minute, half());
        }
        assert_eq!(machine.failures(), 7);
        assert_eq!(
            fail(&mut machine, at(0), Backoff::Minute, half()),
            Duration::from_secs(30)
        );
        machine.succeeded(at(1000), at(400), at(700));
        assert_eq!(machine.failures(), 0);
        assert_eq!(
            fail(&mut machine, at(0), Backoff::Minute, half()),
            Duration::from_millis(500)
        );
    }

    #[test]
    fn what_hardly_heals_waits_until_somebody_has_mended_it() {
        let mut machine = Machine::new(at(0));
        for _ in 0..20 {
            assert_eq!(machine.decide(at(9_000), Means::Complete), Decision::Call(None));
            fail(&mut machine, at(0), Backoff::HalfHour, half());
        }
        assert_eq!(machine.due(), Some(at(1_350)));
        machine.mended(at(10));
        assert_eq!(machine.decide(at(10), Means::Complete), Decision::Call(None));
        machine.mended(at(10));
        assert_eq!(machine.decide(at(10), Means::Complete), Decision::Wait(None));
        assert_eq!(
            fail(&mut machine, at(10), Backoff::HalfHour, half()),
            Duration::from_millis(750)
        );
        assert_eq!(machine.failures(), 21);
        // What heals by itself is not hastened: a thousand profiles would ask at once.
        fail(&mut machine, at(10), Backoff::Minute, half());
        let due = machine.due();
        machine.mended(at(10));
        assert_eq!(machine.due(), due);
    }

    #[test]
    fn a_success_is_not_mended() {
        let mut machine = Machine::new(at(0));
        fail(&mut machine, at(0), Backoff::HalfHour, half());
        machine.succeeded(at(1000), at(400), at(700));
        machine.mended(at(10));
        assert_eq!(machine.due(), Some(at(400)));
    }

    #[test]
    fn a_person_is_asked_at_once_at_a_start_and_ahead_of_the_end_later() {
        let mut machine = Machine::new(at(5));
        assert_eq!(machine.asks(), at(5));
        machine.succeeded(at(1000), at(400), at(700));
        assert_eq!(machine.asks(), at(700));
        fail(&mut machine, at(800), Backoff::Minute, half());
        assert_eq!(machine.asks(), at(700));
    }

    #[test]
    fn a_failure_is_news_once_and_again_when_nothing_is_served_any_more() {
        let mut machine = served();
        let mut is_news = |now, failure| {
            machine.decide(at(now), Means::Missing);
            machine.failed(at(now), failure, Backoff::Minute, half()).is_news
        };
        let (key, server) = (Failure::Key, Failure::Sts(Class::Server));
        assert_eq!(
            [is_news(900, key), is_news(901, key), is_news(902, server)],
            [true, false, true]
        );
        assert_eq!([is_news(999, server), is_news(1000, server)], [false, true]);
        machine.succeeded(at(3000), at(2000), at(2500));
        assert!(machine.failed(at(2000), server, Backoff::Minute, half()).is_news);
    }
}
