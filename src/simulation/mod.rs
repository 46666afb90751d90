//! Twenty profiles in virtual time: the daemon's engine and its client against the emulator's core, under a seeded schedule of
//! outages, throttling, garbage, wrong clocks, suspends, restarts, rotations of keys and late people.
//!
//! It stands beside the layers, since it brings together what never meets elsewhere; it is in no build but the tests.
//! `VALETKEY_SIMULATIONS=200 VALETKEY_SIMULATION_DAYS=365` tries more (optimised: see `.ci/suites/simulation-long`); a failure
//! names its seed, and `VALETKEY_SIMULATION=<seed>` plays it alone.

mod cast;
mod faults;
mod network;
mod observed;
mod oracle;
mod random;
mod replicas;
mod sky;
mod store;
mod storms;
mod world;

use std::future::Future;
use std::time::Duration;

use sky::Life;

/// How many lives, and of how many days: without optimisation a day of signed calls, each of which the emulator verifies, takes a second.
const LIVES: u64 = 10;
const DAYS: u64 = 4;

#[test]
fn whatever_the_weather() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("VALETKEY_SIMULATION") {
        Some(seed) => seed..seed + 1,
        None => 0..number("VALETKEY_SIMULATIONS").unwrap_or(LIVES),
    };
    let days = number("VALETKEY_SIMULATION_DAYS").unwrap_or(DAYS);
    let (even, odd): (Vec<_>, Vec<_>) = seeds.partition(|seed| seed % 2 == 0);
    std::thread::scope(|scope| {
        for seeds in [even, odd] {
            scope.spawn(move || seeds.into_iter().for_each(|seed| simulate(seed, days)));
        }
    });
}

fn simulate(seed: u64, days: u64) {
    println!("seed {seed}");
    in_virtual_time(async {
        let mut life = Life::begin(seed, days);
        life.live(Duration::from_hours(24 * days)).await;
        let state = life.world().oracle.state();
        let (least, most) = state
            .fractions
            .iter()
            .fold((1.0_f64, 0.0_f64), |(least, most), fraction| {
                (least.min(*fraction), most.max(*fraction))
            });
        println!(
            "seed {seed}: {} events, {:?}, renewals from {least:.3} to {most:.3}",
            life.events, state.counts
        );
        // The point is random: of hundreds of renewals, some are near both ends.
        if state.fractions.len() > 200 {
            assert!(least < 0.41 && most > 0.47, "{least} {most}");
        }
    });
}

fn in_virtual_time(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future);
}
