//! A long-term key that is exchanged under a running daemon, with no command to it.

use std::fs;

use serde_json::Value;
use valetkey::emulator::{Faults, Instead, User};

use crate::common::{Daemon, World, eventually, show};
use crate::scene::{ask, document, keyed, metric, project, script, serve, server, status_of};

const SECOND: (&str, &str) = ("AKIAIOSFODNN7SECOND1", "the-second-secret-of-this-user");
const UNKNOWN: (&str, &str) = ("AKIAIOSFODNN7UNKNOWN", "a-secret-that-nobody-ever-had");

/// Gives this world's user a second key.
fn with_second_key(world: &World) {
    let access = &world.emulator.access;
    let user = User::iam("123456789012", "demo").with_key(&access.access_key_id, &access.secret_access_key);
    world.emulator.handle.add_user(user.with_key(SECOND.0, SECOND.1));
}

/// Puts a key into a volume.
fn mount(world: &World, version: &str, (id, secret): (&str, &str)) {
    let files = [("aws_access_key_id", id), ("aws_secret_access_key", secret)];
    project(&world.path("volume"), version, &files);
}

fn first(world: &World) -> (&str, &str) {
    let access = &world.emulator.access;
    (&access.access_key_id, &access.secret_access_key)
}

fn volume(world: &World) -> String {
    keyed(
        world,
        "ops",
        &format!("{{ directory = \"{}\" }}", show(&world.path("volume"))),
    )
}

fn reloads(daemon: &Daemon, result: &str) -> String {
    let series = format!("valetkey_key_reloads_total{{profile=\"ops\",result=\"{result}\"}}");
    metric(daemon, &series)
}

fn trouble(world: &World) -> Value {
    status_of(world, "ops")["key_trouble"].clone()
}

fn is_told(daemon: &Daemon, message: &str) -> Value {
    daemon.wait_until(|line| line["message"].as_str().is_some_and(|text| text.contains(message)))
}

#[test]
fn a_mounted_secret_that_is_swapped_rotates_the_key() {
    let world = World::new(None);
    with_second_key(&world);
    mount(&world, "..first", first(&world));
    let daemon = serve(&world, &volume(&world));
    daemon.wait_for_credentials("ops");
    let before = document(&world, &daemon, "ops");

    // A Secret with a key that STS does not know, as one that was made a moment ago.
    mount(&world, "..second", UNKNOWN);
    let warning = is_told(&daemon, "brought no credentials, and the one in use is kept");
    assert_eq!(
        (&warning["level"], &warning["profile"]),
        (&"WARN".into(), &"ops".into())
    );
    assert_eq!(reloads(&daemon, "failed"), "1");
    let told = trouble(&world);
    assert_eq!(told["state"], "failed");
    assert!(told["message"].as_str().unwrap().contains("InvalidClientTokenId") && told["next_try"].is_string());
    let page = ask(&world, &["status"]);
    assert!(
        page.code == 0 && page.stdout.contains("Attention") && page.stdout.contains("next try in"),
        "{page:?}"
    );
    assert_eq!(daemon.ops("/readyz").status, 200);
    assert_eq!(document(&world, &daemon, "ops"), before);
    assert_eq!(status_of(&world, "ops")["consecutive_failures"], 0);

    mount(&world, "..third", SECOND);
    daemon.wait_for_credentials("ops");
    is_told(&daemon, "another long-term key is used");
    assert_eq!(
        (reloads(&daemon, "adopted"), trouble(&world)),
        ("1".to_owned(), Value::Null)
    );
    assert_ne!(document(&world, &daemon, "ops")["AccessKeyId"], before["AccessKeyId"]);
    assert!(world.emulator.handle.set_key_active(first(&world).0, false));
    let log = daemon.log() + &ask(&world, &["status", "--json"]).stdout;
    for (_, secret) in [first(&world), SECOND, UNKNOWN] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_secret_that_is_deleted_leaves_the_key_in_use() {
    let world = World::new(None);
    mount(&world, "..first", first(&world));
    let daemon = serve(&world, &volume(&world));
    daemon.wait_for_credentials("ops");
    fs::remove_file(world.path("volume/..data")).unwrap();
    let warning = is_told(&daemon, "its source cannot be read any more");
    assert_eq!(warning["level"], "WARN");
    assert_eq!(
        (reloads(&daemon, "unreadable"), &trouble(&world)["state"]),
        ("1".into(), &"unreadable".into())
    );
    is_ready(&daemon);
}

/// A profile whose key a process prints, from a file of this world's.
fn printed(world: &World, key: (&str, &str)) -> Daemon {
    print(world, key);
    let command = script(world, "print-key", &format!("cat {}", show(&world.path("printed"))));
    let daemon = serve(world, &keyed(world, "ops", &format!("{{ process = [\"{command}\"] }}")));
    daemon.wait_for_credentials("ops");
    daemon
}

fn print(world: &World, (id, secret): (&str, &str)) {
    let json = format!("{{\"Version\": 1, \"AccessKeyId\": \"{id}\", \"SecretAccessKey\": \"{secret}\"}}");
    world.write("printed", &json);
}

fn is_ready(daemon: &Daemon) {
    let failed = "valetkey_renewal_consecutive_failures{profile=\"ops\"}";
    assert_eq!(
        (daemon.ops("/readyz").status, metric(daemon, failed)),
        (200, "0".into())
    );
}

#[test]
fn a_process_that_gives_another_key_is_believed_once_sts_takes_it() {
    let world = World::new(Some(8));
    with_second_key(&world);
    let daemon = printed(&world, first(&world));
    print(&world, SECOND);
    is_told(&daemon, "another long-term key is used");
    print(&world, UNKNOWN);
    is_told(&daemon, "brought no credentials, and the one in use is kept");
    daemon.wait_for_credentials("ops");
    assert_eq!(
        (reloads(&daemon, "adopted"), reloads(&daemon, "failed")),
        ("1".into(), "1".into())
    );
    is_ready(&daemon);
}

#[test]
fn a_process_that_fails_costs_no_renewal() {
    let world = World::of("rotated", Some(8));
    let daemon = printed(&world, first(&world));
    world.write("printed", "Please touch your key");
    is_told(&daemon, "its source cannot be read any more");
    daemon.wait_for_credentials("ops");
    // It is left alone for five minutes: one that hangs would take up each renewal.
    print(&world, UNKNOWN);
    daemon.wait_for_credentials("ops");
    assert_eq!(
        (reloads(&daemon, "unreadable"), reloads(&daemon, "failed")),
        ("1".into(), "0".into())
    );
    is_ready(&daemon);
}

/// A restart opens what was kept with the key that is there now.
#[test]
fn what_is_kept_is_sealed_anew_with_an_adopted_key() {
    let world = World::new(None);
    with_second_key(&world);
    mount(&world, "..first", first(&world));
    let state = format!("state_dir = \"{}\"\n\n", show(&world.path("state")));
    let configuration = server(&world).trim_end().to_owned() + "\n" + &state + &volume(&world);
    world.write("valetkey.toml", &configuration);
    let daemon = world.serve();
    daemon.wait_for_credentials("ops");
    let sealed = |world: &World| fs::read(world.path("state/ops.session")).ok();
    let old = eventually(|| sealed(&world));
    mount(&world, "..second", SECOND);
    is_told(&daemon, "another long-term key is used");
    let served = document(&world, &daemon, "ops");
    eventually(|| sealed(&world).filter(|new| *new != old));
    daemon.signal("-TERM");
    assert_eq!(daemon.wait().code(), Some(0));

    let faults = Faults::instead(Instead::ServiceUnavailable);
    world.emulator.handle.set_faults(faults);
    let daemon = world.serve();
    daemon.wait_for("credentials taken from state_dir");
    assert_eq!(document(&world, &daemon, "ops")["AccessKeyId"], served["AccessKeyId"]);
}
