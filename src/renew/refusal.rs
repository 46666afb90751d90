//! Why STS refuses an MFA code that was made for its step. AWS has one sentence for all causes; whoever made the code knows the step, the
//! clock and what became of the codes before it.

use chrono::{DateTime, TimeDelta, Utc};

use super::schedule::Backoff;
use crate::mfa::{Record, Step};

/// Why an MFA code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The code was of another step than STS's: the host's clock was off.
    Clock,
    /// Somebody else used the step.
    Collision,
    /// The device used to work and no longer does.
    OutOfSync,
    /// The device never worked: the seed is another one's, or the serial number.
    Seed,
}

impl Refusal {
    /// Every diagnosis, in the order of their words.
    pub const ALL: [Self; 4] = [Self::Clock, Self::Collision, Self::OutOfSync, Self::Seed];

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clock => "mfa_clock",
            Self::Collision => "mfa_collision",
            Self::OutOfSync => "mfa_out_of_sync",
            Self::Seed => "mfa_seed",
        }
    }
}

/// How far STS's time may seem to be outside of a step for which its code was made by the same clock.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// From how many refusals in a row on it is more likely the device than somebody else: where it never worked, and where it did.
const SUSPICIOUS: (u32, u32) = (3, 6);

/// From how many on it is hardly anything else: fifty replicas on one device have fewer each (`schedule::collisions`).
const HOPELESS: u32 = 16;

/// How far `time`, at which the code of `step` was sent, is outside of the step; none if it is inside, or nearly so.
pub(super) fn clock_error(step: Step, time: DateTime<Utc>) -> Option<TimeDelta> {
    let early = time - step.start();
    let late = time - step.next().start();
    let error = if early < TimeDelta::zero() {
        early
    } else {
        late.max(TimeDelta::zero())
    };
    (error.abs() >= TOLERANCE).then_some(error)
}

/// What it is, where the clock was right.
pub(super) fn diagnose(record: Record) -> Refusal {
    let (never_worked, worked) = SUSPICIOUS;
    match record.was_taken {
        false if record.in_a_row >= never_worked => Refusal::Seed,
        true if record.in_a_row >= worked => Refusal::OutOfSync,
        _ => Refusal::Collision,
    }
}

/// When to try again: steps are skipped as long as another holder may be the cause, which time heals.
pub(super) fn backoff(record: Record) -> Backoff {
    if record.in_a_row >= HOPELESS {
        Backoff::HalfHour
    } else {
        Backoff::Steps
    }
}

/// What to do, for people, after `refused` codes in a row, the last of which was outside of its step by `clock_error` seconds.
pub(super) fn remedy(refusal: Refusal, refused: u32, clock_error: i64) -> String {
    match refusal {
        Refusal::Clock => format!(
            "the host's clock was off, so that the code's step was over or yet to come ({clock_error} s); the next one is made by STS's \
             time, but set the host's clock"
        ),
        Refusal::Collision => String::from(
            "the step was fresh and the clock is right, so it was probably used by another holder of the MFA device, or by this daemon \
             before a restart: a later step is tried, and this heals by itself; give each replica a device of its own, or all of a host \
             one state_dir",
        ),
        Refusal::OutOfSync => format!(
            "{refused} codes in a row were refused, each of a fresh step, by a device that used to work: check whether its seed was \
             replaced, resynchronise it (aws iam resync-mfa-device), and see who else uses it"
        ),
        Refusal::Seed => format!(
            "{refused} codes in a row were refused, each of a fresh step, and none was ever taken: check that the seed and mfa_serial are of \
             the same device, or resynchronise it (aws iam resync-mfa-device); where many replicas share the device, this heals by itself"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Step = Step::new(60_000_000);

    fn record(in_a_row: u32, was_taken: bool) -> Record {
        Record { in_a_row, was_taken }
    }

    #[test]
    fn a_code_of_another_step_than_that_of_sts_is_a_matter_of_clocks() {
        let error = |milliseconds| {
            let error = clock_error(STEP, STEP.start() + TimeDelta::milliseconds(milliseconds))?;
            Some(error.num_milliseconds())
        };
        assert_eq!([0, 15_000, 29_999, -1_999, 31_999].map(error), [None; 5]);
        assert_eq!(
            [-2_000, 32_000, -7_200_000, 3_630_000].map(error),
            [Some(-2_000), Some(2_000), Some(-7_200_000), Some(3_600_000)]
        );
    }

    #[test]
    fn another_holder_is_suspected_first_and_the_device_in_the_end() {
        let diagnosed = |was_taken| [1, 2, 3, 5, 6, 99].map(|in_a_row| diagnose(record(in_a_row, was_taken)));
        let (other, seed, sync) = (Refusal::Collision, Refusal::Seed, Refusal::OutOfSync);
        assert_eq!(diagnosed(false), [other, other, seed, seed, seed, seed]);
        assert_eq!(diagnosed(true), [other, other, other, other, sync, sync]);
    }

    #[test]
    fn only_what_no_number_of_replicas_explains_is_hopeless() {
        let tried = [1, 15, 16, u32::MAX].map(|in_a_row| backoff(record(in_a_row, false)));
        assert_eq!(
            tried,
            [Backoff::Steps, Backoff::Steps, Backoff::HalfHour, Backoff::HalfHour]
        );
    }

    #[test]
    fn each_has_a_remedy_of_its_own() {
        for (refusal, part) in [
            (
                Refusal::Clock,
                "(-240 s); the next one is made by STS's time, but set the host's clock",
            ),
            (Refusal::Collision, "give each replica a device of its own"),
            (Refusal::OutOfSync, "7 codes in a row"),
            (Refusal::Seed, "the seed and mfa_serial are of the same device"),
        ] {
            let remedy = remedy(refusal, 7, -240);
            assert!(remedy.contains(part), "{remedy}");
        }
    }
}
