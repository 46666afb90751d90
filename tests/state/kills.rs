//! Kills at any moment: no step is sent twice, and what was being written is not corrupt.

use std::time::Duration;

use valetkey::clock::{Clock, SystemClock};

use crate::common::{World, eventually};
use crate::scene::{codes, configure, serve, warnings};

/// Each with an STS, a user and a device of its own.
const USERS: usize = 6;

/// `VALETKEY_KILLS` says another number.
const KILLS: u64 = 10;

#[test]
fn kills_at_any_moment_send_no_step_twice() {
    let worlds: Vec<_> = (0..USERS)
        .map(|user| World::of(&format!("killed{user}"), None))
        .collect();
    let profiles = worlds
        .iter()
        .enumerate()
        .map(|(user, world)| world.profile(&format!("p{user}")));
    let profiles: String = profiles.collect();
    let home = &worlds[0];
    configure(home, "ops", true, &profiles);
    let mut log = String::new();
    let kills = std::env::var("VALETKEY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    for kill in 0..kills {
        let daemon = serve(home, "ops");
        // From before the first call to after the last one.
        let moment = Duration::from_millis(kill * 37 % 101);
        let end = SystemClock.boot() + moment;
        eventually(|| (SystemClock.boot() >= end).then_some(()));
        daemon.signal("-KILL");
        log += &daemon.log();
        daemon.wait();
    }
    let daemon = serve(home, "ops");
    for user in 0..USERS {
        // Obtained now, or kept by one that was killed.
        let profile = format!("p{user}");
        daemon.wait_until(|line| line["profile"] == profile.as_str() && line["session_key"].is_string());
    }
    log += &daemon.log();
    assert_eq!(warnings(&log), [] as [&str; 0]);
    for world in &worlds {
        let (successes, errors) = codes(world);
        assert_eq!(errors, [] as [&str; 0]);
        assert!(successes >= 1);
    }
}
