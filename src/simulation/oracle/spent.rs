//! Which MFA codes have reached AWS, as a daemon could know.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::Spending;

/// How long AWS would take a person's or a process's code.
const CODE_LIVES: TimeDelta = TimeDelta::seconds(90);

/// How far a step may be from AWS's own and its code be taken all the same.
const NEAR: u64 = 2;

#[derive(Default)]
pub(super) struct Spent {
    /// Steps, by device.
    steps: HashSet<(String, u64)>,
    /// Steps that were yet to come, since the clock was wrong: once they come, they are used.
    ahead: HashMap<String, BTreeSet<u64>>,
    /// Codes of no known step, of late, by device.
    codes: VecDeque<(String, String, DateTime<Utc>)>,
}

impl Spent {
    /// A code has reached AWS. Tells whether it is the first time.
    pub(super) fn spend(&mut self, spending: &Spending<'_>, now: DateTime<Utc>) -> bool {
        let Spending { device, code, step } = *spending;
        let Some(step) = step else {
            return self.spend_code(device, code, now);
        };
        let present = step_at(now);
        if step.abs_diff(present) <= NEAR {
            return self.steps.insert((device.to_owned(), step));
        }
        // By a wrong clock: to AWS it is a wrong code like any other, whenever it is sent.
        if step > present {
            self.ahead.entry(device.to_owned()).or_default().insert(step);
        }
        true
    }

    fn spend_code(&mut self, device: &str, code: &str, now: DateTime<Utc>) -> bool {
        while self.codes.front().is_some_and(|(_, _, at)| now - *at > CODE_LIVES) {
            self.codes.pop_front();
        }
        let mut codes = self.codes.iter();
        let is_new = !codes.any(|(of, sent, _)| of == device && sent == code);
        self.codes.push_back((device.to_owned(), code.to_owned(), now));
        is_new
    }

    /// Nobody knows any more of codes of no known step.
    pub(super) fn forget_codes(&mut self) {
        self.codes.clear();
    }

    /// Nobody knows of anything any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether a wrong clock has used steps of the device between these times.
    pub(super) fn lacks_steps(&self, device: &str, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let steps = self.ahead.get(device);
        steps.is_some_and(|steps| steps.range(step_at(since)..=step_at(now) + NEAR).next().is_some())
    }
}

fn step_at(time: DateTime<Utc>) -> u64 {
    u64::try_from(time.timestamp() / 30).unwrap()
}
