//! How a fleet of daemons comes to an STS that lets an account make so many calls a second: when all of them start at once, and when STS
//! comes back after an outage.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::{Backoff, Fraction, backoff};
use crate::renew::random::Random;

/// Calls a second of an account in a region, as people report it; as many may come at once after a quiet second.
const RATE: u64 = 600;

const MILLISECONDS: u64 = 1_000;

/// What came of a fleet.
#[derive(Debug)]
struct Outcome {
    /// Milliseconds until all were ready.
    ready: u64,
    calls: u64,
    /// The most calls within a second of the clock, from the second on.
    fullest: u64,
}

pub(super) fn chance(random: &mut Random) -> Fraction {
    Fraction::from_bits(random.next())
}

/// Daemons that make their first calls at these milliseconds, after so many failures each.
fn fleet(first: impl Iterator<Item = u64>, failures: u32) -> Outcome {
    let mut random = Random::new(1);
    let mut calls: BinaryHeap<_> = first.map(|at| Reverse((at, failures))).collect();
    // In thousandths of a call.
    let (mut tokens, mut filled) = (RATE * MILLISECONDS, 0);
    let (mut outcome, mut seconds) = (
        Outcome {
            ready: 0,
            calls: 0,
            fullest: 0,
        },
        Vec::new(),
    );
    while let Some(Reverse((at, failures))) = calls.pop() {
        tokens = (tokens + (at - filled) * RATE).min(RATE * MILLISECONDS);
        filled = at;
        outcome.calls += 1;
        let second = usize::try_from(at / MILLISECONDS).unwrap();
        seconds.resize(seconds.len().max(second + 1), 0);
        seconds[second] += 1;
        if tokens >= MILLISECONDS {
            tokens -= MILLISECONDS;
            outcome.ready = at;
        } else {
            let wait = backoff(Backoff::Minute, failures + 1, None, chance(&mut random));
            calls.push(Reverse((
                at + u64::try_from(wait.as_millis()).unwrap().max(1),
                failures + 1,
            )));
        }
    }
    outcome.fullest = seconds.into_iter().skip(1).max().unwrap_or_default();
    outcome
}

/// So many moments within a span.
fn spread(size: u64, span: Duration) -> impl Iterator<Item = u64> {
    let mut random = Random::new(2);
    let span = u64::try_from(span.as_millis()).unwrap();
    (0..size).map(move |_| chance(&mut random).below(span + 1))
}

/// What STS cannot take at once is spread by its first refusals. A first call that waited for up to a second of chance would save a fleet of
/// thousands some seconds, and cost every start of a lone pod half a second.
#[test]
fn a_fleet_that_starts_at_once_is_spread_by_its_first_refusals() {
    for (size, ready, calls) in [
        (600, 0, 600),
        (1_200, 3_500, 2_000),
        (3_000, 20_000, 9_000),
        (6_000, 40_000, 25_000),
    ] {
        let at_once = fleet(spread(size, Duration::ZERO), 0);
        let delayed = fleet(spread(size, Duration::from_secs(1)), 0);
        println!("{size}: at once {at_once:?}, within a second {delayed:?}");
        assert!(at_once.ready <= ready && at_once.calls <= calls, "{size}: {at_once:?}");
        assert!(at_once.ready <= delayed.ready * 2 + 1_000, "{size}: {delayed:?}");
    }
}

#[test]
fn a_fleet_comes_back_from_an_outage_within_a_minute_and_evenly() {
    let back = fleet(spread(6_000, Duration::from_mins(1)), 10);
    println!("{back:?}");
    assert!(back.ready <= 60_000 && back.calls == 6_000, "{back:?}");
    // A hundred a second in the mean.
    assert!(back.fullest < 150, "{back:?}");
}
