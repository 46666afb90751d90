//! Rule one: no secret in anything that comes out. Unique secrets are planted, every path is driven at the most
//! talkative level with failures included, and all output is searched. Each search is shown to find what it looks for
//! where the protection is missing.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;
mod imds;
mod rotation;
mod search;
mod uncapped;
mod vouchers;
mod ways;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use common::{Daemon, World, finish, get, valetkey};
use search::{Canaries, is_in};
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Faults, Garbage, Instead};

/// All that came out of a daemon, and what must not be in it.
struct Output {
    text: String,
    canaries: Canaries,
}

impl Output {
    fn take(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn plant_user(&mut self, world: &World) {
        let access = &world.emulator.access;
        self.canaries.plant("a secret access key", &access.secret_access_key);
        self.canaries.plant("a TOTP seed", &access.totp_seed);
        for steps in -3..=3 {
            let time = SystemClock.wall() + chrono::TimeDelta::seconds(30 * steps);
            let code = world.emulator.handle.token_code(&access.mfa_serial, time);
            self.canaries.plant("an MFA code", &code.unwrap());
        }
    }

    fn holds_no_secret(&self) {
        assert!(self.text.len() > 5_000, "too little came out to prove anything");
        assert_eq!(self.canaries.found_in(&self.text), [] as [&str; 0], "{}", self.text);
    }

    /// Plants what is served: it may leave by the document alone.
    fn plant_document(&mut self, daemon: &Daemon, profile: &str, token: &str) {
        self.canaries.plant("an authorization token", token);
        let reply = daemon.credentials(&format!("/credentials/{profile}"), token);
        self.take(&reply.head);
        let document = reply.json();
        for key in ["SecretAccessKey", "Token"] {
            self.canaries.plant(key, document[key].as_str().unwrap());
        }
    }
}

const GUESS: &str = "guessed-token-canary-4711";
const WRONG_SECRET: &str = "another-secret-canary-0815";
const WRONG_SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A user whose renewals fail, and what the log must call it.
struct Trouble {
    name: String,
    world: World,
    result: &'static str,
}

/// Users with an MFA device and an STS each, all in trouble from the start.
fn troubles() -> Vec<Trouble> {
    let faults = [
        (Instead::LostReply, "network"),
        (Instead::Throttling, "throttled"),
        (Instead::InternalFailure, "server"),
        (Instead::Garbage(Garbage::CaptivePortal), "malformed"),
        (Instead::Garbage(Garbage::Truncated), "malformed"),
        (Instead::Garbage(Garbage::Oversized), "malformed"),
    ];
    let files = [
        ("key/aws_secret_access_key", WRONG_SECRET, "key_invalid"),
        ("totp_seed", WRONG_SEED, "mfa_collision"),
    ];
    let trouble = |name: String, result| Trouble {
        world: World::of(&name, None),
        name,
        result,
    };
    let of_sts = faults.into_iter().enumerate().map(|(index, (fault, result))| {
        let trouble = trouble(format!("sts{index}"), result);
        trouble.world.emulator.handle.set_faults(Faults::instead(fault));
        trouble
    });
    let of_files = files.into_iter().enumerate().map(|(index, (file, text, result))| {
        let trouble = trouble(format!("file{index}"), result);
        trouble.world.write(file, text);
        trouble
    });
    of_sts.chain(of_files).collect()
}

/// A daemon of users who are well and users in trouble, and all that it must not tell.
struct Scene {
    world: World,
    short: World,
    troubles: Vec<Trouble>,
    output: Output,
}

impl Scene {
    fn new() -> Self {
        let (world, short, troubles) = (World::new(None), World::new(Some(8)), troubles());
        let mut output = Output {
            text: String::new(),
            canaries: Canaries::default(),
        };
        let mut configuration = world.configuration() + &short.profile_without_mfa("short");
        for trouble in &troubles {
            configuration.push_str(&trouble.world.profile(&trouble.name));
            output.plant_user(&trouble.world);
        }
        for user in [&world, &short] {
            output.plant_user(user);
        }
        for (name, text) in [
            ("a guessed token", GUESS),
            ("a wrong secret access key", WRONG_SECRET),
            ("a wrong TOTP seed", WRONG_SEED),
            ("a reply of STS", "<SecretAccessKey>"),
            ("a reply of STS", "<SessionToken>"),
        ] {
            output.canaries.plant(name, text);
        }
        // The audit is on: it tells of every serving.
        let configuration = configuration.replacen(
            "[server]",
            &format!("[server]\naudit = true\n{}\n{}", imds::ON, rotation::ON),
            1,
        );
        world.write("valetkey.toml", &configuration);
        Self {
            world,
            short,
            troubles,
            output,
        }
    }

    fn command(&self, format: &str) -> Command {
        let mut command = valetkey(["serve", "--log-level", "trace", "--log-format", format, "--config"]);
        command.arg(self.world.path("valetkey.toml"));
        // The switch by which aws-sigv4 logs the body with the code in it.
        command.env("LOG_SIGNABLE_BODY", "true").env("RUST_LOG", "trace");
        command
    }
}

#[test]
fn nothing_that_comes_out_of_the_daemon_holds_a_secret() {
    let mut scene = Scene::new();
    let daemon = Daemon::start(scene.command("json"));
    let output = &mut scene.output;
    for profile in ["ops", "plain", "short"] {
        daemon.wait_for_credentials(profile);
        output.plant_document(&daemon, profile, &scene.world.token(profile));
    }
    for Trouble { name, result, .. } in &scene.troubles {
        daemon.wait_until(|line| line["profile"] == name.as_str() && line["result"] == *result);
    }
    break_key(&scene.short, &daemon);
    knock(&daemon, output, &scene.world.token("ops"));
    imds::knock(&daemon, output);
    rotation::turn(&daemon, output, &scene.world);
    look_at(&daemon, output);
    daemon.signal("-TERM");
    daemon.wait_for("ended");
    output.take(&daemon.log());

    assert!(daemon.log().contains("\"DEBUG\""), "the level was not that of the user");
    assert!(daemon.log().contains("credentials served"), "nothing was audited");
    output.holds_no_secret();
    // The search works: what it looks for is found where it stands.
    for (name, secret) in &output.canaries.0 {
        assert!(is_in(&format!("x {secret} y"), secret), "{name}");
    }
}

#[test]
fn nor_do_log_lines_for_people() {
    let mut scene = Scene::new();
    let mut daemon = scene.command("text").stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(daemon.stderr.take().unwrap());
    let mut left: Vec<_> = scene
        .troubles
        .iter()
        .map(|trouble| format!("profile={} ", trouble.name))
        .collect();
    for line in log.lines().map_while(Result::ok) {
        left.retain(|profile| !(line.contains("credentials not obtained") && line.contains(profile)));
        scene.output.take(&line);
        if left.is_empty() {
            break;
        }
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(left.is_empty(), "{}", scene.output.text);
    for profile in ["ops", "plain"] {
        scene
            .output
            .canaries
            .plant("an authorization token", &scene.world.token(profile));
    }
    scene.output.holds_no_secret();
}

/// The key becomes wrong while the daemon runs; the next renewal finds out.
fn break_key(user: &World, daemon: &Daemon) {
    let secret = &user.emulator.access.secret_access_key;
    user.write("key/aws_secret_access_key", &format!("{secret} {secret}"));
    daemon.wait_until(|line| line["profile"] == "short" && line["result"] == "key_unreadable");
}

/// Everything that others may look at.
fn look_at(daemon: &Daemon, output: &mut Output) {
    for path in [
        "/metrics",
        "/livez",
        "/readyz",
        "/startupz",
        "/readyz?profile=plain",
        "/readyz?profile=sts0",
        "/nothing",
    ] {
        let reply = daemon.ops(path);
        output.take(&format!("{}{}", reply.head, reply.body));
    }
    let ops = daemon.ops.to_string();
    for profile in ["plain", "sts0", "nobody"] {
        let (_, stdout, stderr) = finish(&mut valetkey(["healthcheck", "--ops", &ops, "--profile", profile]));
        output.take(&(stdout + &stderr));
    }
    let process = format!("/proc/{}", daemon.child.id());
    for name in ["environ", "cmdline"] {
        match fs::read(format!("{process}/{name}")) {
            Ok(bytes) => output.take(&String::from_utf8_lossy(&bytes)),
            // Root alone may look, which is as it should be.
            Err(error) => assert!(!rustix::process::geteuid().is_root(), "{error}"),
        }
    }
    let children = fs::read_to_string(format!("{process}/task/{}/children", daemon.child.id()));
    assert_eq!(children.unwrap(), "", "no child of the daemon's could inherit anything");
}

/// Requests of every wrong kind, with and without a token.
fn knock(daemon: &Daemon, output: &mut Output, token: &str) {
    let guess = GUESS;
    for (path, headers) in [
        ("/credentials/ops", vec![("Authorization", guess)]),
        (
            "/credentials/ops",
            vec![("authorization", token), ("Authorization", guess)],
        ),
        ("/credentials/ops", vec![("Authorization", token), ("Origin", guess)]),
        (
            "/credentials/ops",
            vec![("Authorization", token), ("X-Forwarded-For", guess)],
        ),
        ("/credentials/plain", vec![("Authorization", token)]),
        ("/credentials/guessed-token-canary-4711", vec![("Authorization", token)]),
        ("/credentials/ops?token=guessed-token-canary-4711", vec![]),
        ("/guessed-token-canary-4711", vec![]),
    ] {
        let reply = get(daemon.credentials, path, &headers);
        assert_ne!(reply.status, 200, "{path} {headers:?}");
        output.take(&format!("{}{}", reply.head, reply.body));
    }
    for raw in [
        format!("{guess}\r\n\r\n"),
        format!("GET /credentials/ops HTTP/1.1\r\nAuthorization: {guess}\n {token}\r\n\r\n"),
    ] {
        let mut stream = TcpStream::connect(daemon.credentials).unwrap();
        stream.write_all(raw.as_bytes()).unwrap();
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply);
        output.take(&reply);
    }
}

#[test]
fn no_mistake_in_a_setup_is_told_with_a_secret() {
    let world = World::new(None);
    let mut canaries = Canaries::default();
    let secret = "wJalrXUtnFEMI/K7MDENG/canary";
    canaries.plant("a secret in the wrong place", secret);
    let file = world.configuration();
    let folder = common::show(world.folder.path());
    for (from, to) in [
        ("us-east-1", secret),
        (&format!("\"{folder}/key\""), &format!("\"{secret}\"")),
        ("[profile.ops]", &format!("[profile.\"{secret}\"]")),
        ("mfa_serial =", &format!("\"{secret}\" =")),
        ("{ totp_seed_file =", &format!("{{ totp_seed = \"{secret}\", x =")),
        ("[server]", &format!("[server]\n{secret}")),
        ("127.0.0.1:0", &format!("http://user:{secret}@127.0.0.1")),
    ] {
        world.write("valetkey.toml", &file.replace(from, to));
        let (code, stdout, stderr) = finish(world.command().arg("--check-config"));
        assert_eq!(code, 78, "{to}: {stdout}");
        assert_eq!(
            canaries.found_in(&(stdout + &stderr)),
            [] as [&str; 0],
            "{to}: {stderr}"
        );
    }
    world.write("valetkey.toml", &file);
    for name in ["key/aws_access_key_id", "key/aws_secret_access_key", "totp_seed"] {
        let before = fs::read_to_string(world.path(name)).unwrap();
        world.write(name, &format!("aws_secret_access_key = {secret}"));
        let (code, stdout, stderr) = finish(world.command().arg("--check-config"));
        assert_eq!(code, 78, "{name}: {stdout}");
        assert_eq!(
            canaries.found_in(&(stdout + &stderr)),
            [] as [&str; 0],
            "{name}: {stderr}"
        );
        world.write(name, &before);
    }
    let proxy = format!("ftp://user:{secret}@proxy.example");
    let (code, stdout, stderr) = finish(world.command().arg("--check-config").env("HTTPS_PROXY", proxy));
    assert_eq!(code, 78, "{stdout}");
    assert_eq!(canaries.found_in(&(stdout + &stderr)), [] as [&str; 0], "{stderr}");
}

#[test]
fn the_demo_tells_its_story_without_a_secret() {
    let mut demo = valetkey(["demo"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut stdout = demo.stdout.take().unwrap();
    while !told.contains("Ctrl-C ends the demo") {
        let mut piece = [0; 4096];
        let read = stdout.read(&mut piece).unwrap();
        assert!(read > 0, "the demo ended early: {told}");
        told.push_str(str::from_utf8(&piece[..read]).unwrap());
    }
    let folder = told
        .split_whitespace()
        .find_map(|word| word.strip_suffix("/tokens/demo/token)\""));
    let folder = folder.expect("the demo names the token's file").to_owned();
    let mut canaries = Canaries::default();
    for name in ["key/aws_secret_access_key", "totp_seed", "tokens/demo/token"] {
        canaries.plant(name, fs::read_to_string(format!("{folder}/{name}")).unwrap().trim());
    }
    let ended = Command::new("kill")
        .args(["-INT", &demo.id().to_string()])
        .status()
        .unwrap();
    assert!(ended.success() && demo.wait().unwrap().success());
    stdout.read_to_string(&mut told).unwrap();
    demo.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(canaries.found_in(&told), [] as [&str; 0], "{told}");
    assert!(!fs::exists(&folder).unwrap(), "the demo leaves nothing behind");
}
