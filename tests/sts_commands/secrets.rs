//! No secret from the arguments, and none in what is not the answer.

use std::fs::File;
use std::process::Command;

use crate::common::{World, valetkey};
use crate::scene::{Scene, configuration, run};

const CANARY: &str = "canary-eyJhbGciOi-4711";

fn sts(args: &[&str]) -> Command {
    let mut command = valetkey(["sts"]);
    command.args(args);
    command
}

#[test]
fn a_secret_that_is_typed_is_refused_with_a_remedy_and_not_repeated() {
    for (args, remedy) in [
        (
            &["assume-role-with-web-identity", "--web-identity-token"][..],
            "--web-identity-token-file",
        ),
        (
            &["assume-role-with-saml", "--role-arn", "x", "--saml-assertion"],
            "--saml-assertion-file",
        ),
        (
            &["get-delegated-access-token", "--trade-in-token"],
            "--trade-in-token-file",
        ),
        (&["assume-role", "--provided-contexts"], "--provided-contexts-file"),
        (&["assume-role", "--token-code"], "leave it out"),
        (&["get-session-token", "--token-code"], "leave it out"),
        (&["get-session-token"], "belongs to no option"),
        (&["get-delegated-access-token"], "belongs to no option"),
    ] {
        let said = run(sts(&[args, &[CANARY]].concat()), b"");
        assert_eq!((said.code, said.stdout.as_str()), (64, ""), "{said:?}");
        assert!(
            said.stderr.contains(remedy) && !said.stderr.contains(CANARY),
            "{said:?}"
        );
    }
}

#[test]
fn what_fits_no_command_is_not_repeated() {
    let value = |option: &str| format!("--{option}={CANARY}");
    let (json, no_mfa, key) = (value("json"), value("no-mfa"), value("long-term-key"));
    let (unknown, option) = (value("unknown"), format!("--{CANARY}"));
    for (args, told) in [
        (&[CANARY][..], "unrecognized subcommand '…'"),
        (&["help", CANARY], "unrecognized subcommand '…'"),
        (&[&option], "unexpected argument '…'"),
        (&["get-caller-identity", &json], "unexpected value '…' for '--json'"),
        (&["get-session-token", &no_mfa], "unexpected value '…' for '--no-mfa'"),
        (&["assume-role", &key], "unexpected value '…' for '--long-term-key'"),
        (&["assume-role", &unknown], "unexpected argument '--unknown'"),
        (&["assume-role", &option], "unexpected argument '…'"),
    ] {
        let said = run(sts(args), b"");
        assert_eq!((said.code, said.stdout.as_str()), (64, ""), "{args:?}: {said:?}");
        assert!(said.stderr.contains(told) && !said.stderr.contains(CANARY), "{said:?}");
    }
}

#[test]
fn nor_is_it_by_the_help() {
    let said = run(valetkey(["help", "sts", CANARY]), b"");
    assert!(said.code == 64 && !said.stderr.contains(CANARY), "{said:?}");
}

#[test]
fn a_tip_does_not_lead_to_what_is_refused() {
    for (typed, tip) in [
        ("--jsn", Some("'--json'")),
        ("--output", Some("with '--json', and jq")),
        ("--query", Some("with '--json', and jq")),
        ("--tokencode", None),
        ("--stra", None),
    ] {
        let said = run(sts(&["get-session-token", typed, "json"]), b"");
        assert_eq!(said.code, 64, "{said:?}");
        assert!(said.stderr.contains(&format!("argument '{typed}'")), "{said:?}");
        let told = said.stderr.lines().find(|line| line.contains("tip:"));
        match tip {
            Some(tip) => assert!(told.is_some_and(|line| line.contains(tip)), "{said:?}"),
            None => assert_eq!(told, None, "{said:?}"),
        }
    }
}

#[test]
fn what_breaks_a_rule_is_not_repeated() {
    for args in [
        &["assume-role", "--role-session-name", "s1", "--role-arn", CANARY][..],
        &["assume-role", "--role-session-name", "s s", "--role-arn", CANARY],
        &["get-delegated-access-token", "--trade-in-token-file", CANARY],
        &[
            "get-session-token",
            "--serial-number",
            CANARY,
            "--duration-seconds",
            CANARY,
        ],
        &["get-access-key-info", "--access-key-id", CANARY],
        &[
            "get-web-identity-token",
            "--audience",
            "a",
            "--signing-algorithm",
            CANARY,
        ],
        &["assume-root", "--target-principal", "x", "--task-policy-arn", CANARY],
        &["get-federation-token", "--name", "bob", "--tags", CANARY],
        &["get-federation-token", "--name", "bob", "--policy", CANARY],
    ] {
        let said = run(sts(args), b"");
        assert_eq!((said.code, said.stdout.as_str()), (64, ""), "{args:?}: {said:?}");
        // Nor is the advice that of a configuration.
        let others = [CANARY, "in quotes"].iter().any(|text| said.stderr.contains(text));
        assert!(said.stderr.starts_with("valetkey: --") && !others, "{said:?}");
    }
}

#[test]
fn a_token_comes_from_standard_input_as_well() {
    let world = World::new(None);
    world.write("valetkey.toml", &configuration(&world));
    let arn = "arn:aws:iam::123456789012:role/web";
    let mut command = sts(&[
        "assume-role-with-web-identity",
        "--role-arn",
        arn,
        "--role-session-name",
        "s1",
    ]);
    command.args(["--web-identity-token-file", "-", "--profile", "plain", "--config"]);
    command.arg(world.path("valetkey.toml"));
    let said = run(command, format!("{CANARY}\n").as_bytes());
    // It came as far as STS, which does not know it.
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.stderr.contains("InvalidIdentityToken") && !said.stderr.contains(CANARY),
        "{said:?}"
    );
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let world = World::new(None);
    world.write("valetkey.toml", &configuration(&world));
    let command = || {
        let mut command = sts(&["get-session-token", "--profile", "plain", "--config"]);
        command.arg(world.path("valetkey.toml"));
        command
    };
    // Where there is a device that is always full, that too.
    let full = File::options().write(true).open("/dev/full").ok();
    let unwritable = File::open("/dev/null").unwrap();
    for output in full.into_iter().chain([unwritable]) {
        let output = command().stdout(output).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("could not be written to standard output"), "{told}");
    }
    // One who has read enough, as `head` has.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command().stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

#[test]
fn credentials_are_in_the_answer_alone() {
    let scene = Scene::new("");
    let access = &scene.world.emulator.access;
    let arn = format!("{}x", access.role_arn);
    let mut told = String::new();
    let mut secrets = vec![access.secret_access_key.clone(), access.totp_seed.clone()];
    secrets.push(scene.world.token("role"));
    for args in [
        &["get-session-token", "--profile", "plain", "--json"][..],
        &[
            "get-web-identity-token",
            "--profile",
            "role",
            "--audience",
            "a",
            "--signing-algorithm",
            "RS256",
            "--json",
        ],
        &[
            "assume-role",
            "--profile",
            "role",
            "--role-session-name",
            "s1",
            "--role-arn",
            &access.role_arn,
            "--json",
        ],
        &[
            "assume-role",
            "--profile",
            "role",
            "--role-session-name",
            "s1",
            "--role-arn",
            &arn,
        ],
        &[
            "get-access-key-info",
            "--profile",
            "plain",
            "--access-key-id",
            &access.access_key_id,
        ],
        &["get-caller-identity", "--profile", "nobody"],
    ] {
        let said = scene.run(args);
        told.push_str(&said.stderr);
        if said.code == 0 {
            let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
            for secret in [
                &answer["Credentials"]["SecretAccessKey"],
                &answer["Credentials"]["SessionToken"],
                &answer["WebIdentityToken"],
            ] {
                secrets.extend(secret.as_str().map(str::to_owned));
            }
        }
    }
    assert!(secrets.len() >= 6, "too little was planted");
    told.push_str(&scene.daemon.log());
    for secret in secrets {
        assert!(!told.contains(&secret), "{told}");
    }
    assert!(told.contains("sign with --long-term-key"), "{told}");
}
