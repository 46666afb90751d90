//! The same for every other way in: keys of the environment, of the shared file and of a process, codes of a process
//! and of a person, roles, reloads, and what operators ask.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use valetkey::clock::{Clock, SystemClock};

use crate::Output;
use crate::common::{Daemon, World, finish, show, valetkey};
use crate::search::Canaries;

/// A code that no device shows.
const NOBODYS: &str = "908172";
const PASTED: &str = "pasted/Secret/canary+0123456789abcdefghi";

/// A user for each way, in one daemon.
struct Scene {
    environment: World,
    shared: World,
    printed: World,
    coded: World,
    person: World,
    output: Output,
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self {
            environment: World::of("environment", None),
            shared: World::of("shared", None),
            printed: World::of("printed", Some(8)),
            coded: World::of("coded", None),
            person: World::of("person", None),
            output: Output {
                text: String::new(),
                canaries: Canaries::default(),
            },
        };
        for world in [
            &scene.environment,
            &scene.shared,
            &scene.printed,
            &scene.coded,
            &scene.person,
        ] {
            scene.output.plant_user(world);
        }
        for (name, text) in [("a code of nobody", NOBODYS), ("a secret in the wrong place", PASTED)] {
            scene.output.canaries.plant(name, text);
        }
        let access = &scene.shared.emulator.access;
        let file = format!(
            "[ops]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            access.access_key_id, access.secret_access_key
        );
        scene.home().write("credentials", &file);
        scene.home().write("valetkey.toml", &scene.configuration());
        scene
    }

    /// Whose folder is the daemon's.
    fn home(&self) -> &World {
        &self.person
    }

    fn configuration(&self) -> String {
        let key = |world: &World, name: &str, key: &str| {
            let profile = world.profile_without_mfa(name);
            profile.replace(&format!("{{ directory = \"{}\" }}", show(&world.path("key"))), key)
        };
        let mfa = |world: &World, code: &str| {
            let serial = &world.emulator.access.mfa_serial;
            format!("mfa_serial = \"{serial}\"\nmfa_code = {code}\n")
        };
        let role = &self.shared.emulator.access.role_arn;
        let (print_key, print_code) = (self.print_key(), self.print_code());
        let notify = script(self.home(), "notify", "env; echo $VALETKEY_PROFILE >&2; exit 4");
        [
            self.home().configuration().split("[profile").next().unwrap().to_owned(),
            key(&self.environment, "environment", "{ environment = true }"),
            key(&self.shared, "shared", "{ shared_credentials = \"ops\" }"),
            key(&self.shared, "role", "{ shared_credentials = \"ops\" }"),
            format!("role_arn = \"{role}\"\n"),
            key(&self.printed, "printed", &format!("{{ process = [\"{print_key}\"] }}")),
            self.coded.profile_without_mfa("coded"),
            mfa(&self.coded, &format!("{{ process = [\"{print_code}\"] }}")),
            self.person.profile_without_mfa("person"),
            mfa(&self.person, &format!("{{ push = true, notify = [\"{notify}\"] }}")),
            format!(
                "[profile.chained]\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\nsource_profile = \"person\"\n\
                 role_arn = \"{}\"\n",
                self.person.emulator.access.url, self.person.emulator.access.role_arn
            ),
        ]
        .concat()
    }

    /// It talks of its key on standard error, and fails once somebody wants it to.
    fn print_key(&self) -> String {
        let access = &self.printed.emulator.access;
        let (id, secret) = (&access.access_key_id, &access.secret_access_key);
        let (head, tail) = secret.split_at(20);
        let text = format!(
            "echo 'using {secret}' >&2\n\
             printf '{{\"Version\": 1, \"AccessKeyId\": \"{id}\", \"SecretAccessKey\": \"{secret}\"}}'\n\
             [ -e {} ] && echo 'cannot unlock {secret} ({head} {tail})' >&2 && exit 3\nexit 0",
            show(&self.printed.path("fails"))
        );
        script(self.home(), "print-key", &text)
    }

    /// It fails, having told the code to everybody.
    fn print_code(&self) -> String {
        let code = device(&self.coded);
        let text = format!("echo {code}; echo 'code: {code}, key {PASTED}' >&2; exit 3");
        script(self.home(), "print-code", &text)
    }

    fn command(&self) -> Command {
        let mut command = self.home().command();
        let access = &self.environment.emulator.access;
        command
            .env("AWS_ACCESS_KEY_ID", &access.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &access.secret_access_key)
            .env("AWS_SHARED_CREDENTIALS_FILE", self.home().path("credentials"))
            .env("PATH", "/usr/bin:/bin")
            .env("LOG_SIGNABLE_BODY", "true")
            .env("RUST_LOG", "trace")
            .current_dir(self.home().folder.path());
        command
    }

    /// What a command says, and how it ends.
    fn ask(&mut self, args: &[&str], stdin: &str) -> i32 {
        let mut command = valetkey(args);
        command.arg("--control-socket").arg(self.home().path("control.sock"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let said = child.wait_with_output().unwrap();
        self.output.take(&String::from_utf8_lossy(&said.stdout));
        self.output.take(&String::from_utf8_lossy(&said.stderr));
        said.status.code().unwrap()
    }
}

#[test]
fn no_other_way_in_lets_a_secret_out() {
    let mut scene = Scene::new();
    let mut daemon = Daemon::start(scene.command());
    for profile in ["environment", "shared", "role", "printed"] {
        daemon.wait_for_credentials(profile);
        let token = scene.home().token(profile);
        scene.output.plant_document(&daemon, profile, &token);
    }
    daemon.wait_until(|line| line["profile"] == "coded" && line["result"] == "code_unavailable");
    daemon.wait_for("nobody was notified that an MFA code is wanted");
    hand_codes_in(&mut scene, &daemon);
    scene.printed.write("fails", "");
    let is_unreadable = |text: &str| text.contains("cannot be read any more");
    daemon.wait_until(|line| line["profile"] == "printed" && line["message"].as_str().is_some_and(is_unreadable));
    ask_oddly(&mut scene);
    reload(&mut scene);
    for profile in ["coded", "printed", "person", "nobody"] {
        let reply = daemon.credentials(&format!("/credentials/{profile}"), NOBODYS);
        scene.output.take(&format!("{}{}", reply.head, reply.body));
    }
    let told = daemon.credentials("/credentials/coded", &scene.home().token("coded"));
    scene.output.take(&told.body);
    scene.output.take(&daemon.ops("/metrics").body);
    scene
        .output
        .take(&fs::read_to_string(format!("/proc/{}/cmdline", daemon.child.id())).unwrap());
    daemon.signal("-ABRT");
    daemon.child.wait().unwrap();
    let left = fs::read_dir(scene.home().folder.path()).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!left.iter().any(|name| name.starts_with("core")), "{left:?}");

    let log = daemon.log();
    assert!(
        log.contains("cannot unlock [redacted]"),
        "the process was not heard: {log}"
    );
    scene.output.take(&log);
    scene.output.holds_no_secret();
}

/// Of nobody, the same again, the right one, one too many; into the wrong field.
fn hand_codes_in(scene: &mut Scene, daemon: &Daemon) {
    let submit = &["mfa", "submit"][..];
    assert_eq!(scene.ask(submit, NOBODYS), 1);
    assert_eq!(scene.ask(submit, NOBODYS), 75);
    let code = device(&scene.person);
    assert_eq!(scene.ask(&["mfa", "submit", "--profile", &code], &code), 64);
    assert_eq!(scene.ask(&["mfa", "submit", &code], ""), 64);
    assert_eq!(scene.ask(submit, &format!("{code} {PASTED}")), 64);
    assert_eq!(scene.ask(submit, &code), 0);
    assert_eq!(scene.ask(submit, &code), 75);
    for profile in ["person", "chained"] {
        daemon.wait_for_credentials(profile);
        let token = scene.home().token(profile);
        scene.output.plant_document(daemon, profile, &token);
    }
}

/// What no command of ours sends.
fn ask_oddly(scene: &mut Scene) {
    for line in [
        format!("{{\"version\":1,\"command\":\"mfa_submit\",\"code\":\"{NOBODYS}\",\"profile\":\"{NOBODYS}\"}}"),
        format!("{{\"version\":1,\"command\":\"{NOBODYS}\"}}"),
        format!("{{\"version\":1,\"command\":\"mfa_submit\",\"code\":{NOBODYS}}}"),
        format!("{{\"version\":1,\"command\":\"mfa_submit\",\"code\":\"{PASTED}\"}}"),
        format!("{{\"version\":1,\"command\":\"status\",\"{PASTED}\":\"{NOBODYS}\"}}"),
        NOBODYS.to_owned(),
    ] {
        let mut stream = UnixStream::connect(scene.home().path("control.sock")).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        stream.write_all(b"\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.contains("\"ok\":false"), "{line}: {reply}");
        scene.output.take(&reply);
    }
    for args in [&["status"][..], &["status", "--json"]] {
        assert_eq!(scene.ask(args, ""), 1, "a required profile has no credentials");
    }
}

/// What people paste into the wrong place, and sources that fail while it is checked.
fn reload(scene: &mut Scene) {
    let file = fs::read_to_string(scene.home().path("valetkey.toml")).unwrap();
    let again = |name: &str, from: &str, to: &str| {
        file.replace("[profile.chained]", &format!("[profile.{name}]")) + &format!("\n{from}{to}")
    };
    let new = format!(
        "[profile.new]\nregion = \"us-east-1\"\nkey = {{ process = [\"{}\"] }}\n",
        show(&scene.home().path("print-key"))
    );
    for text in [
        again(
            "chained",
            "external_id = ",
            &format!("\"{PASTED}\"\nexternal-id = \"{PASTED}\"\n"),
        ),
        again("chained", "mfa_code = ", &format!("\"{NOBODYS}\"\n")),
        again(PASTED, "", ""),
        file.replace("us-east-1", PASTED),
        file.replace("{ environment = true }", &format!("{{ environment = \"{PASTED}\" }}")),
        file.replace("\"ops\"", &format!("\"{PASTED}\"")),
        file.replace(
            "{ shared_credentials",
            &format!("{{ aws_secret_access_key = \"{PASTED}\", shared_credentials"),
        ),
        file.clone() + &new,
    ] {
        scene.home().write("valetkey.toml", &text);
        assert_eq!(scene.ask(&["reload"], ""), 78, "{text}");
        assert_eq!(scene.ask(&["status", "--json"], ""), 1);
        let mut check = scene.command();
        let (code, stdout, stderr) = finish(check.arg("--check-config"));
        assert_eq!(code, 78, "{text}");
        scene.output.take(&(stdout + &stderr));
    }
    // Added and removed profiles are told, too.
    let file = file.replace("[profile.chained]", "[profile.renamed]");
    scene.home().write("valetkey.toml", &file);
    assert_eq!(scene.ask(&["reload"], ""), 0);
}

fn device(world: &World) -> String {
    let serial = &world.emulator.access.mfa_serial;
    world.emulator.handle.token_code(serial, SystemClock.wall()).unwrap()
}

pub(crate) fn script(world: &World, name: &str, text: &str) -> String {
    world.write(name, &format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(world.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    show(&world.path(name))
}
