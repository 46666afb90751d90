//! How the skipping of steps bears replicas in different pods that share one MFA device and nothing else: each step has one success,
//! the first that sends; the others are refused, and learn nothing but that.

use super::fleet::chance;
use super::skip;
use crate::renew::random::Random;

/// What came of a fleet whose members all began in the same step.
struct Fleet {
    /// The step of the last success; the first one's number is 0.
    last: u64,
    /// All refusals, and the most that one of them had.
    refusals: u32,
    most: u32,
}

/// Means over many fleets of a size.
#[derive(Debug)]
struct Means {
    /// Steps until all were ready, for each member.
    steps: f64,
    refusals: f64,
    /// Of all fleets.
    most: u32,
}

const FLEETS: u32 = 400;

fn fleet(size: usize, random: &mut Random) -> Fleet {
    // For each that waits: in which step it tries next, and how often it was refused.
    let mut waiting = vec![(0, 0); size];
    let mut fleet = Fleet {
        last: 0,
        refusals: 0,
        most: 0,
    };
    for step in 0.. {
        let first = waiting.iter().position(|(next, _)| *next == step);
        if let Some(first) = first {
            waiting.swap_remove(first);
            fleet.last = step;
        }
        for (next, refused) in waiting.iter_mut().filter(|(next, _)| *next == step) {
            *refused += 1;
            *next = step + 1 + skip(*refused, None, chance(random));
            fleet.refusals += 1;
            fleet.most = fleet.most.max(*refused);
        }
        if waiting.is_empty() {
            break;
        }
    }
    fleet
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn means(size: usize) -> Means {
    let mut random = Random::new(size as u64);
    let fleets: Vec<_> = (0..FLEETS).map(|_| fleet(size, &mut random)).collect();
    let mean = |sum: u64| sum as f64 / f64::from(FLEETS) / size as f64;
    Means {
        steps: mean(fleets.iter().map(|fleet| fleet.last).sum()),
        refusals: mean(fleets.iter().map(|fleet| u64::from(fleet.refusals)).sum()),
        most: fleets.iter().map(|fleet| fleet.most).max().unwrap_or_default(),
    }
}

#[test]
fn replicas_on_one_device_are_ready_within_about_as_many_steps() {
    for (size, steps, refusals, most) in [
        (1, 0.0, 0.0, 0),
        (2, 0.5, 0.5, 1),
        (5, 1.9, 1.6, 5),
        (10, 2.1, 2.3, 7),
        (20, 2.0, 3.0, 9),
        (50, 1.5, 4.4, 15),
    ] {
        let means = means(size);
        println!("{size}: {means:.2?}");
        assert!(means.steps <= steps && means.refusals <= refusals, "{size}: {means:?}");
        assert!(means.most <= most, "{size}: {means:?}");
    }
}

#[test]
fn two_replicas_are_ready_in_two_steps_whatever_chance_says() {
    let mut random = Random::new(7);
    for _ in 0..FLEETS {
        let fleet = fleet(2, &mut random);
        assert!(fleet.last == 1 && fleet.refusals == 1);
    }
}
