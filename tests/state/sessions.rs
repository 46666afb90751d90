//! A restart asks STS for nothing while what is kept is good, and for everything when it is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::time::Duration;

use serde_json::Value;
use valetkey::clock::{Clock, SystemClock};

use crate::common::{Daemon, World};
use crate::scene::{codes, configure, serve, warnings};

/// How often STS was asked for anything.
fn requests(world: &World) -> u64 {
    world.emulator.handle.state().requests.values().sum()
}

fn document(world: &World, daemon: &Daemon) -> Value {
    let token = fs::read_to_string(world.path("ops.tokens/ops/token")).unwrap();
    let reply = daemon.credentials("/credentials/ops", &token);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// A daemon that has its credentials, and has kept them, is killed.
fn kept(world: &World) -> Value {
    let daemon = serve(world, "ops");
    daemon.wait_for_credentials("ops");
    let document = document(world, &daemon);
    crate::common::eventually(|| world.path("state/ops.session").exists().then_some(()));
    daemon.signal("-KILL");
    daemon.wait();
    document
}

#[test]
fn a_restart_takes_up_the_session_without_a_call() {
    let world = World::of("again", None);
    configure(&world, "ops", true, &world.profile("ops"));
    let before = kept(&world);
    let asked = requests(&world);
    let start = SystemClock.boot();
    let daemon = serve(&world, "ops");
    daemon.wait_for("credentials taken from state_dir");
    assert!(SystemClock.boot().since(start) < Duration::from_secs(1));
    assert_eq!(document(&world, &daemon), before);
    assert_eq!(daemon.ops("/readyz").status, 200);
    let metrics = daemon.ops("/metrics").body;
    assert!(metrics.contains("valetkey_renewals_total{profile=\"ops\",result=\"success\"} 0"));
    assert_eq!(requests(&world), asked);
    assert_eq!(codes(&world), (1, vec![]));
    assert_eq!(warnings(&daemon.log()), [] as [&str; 0]);
}

#[test]
fn a_role_and_a_federated_user_are_taken_up_too() {
    let world = World::of("others", None);
    for (kind, what) in [
        ("federated", "federation_name = \"jane\"\n"),
        ("role", "role_arn = \"arn:aws:iam::123456789012:role/demo\"\n"),
    ] {
        configure(&world, "ops", true, &(world.profile_without_mfa("ops") + what));
        let _ = fs::remove_file(world.path("state/ops.session"));
        let before = kept(&world);
        let asked = requests(&world);
        let daemon = serve(&world, "ops");
        daemon.wait_for("credentials taken from state_dir");
        assert_eq!(document(&world, &daemon), before, "{kind}");
        assert_eq!(requests(&world), asked, "{kind}");
    }
}

/// What becomes of a session whose file, or whose daemon, somebody changed: one warning, and an ordinary call.
#[test]
fn what_does_not_match_is_ignored_with_one_warning() {
    let world = World::of("changed", None);
    let plain = world.profile_without_mfa("ops");
    let flipped = |place: usize| {
        let mut sealed = fs::read(world.path("state/ops.session")).unwrap();
        sealed[place] ^= 1;
        fs::write(world.path("state/ops.session"), sealed).unwrap();
    };
    let file = || world.path("state/ops.session");
    let not_ours = "made with another long-term key, or for a profile that was somebody else";
    let changes: [(&dyn Fn(), &str); 7] = [
        (&|| flipped(15), "it is damaged, or of another version"),
        (&|| flipped(100), not_ours),
        (
            &|| fs::write(file(), &fs::read(file()).unwrap()[..80]).unwrap(),
            not_ours,
        ),
        (&|| fs::write(file(), b"").unwrap(), "it is damaged"),
        (
            &|| chown(file(), Some(4711), None).unwrap(),
            "it belongs to another user",
        ),
        (
            &|| fs::set_permissions(file(), Permissions::from_mode(0o666)).unwrap(),
            "others can write it",
        ),
        (
            &|| configure(&world, "ops", true, &(plain.clone() + "federation_name = \"jane\"\n")),
            not_ours,
        ),
    ];
    for (change, why) in changes {
        configure(&world, "ops", true, &plain);
        let _ = fs::remove_file(file());
        kept(&world);
        change();
        let asked = requests(&world);
        let daemon = serve(&world, "ops");
        daemon.wait_for_credentials("ops");
        assert!(requests(&world) > asked, "{why}");
        let log = daemon.log();
        let warnings: Vec<_> = warnings(&log)
            .into_iter()
            .filter(|line| !line.contains("federated user"))
            .collect();
        assert_eq!(warnings.len(), 1, "{why}: {warnings:?}");
        assert!(
            warnings[0].contains("the kept session is not used: ") && warnings[0].contains(why),
            "{warnings:?}"
        );
    }
}

#[test]
fn with_another_long_term_key_nothing_is_served() {
    let world = World::of("rotated", None);
    configure(&world, "ops", true, &world.profile_without_mfa("ops"));
    kept(&world);
    let secret = fs::read_to_string(world.path("key/aws_secret_access_key")).unwrap();
    world.write("key/aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let daemon = serve(&world, "ops");
    let line = daemon.wait_for("credentials not obtained");
    assert_eq!(line["served"], false);
    drop(daemon);
    world.write("key/aws_secret_access_key", &secret);
    let daemon = serve(&world, "ops");
    daemon.wait_for("credentials taken from state_dir");
}

#[test]
fn nothing_of_a_session_can_be_read_on_the_disk() {
    let world = World::of("canary", None);
    configure(&world, "ops", true, &world.profile("ops"));
    let document = kept(&world);
    let access = &world.emulator.access;
    let mut secrets = vec![access.secret_access_key.clone(), access.totp_seed.clone()];
    for key in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
        secrets.push(document[key].as_str().unwrap().to_owned());
    }
    // The token as it would be seen in part.
    secrets.push(secrets[4][20..40].to_owned());
    let mut files = 0;
    for entry in fs::read_dir(world.path("state")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let bytes = fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
        files += 1;
    }
    assert_eq!(files, 3, "the steps of a device, a session, and the lock of sessions");
    let token = &secrets[4];
    let served = document.to_string();
    assert!(served.contains(token.as_str()), "the search finds what is there");
}
