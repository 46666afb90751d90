use prometheus::{Gauge, Histogram, IntCounter, Registry};

use super::names::{CLOCK_JUMPS, CLOCK_OFFSET, STS_REQUEST_DURATION, STS_REQUESTS};
use super::registered;
use crate::renew::Event;
use crate::sts::{Action, Class};

/// What renewal tells of STS and of the clocks.
pub(super) struct Sts {
    actions: [PerAction; Action::ALL.len()],
    clock_offset: Gauge,
    clock_jumps: IntCounter,
}

struct PerAction {
    success: IntCounter,
    errors: [IntCounter; Class::ALL.len()],
    duration: Histogram,
}

/// From a warm connection in the same region to the longest timeout.
const BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

impl Sts {
    pub(super) fn new(registry: &Registry) -> Self {
        let requests = registered::counters(registry, &STS_REQUESTS);
        let duration = registered::histograms(registry, &STS_REQUEST_DURATION, &BUCKETS);
        let actions = Action::ALL.map(|action| {
            let with_result = |result| requests.with_label_values(&[action.as_str(), result]);
            PerAction {
                success: with_result("success"),
                errors: Class::ALL.map(|class| with_result(class.as_str())),
                duration: duration.with_label_values(&[action.as_str()]),
            }
        });
        Self {
            actions,
            clock_offset: registered::gauge(registry, &CLOCK_OFFSET),
            clock_jumps: registered::counter(registry, &CLOCK_JUMPS),
        }
    }

    pub(super) fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Called { action, error, elapsed } => {
                let series = &self.actions[place(&Action::ALL, action)];
                match error {
                    None => series.success.inc(),
                    Some(class) => series.errors[place(&Class::ALL, class)].inc(),
                }
                series.duration.observe(elapsed.as_secs_f64());
            }
            // What it is measured with is no more precise.
            Event::ClockOffset(offset) => {
                let milliseconds = (offset.as_seconds_f64() * 1_000.0).round();
                // No minus before a zero.
                self.clock_offset.set(milliseconds / 1_000.0 + 0.0);
            }
            Event::ClockJumped(_) => self.clock_jumps.inc(),
            Event::Calling { .. }
            | Event::CodeWanted { .. }
            | Event::Expired { .. }
            | Event::Failed { .. }
            | Event::Renewed { .. } => {}
        }
    }
}

/// Where `wanted` stands in a list of every value of its type.
fn place<T: PartialEq>(all: &[T], wanted: &T) -> usize {
    all.iter().position(|value| value == wanted).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn calls_and_clocks_reach_their_series() {
        let sts = Sts::new(&Registry::new());
        for error in [None, Some(Class::Throttled), Some(Class::Throttled)] {
            sts.observe(&Event::Called {
                action: Action::GetSessionToken,
                error,
                elapsed: Duration::from_millis(120),
            });
        }
        sts.observe(&Event::ClockOffset(TimeDelta::microseconds(-400)));
        assert_eq!(sts.clock_offset.get().to_string(), "0", "and no -0");
        sts.observe(&Event::ClockOffset(TimeDelta::microseconds(-1_500_400)));
        sts.observe(&Event::ClockJumped(TimeDelta::hours(1)));

        let calls = &sts.actions[place(&Action::ALL, &Action::GetSessionToken)];
        assert_eq!(calls.success.get(), 1);
        let throttled = calls.errors[place(&Class::ALL, &Class::Throttled)].get();
        assert_eq!(throttled, 2);
        assert_eq!(calls.errors.iter().map(IntCounter::get).sum::<u64>(), throttled);
        assert_eq!(calls.duration.get_sample_count(), 3);
        assert_eq!(sts.clock_offset.get().to_string(), "-1.5", "in whole milliseconds");
        assert_eq!(sts.clock_jumps.get(), 1);
    }
}
