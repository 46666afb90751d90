//! When a renewal starts, and how long a failed one waits for the next try. Pure: chance comes in as a fraction.

use std::time::Duration;

use crate::clock::BootInstant;
use crate::mfa::steps::STEP_SECONDS;

/// A number from 0 up to, but not including, 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Fraction(f64);

impl Fraction {
    /// Makes one from random bits: 53 of them fill a double's fraction.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub const fn from_bits(bits: u64) -> Self {
        Self((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// One of the numbers below a small bound, each as often as another.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the product lies between zero and the bound, which is small"
    )]
    pub(super) fn below(self, bound: u64) -> u64 {
        (self.0 * bound as f64) as u64
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

/// How a failure is waited out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backoff {
    /// It heals by itself: a minute at most.
    Minute,
    /// It hardly does: half an hour at most. Whoever puts it right ends the wait.
    HalfHour,
    /// Another holder of the MFA device was faster: the device rests for some steps, and nothing else is waited for.
    Steps,
    /// It hardly heals by itself, and the MFA device is to blame: that one rests for half an hour at most, while others do as well.
    Others,
}

impl Backoff {
    /// Whether somebody is to put something right.
    pub(super) fn waits_for_somebody(self) -> bool {
        matches!(self, Self::HalfHour | Self::Others)
    }
}

/// The bound of the first wait after a failure.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// What SDKs want of life at least before they look for other credentials, some of them within each request, from a container's
/// endpoint and from an instance's metadata service.
pub(super) const LEAST_LEFT: Duration = Duration::from_mins(15);
pub(super) const LEAST_LEFT_BY_IMDS: Duration = Duration::from_mins(25);

/// What lies between two renewals at least for the sake of that: a lifetime that does not allow it is renewed like any other.
const LEAST_BETWEEN: Duration = Duration::from_mins(5);

/// When the renewal of credentials starts that die at `dies` after `lifetime`. Counted from the end, since the host may
/// have started after their beginning. Where `least_left` would not be left then, it is as much earlier.
pub(super) fn renewal(dies: BootInstant, lifetime: Duration, least_left: Duration, chance: Fraction) -> BootInstant {
    let (earliest, latest) = RENEWAL;
    let most = lifetime.saturating_sub(least_left);
    let latest_of_all = lifetime.mul_f64(latest);
    let scale = if most < LEAST_BETWEEN || most > latest_of_all {
        1.0
    } else {
        most.div_duration_f64(latest_of_all)
    };
    dies - lifetime.mul_f64(1.0 - scale * (earliest + (latest - earliest) * chance.0))
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

/// How long to wait after this many failures in a row, up to a bound that doubles from 1 s. What heals by itself: anywhere between nothing
/// and the bound ("full jitter", which spreads a fleet best:
/// <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>). What hardly does: the half of the bound at least. While
/// credentials are held the bound is at most a quarter of the life that is `left` to them, so that they do not die during a wait.
pub(super) fn backoff(backoff: Backoff, failures: u32, left: Option<Duration>, chance: Fraction) -> Duration {
    let (most, least) = match backoff {
        Backoff::Minute => (Duration::from_mins(1), 0.0),
        Backoff::HalfHour => (Duration::from_mins(30), 0.5),
        Backoff::Steps | Backoff::Others => return Duration::ZERO,
    };
    let most = left.map_or(most, |left| (left / 4).clamp(FIRST_WAIT, most));
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_WAIT * (1 << doublings))
        .min(most)
        .mul_f64(least + (1.0 - least) * chance.0)
}

/// How many steps of an MFA device to let pass after this many refusals in a row that look like another holder's use of the step: none
/// after the first, which may be this daemon's own use before a restart; then any number below a window that doubles from 6 to 24. Nobody
/// knows how many others there are, nor learns more than that he was refused; `collisions` tells what comes of it. While credentials are
/// held, the steps take at most a quarter of the life that is `left` to them.
pub(super) fn skip(refusals: u32, left: Option<Duration>, chance: Fraction) -> u64 {
    let (first, most) = SKIP;
    let window = match refusals.saturating_sub(2) {
        _ if refusals < 2 => 1,
        doublings => first << doublings.min(16),
    };
    let most = left.map_or(most, |left| (left.as_secs() / 4 / STEP_SECONDS).clamp(1, most));
    chance.below(window.min(most))
}

/// The window of skipped steps after the second refusal, and the widest.
const SKIP: (u64, u64) = (6, 24);

#[cfg(test)]
mod collisions;
#[cfg(test)]
mod fleet;

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
        assert_eq!(renewal(dies, lifetime, LEAST_LEFT, LEAST), start + lifetime * 40 / 100);
        let latest = renewal(dies, lifetime, LEAST_LEFT, MOST);
        let bound = start + lifetime * 48 / 100;
        assert!(latest <= bound && bound.since(latest) < Duration::from_millis(1));
    }

    #[test]
    fn a_short_life_is_renewed_while_enough_of_it_is_left_unless_that_would_never_end() {
        let start = BootInstant::from_boot(Duration::from_secs(100));
        let tenths = |lifetime, least_left, chance| {
            let lifetime = Duration::from_mins(lifetime);
            let renewed = renewal(start + lifetime, lifetime, least_left, chance);
            (renewed.since(start).as_secs() + 3) / 6
        };
        let by_container = [15, 19, 20, 24, 28, 29, 60].map(|lifetime| tenths(lifetime, LEAST_LEFT, MOST));
        assert_eq!(by_container, [72, 91, 50, 90, 130, 139, 288]);
        let by_imds = [15, 29, 30, 40, 48, 49, 60].map(|lifetime| tenths(lifetime, LEAST_LEFT_BY_IMDS, MOST));
        assert_eq!(by_imds, [72, 139, 50, 150, 230, 235, 288]);
        // It is spread as well.
        assert_eq!(tenths(24, LEAST_LEFT, LEAST), 75);
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
        assert_eq!(renewal(at(1), lifetime, LEAST_LEFT, LEAST), at(0));
        assert_eq!(renewal(at(7), lifetime, LEAST_LEFT, LEAST), at(1));
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
            (hours(9) + LEAST_KEPT, Some(hours(9)), false),
            (hours(6), Some(hours(1)), false),
            (hours(5), Some(hours(4)), false),
            (hours(5), Some(Duration::ZERO), false),
        ] {
            assert_eq!(is_worth_taking(left, lifetime, served), taken, "{left:?} {served:?}");
        }
    }

    #[test]
    fn the_wait_doubles_to_a_minute() {
        let minute = |failures, chance| backoff(Backoff::Minute, failures, None, chance);
        let bounds: Vec<_> = (0..10)
            .map(|failures| minute(failures, MOST).as_secs_f64().round())
            .collect();
        assert_eq!(bounds, [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        assert_eq!(minute(u32::MAX, MOST).as_secs(), 59);
        assert_eq!(minute(5, LEAST), Duration::ZERO);
        assert_eq!(minute(2, Fraction(0.5)), Duration::from_secs(1));
    }

    #[test]
    fn what_hardly_heals_is_tried_again_every_half_hour_in_the_end() {
        let bounds = |chance| {
            let tried = [1, 2, 5, 11, 12, 13, u32::MAX].into_iter();
            let waits = tried.map(|failures| backoff(Backoff::HalfHour, failures, None, chance).as_secs_f64().round());
            waits.collect::<Vec<_>>()
        };
        assert_eq!(bounds(MOST), [1.0, 2.0, 16.0, 1_024.0, 1_800.0, 1_800.0, 1_800.0]);
        // Half of that, rounded: at once is never soon enough for what somebody has to mend.
        assert_eq!(bounds(LEAST), [1.0, 1.0, 8.0, 512.0, 900.0, 900.0, 900.0]);
    }

    #[test]
    fn where_the_device_rests_nothing_else_is_waited_for() {
        for kind in [Backoff::Steps, Backoff::Others] {
            assert_eq!(backoff(kind, 9, None, MOST), Duration::ZERO);
        }
    }

    #[test]
    fn the_wait_is_short_against_the_life_that_is_left() {
        let seconds = |kind, failures, left| {
            let left = Some(Duration::from_secs(left));
            backoff(kind, failures, left, MOST).as_secs_f64().ceil()
        };
        let minute = [0, 3, 40, 240, 40_000].map(|left| {
            let kind = Backoff::Minute;
            [seconds(kind, 99, left), seconds(kind, 1, left)]
        });
        assert_eq!(minute, [[1.0, 1.0], [1.0, 1.0], [10.0, 1.0], [60.0, 1.0], [60.0, 1.0]]);
        let half_hour = [0, 3_600, 40_000]
            .map(|left| seconds(Backoff::HalfHour, 99, left))
            .to_vec();
        assert_eq!(half_hour, [1.0, 900.0, 1_800.0]);
    }

    #[test]
    fn the_window_of_skipped_steps_doubles_from_six_to_twenty_four_after_the_first_refusal() {
        let most: Vec<_> = (0..8).map(|refusals| skip(refusals, None, MOST)).collect();
        assert_eq!(most, [0, 0, 5, 11, 23, 23, 23, 23]);
        assert_eq!((skip(9, None, LEAST), skip(u32::MAX, None, Fraction(0.5))), (0, 12));
        let sixths = [0.0, 0.166, 0.167, 0.499, 0.5, 0.999].map(|chance| skip(2, None, Fraction(chance)));
        assert_eq!(sixths, [0, 0, 1, 2, 3, 5]);
    }

    #[test]
    fn the_skipped_steps_are_few_against_the_life_that_is_left() {
        let most = |left| skip(9, Some(Duration::from_secs(left)), MOST);
        assert_eq!([0, 239, 240, 600, 2_880, 40_000].map(most), [0, 0, 1, 4, 23, 23]);
    }
}
