//! When a renewal starts, and how long a failed one waits for the next try. Pure: chance comes in as a fraction.

use std::time::Duration;

use crate::clock::BootInstant;

/// A number from 0 up to, but not including, 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Fraction(f64);

impl Fraction {
    /// Makes one from random bits: 53 of them fill a double's fraction.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub const fn from_bits(bits: u64) -> Self {
        Self((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// So much of a duration.
    pub(super) fn of(self, duration: Duration) -> Duration {
        duration.mul_f64(self.0)
    }
}

/// The part of a lifetime at which its renewal starts, at the earliest and at the latest. Before the half, so that a
/// session outlives an outage of STS of half its lifetime; spread, so that a fleet does not renew at once.
const RENEWAL: (f64, f64) = (0.40, 0.48);

/// The least time that a person has to see the request and answer it.
const ASKING_AHEAD: Duration = Duration::from_hours(1);

/// The bound of the first wait after a failure, and of all later ones.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// When the renewal of credentials starts that die at `dies` after `lifetime`. Counted from the end, since the host may
/// have started after their beginning.
pub(super) fn renewal(dies: BootInstant, lifetime: Duration, chance: Fraction) -> BootInstant {
    let (earliest, latest) = RENEWAL;
    dies - lifetime.mul_f64(1.0 - (earliest + (latest - earliest) * chance.0))
}

/// When a person's code is taken for credentials that die at `dies` after `lifetime`: once half of it is over.
pub(super) fn submission(dies: BootInstant, lifetime: Duration) -> BootInstant {
    dies - lifetime / 2
}

/// When a person is asked for that code: an hour before the end, or a tenth of the lifetime if that is more, but not
/// before the code would be taken.
pub(super) fn asking(dies: BootInstant, lifetime: Duration) -> BootInstant {
    let ahead = (lifetime / 10).max(ASKING_AHEAD);
    dies - ahead.min(lifetime / 2)
}

/// Whether kept credentials that live on for `left` of `lifetime` are worth more than what is served, which lives on for
/// `served`. Where nothing is served, whatever is not about to die is: its renewal may be due at once. Otherwise they are to
/// save a call, and have to be young.
pub(super) fn is_worth_taking(left: Duration, lifetime: Duration, served: Option<Duration>) -> bool {
    match served {
        None => left >= LEAST_KEPT,
        Some(served) => left > lifetime.mul_f64(1.0 - RENEWAL.0) && left > served + LEAST_KEPT,
    }
}

/// Nobody is given at a start what dies in his hands.
const LEAST_KEPT: Duration = Duration::from_mins(1);

/// How long to wait after this many failures in a row: anywhere between nothing and a bound that doubles from 1 s to
/// 60 s ("full jitter", which spreads a fleet best:
/// <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>). While credentials are held the
/// bound is at most a quarter of the life that is `left` to them, so that they do not die during a wait.
pub(super) fn backoff(failures: u32, left: Option<Duration>, chance: Fraction) -> Duration {
    let (first, most) = BACKOFF;
    let most = left.map_or(most, |left| (left / 4).clamp(first, most));
    let doublings = failures.saturating_sub(1).min(16);
    (first * (1 << doublings)).min(most).mul_f64(chance.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Fraction = Fraction(0.0);
    const MOST: Fraction = Fraction(0.999_999_999);

    #[test]
    fn a_fraction_is_below_one() {
        assert_eq!(Fraction::from_bits(0), LEAST);
        assert_eq!(Fraction::from_bits(1 << 63), Fraction(0.5));
        assert!(Fraction::from_bits(u64::MAX).0 < 1.0);
    }

    #[test]
    fn renewal_starts_between_forty_and_forty_eight_hundredths() {
        let start = BootInstant::from_boot(Duration::from_secs(100));
        let lifetime = Duration::from_hours(12);
        let dies = start + lifetime;
        assert_eq!(renewal(dies, lifetime, LEAST), start + lifetime * 40 / 100);
        let latest = renewal(dies, lifetime, MOST);
        let bound = start + lifetime * 48 / 100;
        assert!(latest <= bound && bound.since(latest) < Duration::from_millis(1));
    }

    #[test]
    fn a_person_is_asked_an_hour_or_a_tenth_before_the_end_and_never_before_the_half() {
        let start = BootInstant::from_boot(Duration::from_secs(100));
        let asked = |hours| {
            let lifetime = Duration::from_hours(hours);
            asking(start + lifetime, lifetime).since(start).as_secs() / 60
        };
        assert_eq!([8, 10, 12, 36].map(asked), [7 * 60, 9 * 60, 648, 1_944]);
        assert_eq!([1, 2].map(asked), [30, 60]);
        assert_eq!(
            submission(start + Duration::from_hours(8), Duration::from_hours(8)),
            start + Duration::from_hours(4)
        );
    }

    #[test]
    fn what_began_before_the_host_did_is_renewed_in_time_all_the_same() {
        let at = |hours| BootInstant::from_boot(Duration::from_hours(hours));
        let lifetime = Duration::from_hours(10);
        // Nine hours of its life were over at boot, then three.
        assert_eq!(renewal(at(1), lifetime, LEAST), at(0));
        assert_eq!(renewal(at(7), lifetime, LEAST), at(1));
    }

    #[test]
    fn kept_credentials_are_taken_where_there_are_none_or_older_ones() {
        let (hours, lifetime) = (Duration::from_hours, Duration::from_hours(10));
        for (left, served, taken) in [
            (Duration::from_secs(59), None, false),
            (Duration::from_mins(1), None, true),
            (hours(9), None, true),
            (hours(9), Some(hours(5)), true),
            (hours(9), Some(hours(9)), false),
            (hours(5), Some(hours(4)), false),
            (hours(5), Some(Duration::ZERO), false),
        ] {
            assert_eq!(is_worth_taking(left, lifetime, served), taken, "{left:?} {served:?}");
        }
    }

    #[test]
    fn the_wait_doubles_to_a_minute() {
        let bounds: Vec<_> = (0..10)
            .map(|failures| backoff(failures, None, MOST).as_secs_f64().round())
            .collect();
        assert_eq!(bounds, [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        assert_eq!(backoff(u32::MAX, None, MOST).as_secs(), 59);
        assert_eq!(backoff(5, None, LEAST), Duration::ZERO);
        assert_eq!(backoff(2, None, Fraction(0.5)), Duration::from_secs(1));
    }

    #[test]
    fn the_wait_is_short_against_the_life_that_is_left() {
        let seconds = |failures, left| {
            backoff(failures, Some(Duration::from_secs(left)), MOST)
                .as_secs_f64()
                .ceil()
        };
        let bounds = [0, 3, 40, 240, 40_000].map(|left| [seconds(99, left), seconds(1, left)]);
        assert_eq!(bounds, [[1.0, 1.0], [1.0, 1.0], [10.0, 1.0], [60.0, 1.0], [60.0, 1.0]]);
    }
}
