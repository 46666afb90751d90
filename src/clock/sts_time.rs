use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{BootInstant, Clock};

/// One reading of STS's clock: the `Date` of a reply, and when the request left and the reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The reply's `Date`, whole seconds, cut off rather than rounded (RFC 9110, section 6.6.1).
    pub date: DateTime<Utc>,
    /// When the request was about to leave.
    pub sent: BootInstant,
    /// When the reply had come.
    pub received: BootInstant,
    /// Whether the reply came over TLS, so that nobody on the way can have written the date.
    pub authenticated: bool,
}

/// STS's time, as far as its replies have told.
///
/// Kept as the UTC at which the host booted by STS's clock, so that setting the host's wall clock moves nothing. Until
/// the first reply the wall clock is the guess.
#[derive(Debug, Clone, Default)]
pub struct StsTime {
    /// What we believe.
    utc_at_boot: Option<DateTime<Utc>>,
    /// What the last authenticated date told. Unauthenticated ones are held against it, or against the wall clock, and
    /// not against each other: many small steps would lead as far as one large one.
    authenticated: Option<DateTime<Utc>>,
}

/// How far an unauthenticated date may be from what we believe: AWS's own tolerance of a request's time stamp.
const UNAUTHENTICATED_TOLERANCE: TimeDelta = TimeDelta::minutes(15);

impl StsTime {
    /// STS's time at a boot instant, past or to come.
    pub fn at(&self, instant: BootInstant, clock: &dyn Clock) -> DateTime<Utc> {
        self.utc_at_boot(clock) + instant.since_boot()
    }

    /// The boot instant at which STS's clock shows `time`; boot itself for anything earlier.
    pub fn boot_instant(&self, time: DateTime<Utc>, clock: &dyn Clock) -> BootInstant {
        let since_boot = time - self.utc_at_boot(clock);
        BootInstant::from_boot(since_boot.to_std().unwrap_or(Duration::ZERO))
    }

    /// STS's time minus the host's; zero until a reply contradicted the wall clock.
    pub fn offset(&self, clock: &dyn Clock) -> TimeDelta {
        self.utc_at_boot(clock) - wall_at_boot(clock)
    }

    /// Takes a reply's date into account, unless it is neither authenticated nor near what can be trusted. Tells whether
    /// it did.
    ///
    /// The date was written between `sent` and `received` and may be up to a second old by its rounding. That bounds the
    /// truth from both sides: a belief within the bounds stays (so that jitter of the network never moves it), another
    /// goes to their middle.
    pub fn learn(&mut self, sample: Sample, clock: &dyn Clock) -> bool {
        let earliest = sample.date - sample.received.since_boot();
        let latest = sample.date + TimeDelta::seconds(1) - sample.sent.since_boot();
        let trusted = self.authenticated.unwrap_or_else(|| wall_at_boot(clock));
        if !sample.authenticated && (earliest - trusted).abs() > UNAUTHENTICATED_TOLERANCE {
            return false;
        }
        let belief = self.utc_at_boot(clock);
        let fits = (earliest..=latest).contains(&belief);
        let utc_at_boot = if fits {
            belief
        } else {
            earliest + (latest - earliest) / 2
        };
        self.utc_at_boot = Some(utc_at_boot);
        if sample.authenticated {
            self.authenticated = Some(utc_at_boot);
        }
        true
    }

    fn utc_at_boot(&self, clock: &dyn Clock) -> DateTime<Utc> {
        self.utc_at_boot.unwrap_or_else(|| wall_at_boot(clock))
    }
}

fn wall_at_boot(clock: &dyn Clock) -> DateTime<Utc> {
    clock.wall() - clock.boot().since_boot()
}

#[cfg(test)]
mod tests {
    use super::super::PausedClock;
    use super::*;

    const fn utc(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    const NOW: DateTime<Utc> = utc(1_800_000_000);

    /// A reply over TLS that took 200 ms and whose date is this far from the host's.
    fn reply(clock: &PausedClock, ahead: TimeDelta) -> Sample {
        Sample {
            date: utc((clock.wall() + ahead).timestamp()),
            sent: clock.boot() - Duration::from_millis(200),
            received: clock.boot(),
            authenticated: true,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn is_the_wall_clock_until_a_reply_came() {
        let clock = PausedClock::new(NOW);
        let time = StsTime::default();
        clock.jump_wall(TimeDelta::hours(3));
        assert_eq!(time.at(clock.boot(), &clock), NOW + TimeDelta::hours(3));
        assert_eq!(time.offset(&clock), TimeDelta::zero());
    }

    #[tokio::test(start_paused = true)]
    async fn a_date_that_agrees_within_its_rounding_moves_nothing() {
        let clock = PausedClock::new(NOW + TimeDelta::milliseconds(900));
        let mut time = StsTime::default();
        time.learn(reply(&clock, TimeDelta::zero()), &clock);
        assert_eq!(time.offset(&clock), TimeDelta::zero());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_hours_wrong_is_corrected_and_a_later_jump_changes_nothing() {
        let clock = PausedClock::new(NOW);
        let mut time = StsTime::default();
        time.learn(reply(&clock, TimeDelta::hours(-7)), &clock);
        let offset = time.offset(&clock);
        // The middle between the date as it stands and a second and the round trip later.
        assert_eq!(offset + TimeDelta::hours(7), TimeDelta::milliseconds(600));

        let before = time.at(clock.boot(), &clock);
        clock.jump_wall(TimeDelta::days(400));
        assert_eq!(time.at(clock.boot(), &clock), before);
        assert_eq!(time.offset(&clock), offset - TimeDelta::days(400));
    }

    #[tokio::test(start_paused = true)]
    async fn goes_on_through_suspend() {
        let clock = PausedClock::new(NOW);
        let mut time = StsTime::default();
        time.learn(reply(&clock, TimeDelta::zero()), &clock);
        clock.suspend(Duration::from_hours(8));
        assert_eq!(time.at(clock.boot(), &clock), NOW + TimeDelta::hours(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_date_that_anybody_could_have_written_counts_only_when_near() {
        let clock = PausedClock::new(NOW);
        for (minutes, learns) in [(14, true), (-14, true), (15, true), (16, false), (-16, false)] {
            let mut time = StsTime::default();
            let sample = Sample {
                authenticated: false,
                ..reply(&clock, TimeDelta::minutes(minutes))
            };
            assert_eq!(time.learn(sample, &clock), learns, "{minutes} min");
            assert_eq!(time.offset(&clock) != TimeDelta::zero(), learns, "{minutes} min");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_small_lies_lead_no_further_than_one() {
        let clock = PausedClock::new(NOW);
        for honest_hours in [None, Some(3)] {
            let mut time = StsTime::default();
            if let Some(hours) = honest_hours {
                assert!(time.learn(reply(&clock, TimeDelta::hours(hours)), &clock));
            }
            let start = time.at(clock.boot(), &clock);
            for _ in 0..10 {
                let ahead = time.offset(&clock) + TimeDelta::minutes(14);
                let sample = Sample {
                    authenticated: false,
                    ..reply(&clock, ahead)
                };
                time.learn(sample, &clock);
            }
            let moved = time.at(clock.boot(), &clock) - start;
            assert!(moved < TimeDelta::minutes(16), "{moved}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn converts_both_ways() {
        let clock = PausedClock::new(NOW);
        let mut time = StsTime::default();
        time.learn(reply(&clock, TimeDelta::hours(2)), &clock);
        let instant = clock.boot() + Duration::from_secs(77);
        assert_eq!(time.boot_instant(time.at(instant, &clock), &clock), instant);
        assert_eq!(
            time.boot_instant(utc(0), &clock),
            BootInstant::from_boot(Duration::ZERO)
        );
    }
}
