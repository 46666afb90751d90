//! The real binary behind a network that half-opens, delays, cuts and corrupts: what consumers get meanwhile, and how soon it is over; and
//! with few files that it may open.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]
#![cfg(feature = "emulator")]

#[path = "../common/mod.rs"]
mod common;
mod descriptors;
mod proxy;

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use common::{Daemon, World, eventually, get};
use proxy::{Proxy, Trouble};

/// How long sessions live here: a renewal begins after six seconds or so, and eight are left.
const LIFETIME: u32 = 14;

/// A world whose daemon reaches STS through a proxy.
fn behind_a_proxy(user: &str) -> (World, Proxy) {
    let world = World::of(user, Some(LIFETIME));
    let url = world.emulator.access.url.clone();
    let proxy = Proxy::start(url.trim_start_matches("http://"));
    let configuration = world.configuration();
    let (server, _) = configuration.split_once("[profile.").unwrap();
    let profile = world.profile_without_mfa("plain").replace(&url, &proxy.url());
    world.write("valetkey.toml", &format!("{server}{profile}"));
    (world, proxy)
}

/// Asks all the time until it is told to stop. Tells every status that was not 200.
fn consume(daemon: &Daemon, token: String, stop: Receiver<()>) -> std::thread::JoinHandle<Vec<u16>> {
    let address = daemon.credentials;
    std::thread::spawn(move || {
        let mut refused = Vec::new();
        while stop.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
            let reply = get(address, "/credentials/plain", &[("Authorization", &token)]);
            refused.extend(Some(reply.status).filter(|status| *status != 200));
        }
        refused
    })
}

fn wait_for_failure(daemon: &Daemon) -> String {
    let line = daemon.wait_until(|line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("credentials not obtained") && line["profile"] == "plain"
    });
    line["message"].as_str().unwrap().to_owned()
}

/// Begins a renewal in this trouble, and ends it with the trouble. No consumer may notice.
fn renew_in(user: &str, trouble: Trouble) {
    let (world, proxy) = behind_a_proxy(user);
    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    proxy.set(trouble);
    let (stop, stopped) = channel();
    let consumer = consume(&daemon, world.token("plain"), stopped);
    if trouble.is_fatal() {
        wait_for_failure(&daemon);
        proxy.set(Trouble::None);
    }
    daemon.wait_for_credentials("plain");
    drop(stop);
    assert_eq!(consumer.join().unwrap(), [] as [u16; 0], "{trouble:?}");
    assert_eq!(daemon.ops("/readyz").status, 200);
}

#[test]
fn a_renewal_outlives_connections_that_are_cut() {
    renew_in("cut", Trouble::Cut);
}

#[test]
fn a_renewal_outlives_replies_that_are_corrupted() {
    renew_in("corrupted", Trouble::Corrupted);
}

#[test]
fn a_renewal_waits_for_a_slow_reply() {
    renew_in("slow", Trouble::Slow(Duration::from_secs(2)));
}

#[test]
fn a_half_open_connection_is_given_up_and_another_made() {
    let (world, proxy) = behind_a_proxy("half-open");
    proxy.set(Trouble::HalfOpen);
    let daemon = world.serve();
    eventually(|| (proxy.connections() > 0).then_some(()));
    proxy.set(Trouble::None);
    let failure = wait_for_failure(&daemon);
    assert!(failure.contains("no answer within 10 s"), "{failure}");
    daemon.wait_for_credentials("plain");
    assert_eq!(
        daemon.credentials("/credentials/plain", &world.token("plain")).status,
        200
    );
}
