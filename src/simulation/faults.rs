//! The faults that a daemon has to stand, a row each: the tests here are named as their row; for what needs sockets, files or a
//! process, other tests show it, and [`every_row_has_its_tests`] holds that they exist.
//!
//! | fault | what must come of it | shown by |
//! | --- | --- | --- |
//! | F1 STS down at start | nothing is served, few calls, ready soon after it is back | `f01_sts_down_at_start` `before_the_first_session_consumers_are_told_why_and_probes_wait` |
//! | F2 STS down for hours | half of a lifetime passes without one failed request | `f02_sts_down_for_hours` `serves_through_an_outage_until_the_credentials_die` |
//! | F3 brownout | one call at a time, renewed all the same | `f03_brownout` |
//! | F4 garbage in the place of a reply | what is served stays | `f04_garbage` `cut_anywhere_they_tell_nothing` `with_pieces_changed_they_tell_nothing_or_something_whole` |
//! | F5 names that do not resolve, hosts that do not answer | a failure like another, nothing sent | `f05_no_way` `what_never_connects_has_sent_nothing` |
//! | F6 half-open connections, resets, stalls | ended after ten seconds, never sent again | `f06_half_open` `a_connection_closed_or_reset_without_an_answer_is_never_tried_again` `a_server_that_drips_or_says_nothing_meets_the_total_timeout` `a_body_that_breaks_off_brings_nothing` |
//! | F7 global and regional endpoints | regional unless asked otherwise | `f07_regional_unless_asked_otherwise` `is_what_botocore_asks` |
//! | F8 replicas on one device | all ready, without a storm of refused codes | `f08_replicas_that_share_state` `f08_replicas_without_shared_state` `daemons_that_share_a_device_take_turns` |
//! | F9 a storm of restarts | no step twice, no call while what is kept is good | `f09_restart_storm` `kills_at_any_moment_send_no_step_twice` |
//! | F10 wrong clocks, jumps, suspend | the second call succeeds; nothing expired is served | `f10_clocks` `a_resume_is_noticed_within_ten_seconds` |
//! | F11 a key that is rotated, swapped, deleted | both halves are of one key; what is served stays | `f11_key_rotated_or_gone` `a_swapped_secret_never_mixes_its_halves` |
//! | F12 a token's file is replaced | the old one is taken for as long as a file may take to arrive | `f12_token_file_replaced` `old_tokens_are_taken_for_a_while_and_until_a_restart` `whoever_reads_the_file_before_each_request_is_never_refused` `a_token_opens_a_role_from_which_others_are_chained` |
//! | F13 a full disk, a read-only one, damage | memory has to do | `f13_disk_full_read_only_or_damaged` `where_nothing_can_be_kept_memory_has_to_do` `every_flipped_bit_and_every_other_length_is_damage` `what_does_not_match_is_ignored_with_one_warning` `what_cannot_be_replaced_is_told_and_the_rest_is` `lines_that_cannot_be_written_are_counted` |
//! | F14 SIGTERM, SIGKILL | whoever has begun is answered, all within two seconds; state is whole | `f14_signals` `shutdown_answers_who_has_begun_and_leaves_who_does_not_finish` `sigterm_and_sigint_end_it_cleanly_although_connections_are_open` `kills_at_any_moment_send_no_step_twice` |
//! | F15 no descriptor left | probes are answered and STS is asked; a pause, and not an end | `f15_no_descriptor_left` `no_descriptor_left_is_a_pause_and_not_an_end` |
//! | F16 clients that are slow, or read nothing | cut off, and in nobody's way | `f16_slow_clients` `a_head_that_drips_is_cut_off_after_five_seconds` `idle_connections_do_not_keep_a_probe_out` `replies_that_nobody_takes_do_not_keep_a_probe_out` |
//! | F17 liveness | never a matter of STS | `f17_liveness` `probes_follow_the_required_profiles` |
//! | F18 many clients at once | not one call to STS more | `f18_many_clients` |
//! | F19 expiry while STS is down | refused from that instant on | `f19_expiry_while_sts_is_dead` `f02_sts_down_for_hours` `credentials_are_served_until_the_very_instant_of_their_death` |
//! | F20 a long run | all of it at once, for years | `whatever_the_weather` `machines_whatever_the_weather` |

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::time::sleep;

use super::cast;
use super::in_virtual_time;
use super::network::{CONNECT, INSTEADS, TOTAL, Weather};
use super::random::Random;
use super::store::MemoryStore;
use super::world::{Daemon, World, nobody};
use crate::emulator::{Faults, Instead};
use crate::metrics::Metrics;
use crate::server::{Limits, Ops, serve_ops};
use crate::state::Store;

const MINUTE: Duration = Duration::from_mins(1);

/// The longest backoff, and the wait for an MFA step.
const SOON: Duration = Duration::from_secs(95);

/// Asks once a second. Tells how often there was nothing.
async fn refused(daemon: &Daemon, profile: &str, duration: Duration) -> u64 {
    let mut refused = 0;
    for _ in 0..duration.as_secs() {
        sleep(Duration::from_secs(1)).await;
        refused += u64::from(!daemon.serves(profile));
    }
    refused
}

/// A daemon that serves these profiles, right before the first of them is renewed.
async fn before_renewal(world: &World, profiles: &[&str]) -> Daemon {
    let daemon = world.start(profiles, None, nobody());
    sleep(3 * MINUTE).await;
    assert!(profiles.iter().all(|profile| daemon.serves(profile)));
    let renewal = daemon.snapshot(profiles[0]).renewal.unwrap();
    sleep(
        (renewal - world.now())
            .to_std()
            .unwrap()
            .saturating_sub(Duration::from_secs(1)),
    )
    .await;
    daemon
}

fn calls(world: &World) -> u64 {
    world.oracle.state().counts.calls
}

/// No step was sent twice, no two calls were under way at once. When renewals begin is another matter: here nobody tells the oracle of
/// storms.
fn assert_clean(world: &World) {
    let mut violations = world.oracle.violations();
    violations.retain(|violation| !violation.contains(" was renewed "));
    assert_eq!(violations, [] as [String; 0]);
}

fn key_of(daemon: &Daemon, profile: &str) -> String {
    daemon.snapshot(profile).session_key.unwrap().as_str().to_owned()
}

#[test]
fn f01_sts_down_at_start() {
    in_virtual_time(async {
        for weather in [Weather::NoRoute, Weather::Faults(Faults::instead(Instead::Down))] {
            let world = World::new(1);
            world.network.set(weather);
            let daemon = world.start(&["s0"], None, nobody());
            sleep(10 * MINUTE).await;
            assert!(!daemon.serves("s0"));
            assert!((5..60).contains(&calls(&world)), "{}", calls(&world));
            world.network.set(Weather::Fair);
            sleep(SOON).await;
            assert!(daemon.serves("s0"));
            assert_clean(&world);
        }
    });
}

#[test]
fn f02_sts_down_for_hours() {
    in_virtual_time(async {
        for (profile, hours) in [("s8", 6), ("k1", 8)] {
            let world = World::new(2);
            let daemon = before_renewal(&world, &[profile]).await;
            world.network.set(Weather::NoRoute);
            let half = Duration::from_hours(hours) / 2;
            assert_eq!(refused(&daemon, profile, half).await, 0, "{profile}");
            world.network.set(Weather::Fair);
            assert_eq!(refused(&daemon, profile, SOON).await, 0, "{profile}");
            assert!(daemon.snapshot(profile).expiration.unwrap() - world.now() > TimeDelta::from_std(half).unwrap());
            // And another, until it has died.
            world.network.set(Weather::NoRoute);
            let left = daemon.snapshot(profile).expiration.unwrap() - world.now();
            let left = left.to_std().unwrap().as_secs();
            assert_eq!(refused(&daemon, profile, Duration::from_secs(left - 2)).await, 0);
            sleep(Duration::from_secs(3)).await;
            assert_eq!(refused(&daemon, profile, MINUTE).await, 60, "{profile}");
            assert_clean(&world);
        }
    });
}

#[test]
fn f03_brownout() {
    in_virtual_time(async {
        let world = World::new(3);
        let daemon = before_renewal(&world, &["k2", "s0", "c0"]).await;
        world.network.set(Weather::Brownout(80));
        let before = calls(&world);
        for profile in ["k2", "s0", "c0"] {
            assert_eq!(refused(&daemon, profile, Duration::from_hours(2)).await, 0, "{profile}");
        }
        // Ten renewals or so, of which each meets four failures.
        assert!(calls(&world) - before < 300, "{}", calls(&world) - before);
        assert_clean(&world);
    });
}

#[test]
fn f04_garbage() {
    in_virtual_time(async {
        for instead in INSTEADS {
            let world = World::new(4);
            let daemon = before_renewal(&world, &["k2"]).await;
            let key = key_of(&daemon, "k2");
            world.network.set(Weather::Faults(Faults::instead(instead)));
            assert_eq!(refused(&daemon, "k2", 5 * MINUTE).await, 0);
            assert_eq!(key_of(&daemon, "k2"), key, "{instead:?} changed what is served");
            assert!(daemon.snapshot("k2").consecutive_failures > 2, "{instead:?}");
            world.network.set(Weather::Fair);
            assert_eq!(refused(&daemon, "k2", SOON).await, 0);
            assert_ne!(key_of(&daemon, "k2"), key, "{instead:?}");
            assert_clean(&world);
        }
    });
}

#[test]
fn f05_no_way() {
    in_virtual_time(async {
        let world = World::new(5);
        let daemon = before_renewal(&world, &["s0"]).await;
        let before = world.aws.state().requests;
        world.network.set(Weather::BlackHole);
        assert_eq!(refused(&daemon, "s0", 20 * MINUTE).await, 0);
        assert_eq!(world.aws.state().requests, before, "nothing reached AWS");
        // The code that never left may be sent, if its step is still the present one.
        world.network.set(Weather::Fair);
        sleep(SOON + CONNECT).await;
        assert_eq!(daemon.snapshot("s0").consecutive_failures, 0);
        assert_clean(&world);
    });
}

#[test]
fn f06_half_open() {
    in_virtual_time(async {
        for instead in [None, Some(Instead::LostReply)] {
            let world = World::new(6);
            let daemon = before_renewal(&world, &["s0"]).await;
            let before = calls(&world);
            world.network.set(Weather::Faults(Faults {
                instead,
                delay: Duration::from_secs(15),
                ..Faults::default()
            }));
            assert_eq!(refused(&daemon, "s0", 10 * MINUTE).await, 0);
            let tries = calls(&world) - before;
            let most = 600 / 30 + 1;
            assert!(
                (3..=most).contains(&tries),
                "{tries}: a step each, and each ended after {TOTAL:?}"
            );
            world.network.set(Weather::Fair);
            sleep(SOON + TOTAL).await;
            assert_eq!(daemon.snapshot("s0").consecutive_failures, 0);
            assert_clean(&world);
        }
    });
}

#[test]
fn f09_restart_storm() {
    in_virtual_time(async {
        let world = World::new(9);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let mut random = Random::new(9);
        for _ in 0..100 {
            let daemon = world.start(&["s0"], Some(Arc::clone(&store)), nobody());
            sleep(random.between(Duration::ZERO, Duration::from_millis(400))).await;
            daemon.kill().await;
        }
        let daemon = world.start(&["s0"], Some(Arc::clone(&store)), nobody());
        sleep(SOON).await;
        assert!(daemon.serves("s0"));
        daemon.kill().await;
        // Whatever is kept is taken up, and AWS asked for nothing.
        let before = calls(&world);
        for _ in 0..100 {
            let daemon = world.start(&["s0"], Some(Arc::clone(&store)), nobody());
            sleep(Duration::from_secs(2)).await;
            assert!(daemon.serves("s0"));
            daemon.kill().await;
        }
        assert_eq!(calls(&world), before);
        assert_clean(&world);
    });
}

#[test]
fn f10_clocks() {
    in_virtual_time(async {
        for seconds in [-10_800, -600, -120, -31, 31, 120, 600, 10_800] {
            let world = World::new(10);
            world.clock.jump_wall(TimeDelta::seconds(seconds));
            let daemon = world.start(&["s4"], None, nobody());
            sleep(3 * MINUTE).await;
            assert!(daemon.serves("s4"), "a host {seconds} s off");
            world.clock.jump_wall(TimeDelta::seconds(-3 * seconds));
            assert!(daemon.serves("s4"));
            for hours in [3, 8] {
                let slept = Duration::from_hours(hours);
                world.clock.suspend(slept);
                world.truth.suspend(slept);
                assert_eq!(
                    daemon.serves("s4"),
                    hours < 8,
                    "what died in the host's sleep is not served"
                );
                // The alarm has gone off.
                sleep(SOON).await;
                assert!(daemon.serves("s4"));
            }
            assert_clean(&world);
        }
    });
}

#[test]
fn f11_key_rotated_or_gone() {
    in_virtual_time(async {
        let world = World::new(11);
        *world.belongings.are_files.lock().unwrap() = true;
        let daemon = before_renewal(&world, &["k2"]).await;
        let key = key_of(&daemon, "k2");
        *world.belongings.readable.lock().unwrap() = false;
        assert_eq!(refused(&daemon, "k2", 10 * MINUTE).await, 0);
        assert_ne!(key_of(&daemon, "k2"), key, "the key that was read before signs on");
        *world.belongings.readable.lock().unwrap() = true;
        // IAM does not know the new key at once.
        world.belongings.hold(2, 1);
        assert_eq!(refused(&daemon, "k2", 10 * MINUTE).await, 0);
        let key = key_of(&daemon, "k2");
        // From now on it knows the new one alone.
        world.aws.add_user(cast::user(2, &[1]));
        assert_eq!(refused(&daemon, "k2", 45 * MINUTE).await, 0);
        assert_ne!(key_of(&daemon, "k2"), key, "the new key is used");
        assert_clean(&world);
    });
}

/// A day without STS: whoever asks whether the daemon lives hears that it does, and that it is ready as long as it serves.
#[test]
fn f17_liveness() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let world = World::new(17);
        let daemon = before_renewal(&world, &["s8"]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (table, clock) = (Arc::clone(&daemon.table), world.clock.clone());
        let metrics = Arc::new(Metrics::new(Arc::clone(&table), clock.clone(), || 0));
        let ops = Ops { table, clock, metrics };
        tokio::spawn(serve_ops(listener, ops, Limits::OPS, std::future::pending()));
        world.network.set(Weather::NoRoute);
        let mut unready = 0;
        for _ in 0..24 * 6 {
            sleep(10 * MINUTE).await;
            assert_eq!(probe(address, "/livez").await, "200");
            assert!(daemon.handle.is_at_work().await, "the watchdog of systemd hears of it");
            let status = if daemon.serves("s8") { "200" } else { "503" };
            assert_eq!(probe(address, "/readyz").await, status);
            unready += u32::from(status == "503");
        }
        assert!(unready > 20 * 6, "{unready}");
        world.network.set(Weather::Fair);
        sleep(SOON).await;
        assert_eq!(probe(address, "/readyz").await, "200");
    });
}

/// The status of a reply. Time stands still meanwhile.
async fn probe(address: SocketAddr, path: &'static str) -> String {
    let ask = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply[9..12].to_owned()
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[test]
fn f18_many_clients() {
    in_virtual_time(async {
        let world = World::new(18);
        let daemon = before_renewal(&world, &["s6"]).await;
        let before = calls(&world);
        assert!((0..10_000).all(|_| daemon.serves("s6")));
        tokio::task::yield_now().await;
        assert_eq!(calls(&world), before);
    });
}

/// Each row has a test of its own name, and no test has the name of another row.
#[test]
fn every_row_has_its_tests() {
    let rows: Vec<_> = include_str!("faults.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | F"))
        .collect();
    let known = functions(std::path::Path::new("src")) + &functions(std::path::Path::new("tests"));
    for (number, row) in (1..).zip(&rows) {
        assert!(row.starts_with(&format!("{number} ")), "{row}");
        let (_, shown) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let names: Vec<_> = shown.split('`').filter(|name| !name.trim().is_empty()).collect();
        for name in &names {
            assert!(known.contains(&format!("fn {name}(")), "{name} of F{number} is no test");
        }
        // The long run has that name for `.ci/suites/simulation-long`, too, which plays it for years.
        let (own, long_run) = (format!("f{number:02}_"), "whatever_the_weather");
        let own_tests = names.iter().filter(|name| name.starts_with(&own) || **name == long_run);
        let tests = known.matches(&format!("fn {own}")).count() + usize::from(number == 20);
        assert!(
            tests > 0 && own_tests.count() == tests,
            "F{number}: {tests} tests are named as the row"
        );
    }
    assert_eq!(rows.len(), 20);
}

/// The lines of a folder that begin functions.
fn functions(folder: &std::path::Path) -> String {
    let mut lines = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines += &functions(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            lines.extend(text.lines().filter(|line| line.contains("fn ")));
        }
    }
    lines
}
