//! The real binary, from outside: a key and a seed go in, a session comes out.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Reply, World, finish, get, request, valetkey};
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Faults, Instead};

#[test]
fn an_mfa_session_is_obtained_and_served_to_whoever_has_the_token() {
    let world = World::new(None);
    let daemon = world.serve();
    daemon.wait_for_credentials("ops");

    let reply = daemon.credentials("/credentials/ops", &world.token("ops"));
    assert_eq!(reply.status, 200);
    let document = reply.json();
    assert_eq!(document["Code"], "Success");
    for key in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration", "LastUpdated"] {
        assert!(document[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    assert_ne!(document["AccessKeyId"], world.emulator.access.access_key_id.as_str());
    let state = world.emulator.handle.state();
    assert_eq!(state.successes[&world.emulator.access.mfa_serial].len(), 1);
    assert!(state.errors.is_empty(), "{:?}", state.errors);

    assert_eq!(daemon.credentials("/credentials/ops", "wrong").status, 401);
    assert_eq!(
        daemon.credentials("/credentials/ops", &world.token("plain")).status,
        404
    );
    assert_eq!(daemon.ops("/readyz").status, 200);
    assert_eq!(daemon.ops("/startupz").status, 200);
}

#[test]
fn before_the_first_session_consumers_are_told_why_and_probes_wait() {
    let world = World::new(None);
    world
        .emulator
        .handle
        .set_faults(Faults::instead(Instead::ServiceUnavailable));
    let daemon = world.serve();
    daemon.wait_for("credentials not obtained");
    daemon.wait_for("credentials not obtained");

    let reply = daemon.credentials("/credentials/plain", &world.token("plain"));
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["code"], "CredentialsUninitialized");
    assert!(reply.head.to_lowercase().contains("\r\nretry-after:"), "{}", reply.head);
    for (path, status) in [("/livez", 200), ("/startupz", 503), ("/readyz", 503)] {
        assert_eq!(daemon.ops(path).status, status, "{path}");
    }

    world.emulator.handle.clear_faults();
    daemon.wait_for_credentials("plain");
    assert_eq!(
        daemon.credentials("/credentials/plain/", &world.token("plain")).status,
        200
    );
}

/// What is held is served until it dies, whatever STS does, and refused in both forms from that instant on.
#[test]
fn f19_expiry_while_sts_is_dead() {
    let world = World::new(Some(8));
    let imds = "[server]\nimds = \"127.0.0.1:0\"\nimds_profile = \"plain\"\n";
    world.write("valetkey.toml", &world.configuration().replacen("[server]\n", imds, 1));
    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", "21600")];
    let session = request(daemon.imds.unwrap(), "PUT", "/latest/api/token", &ttl).body;
    let ask = || {
        let path = "/latest/meta-data/iam/security-credentials/plain";
        let headers = [("X-aws-ec2-metadata-token", session.as_str())];
        [
            daemon.credentials("/credentials/plain", &world.token("plain")),
            get(daemon.imds.unwrap(), path, &headers),
        ]
    };
    let key = |reply: &Reply| reply.json()["AccessKeyId"].clone();
    let first = ask();
    daemon.wait_for_credentials("plain");
    world.emulator.handle.set_faults(Faults::instead(Instead::Down));
    let second = ask();
    assert_ne!(key(&first[0]), key(&second[0]));
    daemon.wait_until(|line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("credentials not obtained") && line["profile"] == "plain"
    });

    let expiration = second[0].json()["Expiration"].as_str().unwrap().to_owned();
    let expiration: DateTime<Utc> = expiration.parse().unwrap();
    // STS tells its time in whole seconds, so that they may die a second early, and never late.
    let (begun, never) = mpsc::channel::<()>();
    let mut served = 0;
    loop {
        let before = SystemClock.wall();
        let replies = ask();
        if before >= expiration {
            for reply in replies {
                assert_eq!(reply.status, 503, "{reply:?}");
                assert!(reply.head.to_lowercase().contains("\r\nretry-after: "), "{reply:?}");
                let error = reply.json();
                assert_eq!(error["code"], "CredentialsUninitialized");
                assert!(error["message"].as_str().unwrap().contains("expired"), "{error}");
            }
            break;
        }
        if SystemClock.wall() < expiration - TimeDelta::seconds(1) {
            for reply in replies {
                assert_eq!((reply.status, key(&reply)), (200, key(&second[0])));
                served += 1;
            }
        }
        // A breath.
        assert!(never.recv_timeout(Duration::from_millis(5)).is_err());
    }
    drop(begun);
    assert!(served > 20, "{served}");
    let probes = ["/livez", "/startupz", "/readyz?profile=plain"].map(|path| daemon.ops(path).status);
    assert_eq!(probes, [200, 200, 503], "it has started once, and lives");
}

#[test]
fn a_restart_after_a_kill_keeps_the_token() {
    let world = World::new(None);
    let mut daemon = world.serve();
    daemon.wait_for_credentials("plain");
    let token = world.token("plain");
    daemon.child.kill().unwrap();
    drop(daemon);

    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    assert_eq!(daemon.credentials("/credentials/plain", &token).status, 200);
}

#[test]
fn the_start_is_told_with_the_way_to_sts_and_without_the_proxys_password() {
    let world = World::new(None);
    let elsewhere = world.profile("elsewhere").replace("us-east-1", "eu-west-1");
    let elsewhere = elsewhere.replace(&world.emulator.access.url, "https://sts.example");
    let global = world.profile("global").replace("us-east-1", "eu-west-1");
    let global = global.replace("endpoint_url", "sts_regional_endpoints");
    let global = global.replace(&world.emulator.access.url, "legacy");
    world.write("valetkey.toml", &(world.configuration() + &elsewhere + &global));
    let mut command = world.command();
    command.env("HTTPS_PROXY", "http://user:canary-of-a-proxy@127.0.0.1:9");
    let daemon = common::Daemon::start(command);
    let line = daemon.wait_until(|line| line["message"] == "profile" && line["profile"] == "elsewhere");
    assert_eq!(line["route"], "through the proxy http://127.0.0.1:9");
    assert_eq!(line["endpoint"], "https://sts.example/");
    assert_eq!(line["signing_region"], serde_json::Value::Null);
    assert_eq!(line["mfa_serial"], world.emulator.access.mfa_serial.as_str());
    let line = daemon.wait_until(|line| line["message"] == "profile" && line["profile"] == "global");
    assert_eq!(line["endpoint"], "https://sts.amazonaws.com/");
    assert_eq!(
        (&line["region"], &line["signing_region"]),
        (&"eu-west-1".into(), &"us-east-1".into())
    );
    let line = daemon.wait_until(|line| line["message"] == "profile" && line["profile"] == "plain");
    assert_eq!(
        (&line["route"], &line["mfa_serial"]),
        (&"direct".into(), &serde_json::Value::Null)
    );
    assert!(daemon.log().contains("certificates"), "{}", daemon.log());
    assert!(!daemon.log().contains("canary-of-a-proxy"), "{}", daemon.log());
}

#[test]
fn sigterm_and_sigint_end_it_cleanly_although_connections_are_open() {
    for signal in ["-TERM", "-INT"] {
        let world = World::new(None);
        let daemon = world.serve();
        let mut idle = TcpStream::connect(daemon.credentials).unwrap();
        idle.write_all(b"GET /credentials/ops HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            .unwrap();
        assert!(idle.read(&mut [0; 16]).unwrap() > 0);
        daemon.signal(signal);
        daemon.wait_for("ended");
        assert_eq!(daemon.wait().code(), Some(0), "{signal}");
    }
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let world = World::new(None);
    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    daemon.wait_for_credentials("ops");
    let ops = daemon.ops.to_string();
    let check = |args: &[&str]| {
        let (code, _, stderr) = finish(valetkey(["healthcheck", "--ops", &ops]).args(args));
        (code, stderr)
    };
    assert_eq!(check(&[]), (0, String::new()));
    assert_eq!(check(&["--probe", "live"]).0, 0);
    assert_eq!(check(&["--probe", "startup"]).0, 0);
    assert_eq!(check(&["--profile", "plain"]).0, 0);
    let (code, stderr) = check(&["--profile", "nobody"]);
    assert_eq!(code, 1);
    assert!(stderr.starts_with("valetkey: 404 "), "{stderr}");
    assert_eq!(check(&["--probe", "live", "--profile", "plain"]).0, 64);
    drop(daemon);
    let (code, stderr) = check(&[]);
    assert_eq!(code, 1);
    assert!(
        stderr.starts_with(&format!("valetkey: no answer from http://{ops}: ")),
        "{stderr}"
    );
}

#[test]
fn wrong_use_and_wrong_setups_have_their_exit_codes() {
    let world = World::new(None);
    let (code, _, stderr) = finish(&mut valetkey(["serve", "--confg", "x"]));
    assert_eq!(code, 64);
    assert!(stderr.contains("--config"), "{stderr}");
    assert_eq!(finish(&mut valetkey(["--version"])).0, 0);

    let check = |world: &World| finish(world.command().arg("--check-config"));
    let (code, stdout, stderr) = check(&world);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert_eq!(
        stdout,
        format!("{}: no mistakes\n", common::show(&world.path("valetkey.toml")))
    );
    assert!(!world.path("tokens").exists(), "a check leaves nothing behind");

    // Every mistake of keys, seeds and folders in one message.
    world.write("tokens", "");
    fs::remove_file(world.path("key/aws_access_key_id")).unwrap();
    world.write("totp_seed", "too short");
    let (code, _, stderr) = check(&world);
    let folder = common::show(world.folder.path());
    assert_eq!(code, 78);
    assert_eq!(
        stderr.replace(&folder, ""),
        "profile ops: long-term key: /key/aws_access_key_id: does not exist; create it, or name another place\n\
         profile ops: TOTP seed: /totp_seed: is shorter than 80 bits (16 characters of base32): part of it is missing\n\
         profile plain: long-term key: /key/aws_access_key_id: does not exist; create it, or name another place\n\
         /tokens: is not a folder; remove it, or choose another token_dir\n\
         4 mistakes\n"
    );

    world.write("valetkey.toml", "[server]\ncredential = \"127.0.0.1:0\"\n");
    let (code, _, stderr) = check(&world);
    assert_eq!(code, 78);
    assert!(
        stderr.contains("credentials"),
        "the nearest known key is named: {stderr}"
    );
}

#[test]
fn flags_beat_the_file_and_keep_its_rules() {
    let world = World::new(None);
    let (code, _, stderr) = finish(
        world
            .command()
            .args(["--check-config", "--ops", ":1", "--token-mode", "rw"]),
    );
    assert_eq!(code, 78);
    assert_eq!(
        stderr.replace(&common::show(world.folder.path()), ""),
        "--ops: must be an address and port such as \"127.0.0.1:7412\"\n\
         --token-mode: must be a string of octal permissions such as \"0600\"\n2 mistakes in /valetkey.toml\n"
    );
    // What is refused is the folder that the flag names.
    let elsewhere = common::show(&world.path("totp_seed"));
    let (code, _, stderr) = finish(world.command().args(["--check-config", "--token-dir", &elsewhere]));
    assert_eq!(code, 78);
    assert!(stderr.contains("/totp_seed: is not a folder"), "{stderr}");
}

#[test]
fn without_a_file_the_environment_is_the_configuration() {
    let (code, _, stderr) = finish(&mut valetkey(["serve", "--check-config", "--token-dir", "/t"]));
    assert_eq!(code, 78);
    assert!(stderr.contains("AWS_ACCESS_KEY_ID: is missing; "), "{stderr}");
    assert!(stderr.ends_with(" in the environment\n"), "{stderr}");
}

#[test]
fn a_taken_address_is_told_before_anything_else_happens() {
    let world = World::new(None);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    world.write(
        "valetkey.toml",
        &world.configuration().replacen("127.0.0.1:0", &address, 1),
    );
    let (code, _, stderr) = finish(&mut world.command());
    assert_eq!(code, 69);
    assert!(
        stderr.contains(&format!("[server] credentials: {address} cannot be bound"))
            && stderr.contains("another process"),
        "{stderr}"
    );
    assert!(world.emulator.handle.state().requests.is_empty());
    assert!(
        !world.path("tokens").exists(),
        "they could be those of the daemon that has the address"
    );
}
