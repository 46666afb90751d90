//! Which TOTP step may be used: each at most once for a device, and only with time left in it.
//!
//! AWS takes one success for each device and step, and a second use of a code looks like a wrong code. So a step counts
//! as used from the moment that its code is handed over, whatever comes back, unless the request provably never left.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::aws::SerialNumber;

/// A TOTP time step: Unix time / 30 s (RFC 6238, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u64);

/// How long it lasts.
pub const STEP_SECONDS: u64 = 30;
const SECONDS: i64 = STEP_SECONDS.cast_signed();

/// What must be left of a step for its code to be sent: it has to arrive before the step is over.
const MARGIN: TimeDelta = TimeDelta::seconds(3);

/// How far ahead of the present an accepted step may lie: the step before or after STS's own, and as much again for the
/// difference between its clock and our idea of it.
const ACCEPTED_AHEAD: u64 = 2;

/// How many used steps of a device are remembered one by one. A step that old comes back only if STS's time went back.
const REMEMBERED: usize = 64;

/// How many devices are remembered: more than a configuration has, so that a command cannot have the daemon remember ever
/// more.
const MOST_DEVICES: usize = 4_096;

impl Step {
    /// The step of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The step that `time` is in.
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(u64::try_from(time.timestamp().div_euclid(SECONDS)).unwrap_or_default())
    }

    /// Its number: the counter of the HMAC.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The first instant of the step.
    pub fn start(self) -> DateTime<Utc> {
        i64::try_from(self.0)
            .ok()
            .and_then(|number| DateTime::from_timestamp(number.checked_mul(SECONDS)?, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether it is the step of `now` and enough of it is left to send its code.
    pub fn is_usable(self, now: DateTime<Utc>) -> bool {
        self == Self::at(now) && self.next().start() - now >= MARGIN
    }

    /// The step after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What the rules say of a device at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// This step's code may be sent now.
    Use(Step),
    /// No step may be used before this instant of STS's time.
    Wait(DateTime<Utc>),
}

/// The used steps of every device, shared by all profiles. In memory.
#[derive(Debug, Default)]
pub struct Ledger(HashMap<SerialNumber, Device>);

#[derive(Debug, Default)]
struct Device {
    /// The latest step that STS took. It is not known whether a success ends earlier steps too, so it is taken to.
    accepted: Option<Step>,
    /// Steps whose codes were handed over, oldest first.
    used: VecDeque<Step>,
}

impl Ledger {
    /// Which step of `device` may be used at `now` of STS's time.
    pub fn choose(&self, device: &SerialNumber, now: DateTime<Utc>) -> Choice {
        let current = Step::at(now);
        let mut step = if current.is_usable(now) {
            current
        } else {
            current.next()
        };
        if let Some(device) = self.0.get(device) {
            step = device.first_unused(step);
        }
        if step == current {
            Choice::Use(step)
        } else {
            Choice::Wait(step.start())
        }
    }

    /// The same of a device that rests until the step `rest`.
    pub fn choose_rested(&self, device: &SerialNumber, rest: Option<Step>, now: DateTime<Utc>) -> Choice {
        match self.choose(device, rest.map_or(now, Step::start)) {
            Choice::Use(step) if rest.is_some() => Choice::Wait(step.start()),
            choice => choice,
        }
    }

    /// The last step of `device` whose code was handed over.
    pub fn last_used(&self, device: &SerialNumber) -> Option<Step> {
        self.0.get(device)?.used.back().copied()
    }

    /// Whether steps of `device` can be remembered.
    pub fn has_room_for(&self, device: &SerialNumber) -> bool {
        self.0.len() < MOST_DEVICES || self.0.contains_key(device)
    }

    /// The step's code is about to be handed over.
    pub fn reserve(&mut self, device: &SerialNumber, step: Step) {
        let used = &mut self.0.entry(device.clone()).or_default().used;
        if used.len() == REMEMBERED {
            used.pop_front();
        }
        used.push_back(step);
    }

    /// STS took the step's code.
    pub fn accept(&mut self, device: &SerialNumber, step: Step) {
        let accepted = &mut self.0.entry(device.clone()).or_default().accepted;
        *accepted = (*accepted).max(Some(step));
    }

    /// The step's code provably never left, so it may be used after all.
    pub fn release(&mut self, device: &SerialNumber, step: Step) {
        if let Some(device) = self.0.get_mut(device) {
            device.used.retain(|used| *used != step);
        }
    }
}

impl Device {
    fn first_unused(&self, from: Step) -> Step {
        // STS takes codes of the steps around its own. An acceptance further ahead was by a time that has since been
        // corrected; to wait for it to pass could take for ever.
        let accepted = self
            .accepted
            .filter(|accepted| accepted.0 <= from.0.saturating_add(ACCEPTED_AHEAD));
        let mut step = accepted.map_or(from, |accepted| from.max(accepted.next()));
        while self.used.contains(&step) {
            step = step.next();
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of step 60,000,000, plus milliseconds.
    fn at(milliseconds: i64) -> DateTime<Utc> {
        STEP.start() + TimeDelta::milliseconds(milliseconds)
    }

    const STEP: Step = Step::new(60_000_000);

    fn after(steps: u64) -> Step {
        Step::new(STEP.number() + steps)
    }

    fn device() -> SerialNumber {
        "arn:aws:iam::123456789012:mfa/ops".parse().unwrap()
    }

    #[test]
    fn a_step_is_thirty_seconds() {
        assert_eq!(Step::at(DateTime::from_timestamp(59, 0).unwrap()), Step::new(1));
        assert_eq!(Step::at(DateTime::from_timestamp(-1, 0).unwrap()), Step::new(0));
        assert_eq!(Step::at(at(29_999)), STEP);
        assert_eq!(Step::at(at(30_000)), after(1));
        assert_eq!(STEP.start().timestamp(), 1_800_000_000);
        assert_eq!(Step::new(u64::MAX).start(), DateTime::<Utc>::MAX_UTC);
        assert_eq!(Step::new(u64::MAX).next(), Step::new(u64::MAX));
    }

    #[test]
    fn three_seconds_must_be_left() {
        let ledger = Ledger::default();
        for (time, choice) in [
            (at(0), Choice::Use(STEP)),
            (at(27_000), Choice::Use(STEP)),
            (at(27_001), Choice::Wait(at(30_000))),
            (at(29_999), Choice::Wait(at(30_000))),
            (at(30_000), Choice::Use(after(1))),
        ] {
            assert_eq!(ledger.choose(&device(), time), choice, "{time}");
        }
    }

    #[test]
    fn a_used_step_is_not_used_again_even_when_refused() {
        let mut ledger = Ledger::default();
        ledger.reserve(&device(), STEP);
        assert_eq!(ledger.choose(&device(), at(1_000)), Choice::Wait(at(30_000)));
        assert_eq!(ledger.choose(&device(), at(30_000)), Choice::Use(after(1)));
        // A clock that is set back does not bring it back.
        assert_eq!(
            ledger.choose(&device(), at(-30_000)),
            Choice::Use(Step::at(at(-30_000)))
        );
        assert_eq!(ledger.choose(&device(), at(10)), Choice::Wait(at(30_000)));
    }

    #[test]
    fn an_accepted_step_ends_those_before_it() {
        let mut ledger = Ledger::default();
        ledger.reserve(&device(), after(1));
        ledger.accept(&device(), after(1));
        ledger.accept(&device(), STEP);
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Wait(at(60_000)));
        assert_eq!(ledger.choose(&device(), at(60_000)), Choice::Use(after(2)));
    }

    #[test]
    fn an_acceptance_by_a_wrong_clock_does_not_block_the_right_time() {
        let mut ledger = Ledger::default();
        ledger.reserve(&device(), after(600));
        ledger.accept(&device(), after(600));
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Use(STEP));
        assert_eq!(
            ledger.choose(&device(), after(600).start()),
            Choice::Wait(after(601).start())
        );
        let mut ledger = Ledger::default();
        ledger.accept(&device(), after(2));
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Wait(at(90_000)));
    }

    #[test]
    fn refused_codes_of_a_wrong_clock_do_not_block_the_right_time() {
        let mut ledger = Ledger::default();
        ledger.reserve(&device(), after(600));
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Use(STEP));
    }

    #[test]
    fn a_released_step_may_be_used() {
        let mut ledger = Ledger::default();
        ledger.reserve(&device(), STEP);
        ledger.release(&device(), STEP);
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Use(STEP));
    }

    #[test]
    fn the_last_step_that_was_used_is_known() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.last_used(&device()), None);
        ledger.reserve(&device(), STEP);
        ledger.reserve(&device(), after(1));
        assert_eq!(ledger.last_used(&device()), Some(after(1)));
        ledger.release(&device(), after(1));
        assert_eq!(ledger.last_used(&device()), Some(STEP));
    }

    #[test]
    fn devices_do_not_share_steps() {
        let mut ledger = Ledger::default();
        ledger.reserve(&"GAHT12345678".parse().unwrap(), STEP);
        assert_eq!(ledger.choose(&device(), at(0)), Choice::Use(STEP));
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_latest() {
        let mut ledger = Ledger::default();
        for number in 0..1_000 {
            ledger.reserve(&device(), after(number));
        }
        assert_eq!(ledger.0[&device()].used.len(), REMEMBERED);
        assert_eq!(
            ledger.choose(&device(), after(999).start()),
            Choice::Wait(after(1_000).start())
        );
    }

    #[test]
    fn a_bounded_number_of_devices_is_remembered() {
        let mut ledger = Ledger::default();
        let numbered = |number: usize| format!("GAHT{number:08}").parse::<SerialNumber>().unwrap();
        for number in 0..MOST_DEVICES {
            assert!(ledger.has_room_for(&numbered(number)));
            ledger.reserve(&numbered(number), STEP);
        }
        assert!(!ledger.has_room_for(&device()));
        assert!(ledger.has_room_for(&numbered(7)), "one that is known has room");
    }
}
