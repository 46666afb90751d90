//! Twenty profiles in virtual time under a seeded schedule of outages, throttling, garbage, wrong clocks, suspends, restarts, rotations of
//! keys and late people, judged by one oracle. There are three tiers of this:
//!
//! - **machines**: the parts that decide against the parts of the emulator that decide, with nothing between them, for a year.
//! - **daemon**: the engine, the client of STS and every byte, over a network in memory, for a month.
//! - **chaos** (`tests/chaos`): a process, real sockets and real time, for as long as somebody is willing to wait.
//!
//! It stands beside the layers, since it brings together what never meets elsewhere; it is in no build but the tests.
//! `VALETKEY_SIMULATIONS=200 VALETKEY_SIMULATION_DAYS=365` tries more (optimised: see `.ci/suites/simulation-long`); a failure
//! names its seed, and `VALETKEY_SIMULATION=<seed>` plays that one alone and tells its story.

mod cast;
mod faults;
mod machines;
mod network;
mod observed;
mod oracle;
mod random;
mod replicas;
mod sky;
mod store;
mod storms;
mod world;

use std::fmt::Debug;
use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};

use oracle::{Oracle, State};
use world::START;

/// How many lives, and of how many days.
struct Tier {
    lives: u64,
    days: u64,
}

/// The machines alone: a year takes seconds without optimisation.
const MACHINES: Tier = Tier { lives: 10, days: 365 };

/// The engine, and every byte to AWS and back: each call is signed, and the signature verified.
const DAEMON: Tier = Tier { lives: 5, days: 30 };

#[test]
fn machines_whatever_the_weather() {
    MACHINES.play(|seed, days| {
        let oracle = Oracle::new(START);
        let mut life = machines::Life::begin(seed, &oracle);
        life.live(Duration::from_hours(24 * days));
        judge(seed, life.events, &oracle.state());
    });
}

#[test]
fn whatever_the_weather() {
    DAEMON.play(|seed, days| {
        in_virtual_time(async {
            let mut life = sky::Life::begin(seed, days);
            life.live(Duration::from_hours(24 * days)).await;
            judge(seed, life.events, &life.world().oracle.state());
        });
    });
}

impl Tier {
    fn play(&self, live: impl Fn(u64, u64) + Sync) {
        let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
        let seeds = match number(ALONE) {
            Some(seed) => seed..seed + 1,
            None => 0..number("VALETKEY_SIMULATIONS").unwrap_or(self.lives),
        };
        let days = number("VALETKEY_SIMULATION_DAYS").unwrap_or(self.days);
        let (even, odd): (Vec<_>, Vec<_>) = seeds.partition(|seed| seed % 2 == 0);
        let live = &live;
        std::thread::scope(|scope| {
            for seeds in [even, odd] {
                scope.spawn(move || {
                    for seed in seeds {
                        println!("seed {seed}");
                        live(seed, days);
                    }
                });
            }
        });
    }
}

fn judge(seed: u64, events: u64, state: &State) {
    let (least, most) = state
        .fractions
        .iter()
        .fold((1.0_f64, 0.0_f64), |(least, most), fraction| {
            (least.min(*fraction), most.max(*fraction))
        });
    println!(
        "seed {seed}: {events} events, {:?}, renewals from {least:.3} to {most:.3}",
        state.counts
    );
    // The point is random: of hundreds of renewals, some are near both ends.
    if state.fractions.len() > 200 {
        assert!(least < 0.41 && most > 0.47, "{least} {most}");
    }
}

/// The seed of the one life that is to be played.
const ALONE: &str = "VALETKEY_SIMULATION";

/// Prints what happened, where one life is played alone.
fn tell(now: DateTime<Utc>, what: &dyn Debug) {
    static IS_ALONE: LazyLock<bool> = LazyLock::new(|| std::env::var_os(ALONE).is_some());
    if *IS_ALONE {
        println!("{} {what:?}", now.format("%F %T%.3f"));
    }
}

fn in_virtual_time(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future);
}
