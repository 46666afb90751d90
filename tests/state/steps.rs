//! No MFA step is sent twice, whoever was killed and whoever shares the folder.

use std::fs;

use crate::common::{World, eventually, finish, valetkey};
use crate::scene::{codes, configure, early_in_a_step, serve, warnings};

/// A daemon that is killed right after its call, and another profile of its device in the same step.
fn killed(world: &World, keeps: bool) {
    configure(world, "first", keeps, &world.profile("ops"));
    configure(world, "second", keeps, &world.profile("again"));
    early_in_a_step();
    let first = serve(world, "first");
    first.wait_for_credentials("ops");
    first.signal("-KILL");
    first.wait();
    let second = serve(world, "second");
    second.wait_for_credentials("again");
    let log = second.log();
    assert_eq!(log.contains("credentials not obtained"), !keeps, "{log}");
}

#[test]
fn after_a_kill_the_next_step_is_awaited() {
    let world = World::of("kept", None);
    killed(&world, true);
    assert_eq!(codes(&world), (2, vec![]));
}

/// Nothing else than the folder makes the difference.
#[test]
fn without_the_folder_the_first_code_is_refused() {
    let world = World::of("forgotten", None);
    killed(&world, false);
    assert_eq!(codes(&world), (2, vec![String::from("AccessDenied")]));
}

#[test]
fn daemons_that_share_a_device_take_turns() {
    let world = World::of("shared", None);
    for name in ["one", "two"] {
        configure(&world, name, true, &world.profile(name));
    }
    early_in_a_step();
    let (one, two) = (serve(&world, "one"), serve(&world, "two"));
    one.wait_for_credentials("one");
    two.wait_for_credentials("two");
    assert_eq!(codes(&world), (2, vec![]));
    for daemon in [&one, &two] {
        let log = daemon.log();
        assert!(!log.contains("credentials not obtained"), "{log}");
        assert!(daemon.ops("/metrics").body.contains("valetkey_renewals_total{profile="));
    }
    let waited = [&one, &two].map(|daemon| daemon.log().contains("another process has used this MFA step"));
    assert_ne!(waited[0], waited[1], "one of them");
}

#[test]
fn commands_without_a_daemon_take_turns_too() {
    let world = World::of("commands", None);
    configure(&world, "ops", true, &world.profile("ops"));
    let ask = || {
        let mut command = valetkey(["sts", "get-session-token", "--config"]);
        command.arg(world.path("ops.toml"));
        finish(&mut command)
    };
    early_in_a_step();
    let (code, _, stderr) = ask();
    assert_eq!((code, stderr.as_str()), (0, ""));
    // A daemon that starts in the step, and a command beside it.
    configure(&world, "daemon", true, &world.profile("ops"));
    let daemon = serve(&world, "daemon");
    let (code, _, stderr) = ask();
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("no step of the MFA device is free; waiting"),
        "{stderr}"
    );
    daemon.wait_for_credentials("ops");
    assert_eq!(codes(&world), (3, vec![]));
}

/// A disk on which nothing can be written stops nobody, and is told once.
#[test]
fn where_nothing_can_be_kept_memory_has_to_do() {
    let world = World::of("unkept", None);
    fs::create_dir(world.path("state")).unwrap();
    configure(&world, "ops", true, &(world.profile("ops") + &world.profile("other")));
    early_in_a_step();
    let daemon = serve(&world, "ops");
    let start = daemon.wait_for("profile");
    assert_eq!(start["profile"], "ops");
    // Whichever has looked first at what is kept, which is nothing.
    let first = daemon.wait_for("credentials obtained");
    let second = if first["profile"] == "ops" { "other" } else { "ops" };
    let file = fs::read_dir(world.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let file: Vec<_> = file
        .filter(|path| path.extension().is_some_and(|kind| kind == "steps"))
        .collect();
    // That the code was sent is noted a moment later.
    eventually(|| fs::remove_file(&file[0]).and_then(|()| fs::create_dir(&file[0])).ok());
    daemon.wait_for_credentials(second);
    let page = daemon.ops("/metrics").body;
    assert!(!page.contains("valetkey_state_failures_total 0") && page.contains("valetkey_state_failures_total "));
    let log = daemon.log();
    let warnings = warnings(&log);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("nothing is kept for the next start, and other daemons are not heard of: state_dir: "),
        "{warnings:?}"
    );
    assert_eq!(codes(&world), (2, vec![]));
}

#[test]
fn a_folder_that_others_may_write_in_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::of("open", None);
    configure(&world, "ops", true, &world.profile("ops"));
    fs::create_dir(world.path("state")).unwrap();
    fs::set_permissions(world.path("state"), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = valetkey(["serve", "--config"]);
    command.arg(world.path("ops.toml"));
    let (code, _, stderr) = finish(&mut command);
    assert_eq!(code, 78, "{stderr}");
    assert!(
        stderr.contains("state_dir: ") && stderr.contains("others may write in it"),
        "{stderr}"
    );
}
