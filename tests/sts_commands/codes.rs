//! Codes of an MFA device that the daemon uses, too.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use valetkey::clock::{Clock, SystemClock};
use valetkey::mfa::Step;

use crate::common::{World, show, valetkey};
use crate::scene::{Said, Scene, configuration, run};

fn steps(world: &World) -> Vec<i64> {
    let state = world.emulator.handle.state();
    assert!(state.errors.is_empty(), "{:?}", state.errors);
    state.successes[&world.emulator.access.mfa_serial].clone()
}

fn code(world: &World) -> String {
    let serial = &world.emulator.access.mfa_serial;
    world.emulator.handle.token_code(serial, SystemClock.wall()).unwrap()
}

/// Without a daemon.
fn alone(world: &World, args: &[&str], stdin: &[u8]) -> Said {
    let mut command = valetkey(["sts"]);
    command.args(args).arg("--config").arg(world.path("valetkey.toml"));
    run(command, stdin)
}

#[test]
fn a_command_waits_for_a_step_that_the_daemon_did_not_use() {
    let world = World::new(None);
    let ops = world.profile("ops");
    let scene = Scene::of(world, &ops);
    scene.daemon.wait_for_credentials("ops");
    // Of the same device and most likely in the same step.
    let said = scene.run(&["get-session-token", "--profile", "ops"]);
    assert_eq!(said.code, 0, "{said:?}");
    let waited = said.stderr.is_empty()
        || said
            .stderr
            .lines()
            .all(|line| line.starts_with("valetkey: no step of the MFA device is free; waiting "));
    assert!(waited, "{said:?}");
    scene.daemon.wait_for("a command was given an MFA step");
    let steps = steps(&scene.world);
    assert_eq!(steps.iter().collect::<BTreeSet<_>>().len(), 2, "{steps:?}");
    let log = scene.daemon.log();
    for secret in [&scene.world.emulator.access.totp_seed, &code(&scene.world)] {
        assert!(!log.contains(secret.as_str()), "{log}");
    }
}

#[test]
fn without_a_daemon_the_present_step_is_used_and_that_is_said() {
    let world = World::new(None);
    world.write("valetkey.toml", &(configuration(&world) + &world.profile("ops")));
    let arn = world.emulator.access.role_arn.clone();
    let args = [
        "assume-role",
        "--profile",
        "ops",
        "--long-term-key",
        "--role-session-name",
        "s1",
        "--role-arn",
        &arn,
    ];
    let said = alone(&world, &args, b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stderr.contains("no daemon runs at ") && said.stderr.contains("control.sock"),
        "{said:?}"
    );
    assert!(world.emulator.handle.state().assumed[0].mfa);
    assert_eq!(steps(&world).len(), 1);
    // Nobody is asked where no code is wanted.
    let said = alone(&world, &["get-session-token", "--profile", "ops", "--no-mfa"], b"");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    assert_eq!(steps(&world).len(), 1);
}

#[test]
fn a_person_is_asked_for_the_code_and_a_process_run_for_it() {
    let world = World::new(None);
    let serial = world.emulator.access.mfa_serial.clone();
    let program = world.path("print-code");
    world.write("print-code", &format!("#!/bin/sh\necho {}\n", code(&world)));
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mfa = |code: &str| format!("mfa_serial = \"{serial}\"\nmfa_code = {code}\n");
    let profiles = [
        world.profile_without_mfa("person") + &mfa("{ push = true }"),
        world.profile_without_mfa("printed") + &mfa(&format!("{{ process = [\"{}\"] }}", show(&program))),
    ];
    world.write("valetkey.toml", &(configuration(&world) + &profiles.concat()));
    // What is no code is not sent.
    for (args, stdin) in [
        (&["get-session-token", "--profile", "person"][..], &b"12345\n"[..]),
        (
            &["get-session-token", "--profile", "plain", "--serial-number", &serial],
            b"",
        ),
    ] {
        let said = alone(&world, args, stdin);
        assert_eq!(said.code, 64, "{said:?}");
        assert!(
            said.stderr.ends_with("the code must be six digits; nothing was sent\n"),
            "{said:?}"
        );
    }
    let said = alone(&world, &["get-session-token", "--profile", "printed"], b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(steps(&world).len(), 1);
}

#[test]
fn a_person_types_the_code_of_a_profile_that_takes_codes() {
    let world = World::new(None);
    let serial = world.emulator.access.mfa_serial.clone();
    let profile = world.profile_without_mfa("person");
    let mfa = format!("mfa_serial = \"{serial}\"\nmfa_code = {{ push = true }}\n");
    world.write("valetkey.toml", &(configuration(&world) + &profile + &mfa));
    let typed = code(&world);
    let said = alone(
        &world,
        &["get-session-token", "--profile", "person"],
        format!("{typed}\n").as_bytes(),
    );
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.stderr.contains(&typed), "{said:?}");
    assert_eq!(steps(&world).len(), 1);
}

#[test]
fn a_typed_code_of_a_step_that_is_used_already_is_not_sent() {
    let scene = Scene::new("");
    let serial = scene.world.emulator.access.mfa_serial.clone();
    let args = ["get-session-token", "--profile", "plain", "--serial-number", &serial];
    let type_code = || run(scene.command(&args), code(&scene.world).as_bytes());
    // The second of one step; that a step ends between them happens once.
    let in_one_step = || {
        let step = Step::at(SystemClock.wall());
        type_code();
        let second = type_code();
        (step == Step::at(SystemClock.wall())).then_some(second)
    };
    let said = in_one_step().or_else(in_one_step).unwrap();
    assert_eq!((said.code, said.stdout.as_str()), (75, ""), "{said:?}");
    assert!(said.stderr.contains("wait for the next one\n"), "{said:?}");
    assert!(said.stderr.contains("nothing was sent; type the next one"), "{said:?}");
    assert!(steps(&scene.world).len() <= 2);
}

#[test]
fn a_seed_that_is_not_there_takes_no_step_from_the_daemon() {
    let world = World::new(None);
    let ops = world.profile("ops");
    let scene = Scene::of(world, &ops);
    scene.daemon.wait_for_credentials("ops");
    std::fs::remove_file(scene.world.path("totp_seed")).unwrap();
    let said = scene.run(&["get-session-token", "--profile", "ops"]);
    assert_eq!(said.code, 78, "{said:?}");
    assert!(
        said.stderr.starts_with("valetkey: TOTP seed: ") && said.stderr.contains("does not exist"),
        "{said:?}"
    );
    let log = scene.daemon.log();
    assert!(!log.contains("a command was given an MFA step"), "{log}");
}

#[test]
fn a_device_of_another_serial_number_is_that_of_a_person() {
    let world = World::new(None);
    world.write("valetkey.toml", &configuration(&world));
    let serial = world.emulator.access.mfa_serial.clone();
    let args = ["get-session-token", "--profile", "plain", "--serial-number", &serial];
    let said = alone(&world, &args, code(&world).as_bytes());
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(steps(&world).len(), 1);
    let said = alone(&world, &[&args[..], &["--no-mfa"]].concat(), b"");
    assert_eq!(said.code, 64, "{said:?}");
}
