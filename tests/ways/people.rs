//! A person with an MFA device in the hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

use crate::common::{World, eventually, show};
use crate::scene::{
    SUBMIT, ask, code, configure, document, keyed, metric, operator, person, say, script, serve, server, status_of,
    submit, wrong_code,
};
use crate::{common, scene};

const WANTED: &str = "valetkey_mfa_code_wanted{profile=\"person\"}";

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a consumer waits is real time")]
fn a_persons_morning() {
    let world = World::new(None);
    let told = show(&world.path("told"));
    let notify = script(
        &world,
        "notify",
        &format!("env > {told}.part; echo ${{#}} >> {told}.part; mv {told}.part {told}"),
    );
    let profile = world.profile_without_mfa("person")
        + &scene::mfa(
            &world,
            &format!("{{ push = true, notify = [\"{notify}\", \"a code\"] }}"),
        );
    configure(&world, &profile);
    let mut command = world.command();
    command.env("PATH", "/usr/bin:/bin").env("HOME", "/home/jane");
    command.env("AWS_SECRET_ACCESS_KEY", "not for children");
    let daemon = common::Daemon::start(command);

    // A code is asked for everywhere, and nobody waits for it.
    let line = daemon.wait_for("an MFA code is wanted: valetkey mfa submit --profile person");
    assert_eq!((&line["level"], &line["profile"]), (&"ERROR".into(), &"person".into()));
    assert_eq!(line["mfa_serial"], world.emulator.access.mfa_serial.as_str());
    let before = Instant::now();
    let reply = daemon.credentials("/credentials/person", &world.token("person"));
    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!(reply.status, 503);
    let body = reply.json();
    assert_eq!(body["code"], "CredentialsUninitialized");
    let message = body["message"].as_str().unwrap();
    assert!(message.ends_with("valetkey mfa submit --profile person"), "{message}");
    assert_eq!((daemon.ops("/livez").status, daemon.ops("/readyz").status), (200, 503));
    assert_eq!(metric(&daemon, WANTED), "1");
    let status = status_of(&world, "person");
    assert_eq!(
        (&status["state"], &status["mfa"]["push"]),
        (&"code_wanted".into(), &true.into())
    );
    assert!(status["code_wanted"]["since"].is_string(), "{status}");
    let said = ask(&world, &["status"]);
    assert_eq!(said.code, 1);
    let command = format!(
        "run: valetkey mfa submit --profile person --control-socket {}",
        show(&world.path("control.sock"))
    );
    assert!(
        said.stdout.contains("code wanted") && said.stdout.contains(&command),
        "{said:?}"
    );
    let seen = eventually(|| fs::read_to_string(&told).ok());
    let own = |line: &&str| !["PWD=", "SHLVL=", "_="].iter().any(|name| line.starts_with(name));
    let mut seen: Vec<_> = seen.lines().filter(own).collect();
    seen.sort_unstable();
    let expected = [
        "1",
        "HOME=/home/jane",
        "PATH=/usr/bin:/bin",
        "VALETKEY_EXPIRATION=",
        "VALETKEY_PROFILE=person",
    ];
    assert_eq!(seen, expected);

    // Nothing was sent to STS for all that.
    assert!(world.emulator.handle.state().requests.is_empty());
    submissions(&world, &daemon);
}

/// A wrong code, the same again, the right one, and one too many.
fn submissions(world: &World, daemon: &common::Daemon) {
    let wrong = wrong_code(world);
    let said = submit(world, &[], &wrong);
    assert_eq!((said.code, &*said.stdout), (1, ""));
    assert!(
        said.stderr
            .contains("MultiFactorAuthentication failed with invalid MFA one time pass code"),
        "{said:?}"
    );
    assert!(!said.stderr.contains(&wrong), "{said:?}");
    assert_eq!(
        daemon.credentials("/credentials/person", &world.token("person")).status,
        503
    );
    let body = daemon.credentials("/credentials/person", &world.token("person")).body;
    assert!(body.contains("valetkey mfa submit --profile person"), "{body}");
    let said = submit(world, &[], &wrong);
    assert_eq!(said.code, 75);
    assert!(said.stderr.contains("wait for the device's next one"), "{said:?}");
    assert_eq!(world.emulator.handle.state().requests["GetSessionToken"], 1);

    let said = submit(world, &["--profile", "person"], &code(world));
    assert_eq!((said.code, &*said.stderr), (0, ""), "{said:?}");
    let status = status_of(world, "person");
    let expiration = status["expiration"].as_str().unwrap();
    assert_eq!(
        said.stdout,
        format!("accepted: profile person has credentials until {expiration}\n")
    );
    document(world, daemon, "person");
    assert_eq!(
        (&status["state"], &status["code_wanted"]),
        (&"ready".into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (daemon.ops("/readyz").status, metric(daemon, WANTED)),
        (200, "0".into())
    );
    for (result, count) in [("accepted", "1"), ("rejected", "1"), ("unknown", "0")] {
        let series = format!("valetkey_mfa_codes_total{{profile=\"person\",result=\"{result}\"}}");
        assert_eq!(metric(daemon, &series), count, "{result}");
    }
    let said = ask(world, &["status"]);
    assert_eq!((said.code, said.stdout.contains("Attention")), (0, false), "{said:?}");

    let said = submit(world, &[], &wrong_code(world));
    assert_eq!(said.code, 75);
    let from = status["mfa"]["accepted_from"].as_str().unwrap();
    assert!(
        said.stderr.contains(&format!("takes its next code from {from}; ")),
        "{said:?}"
    );
    assert_eq!(world.emulator.handle.state().requests["GetSessionToken"], 2);
}

#[test]
fn of_two_people_each_is_asked_for_a_code_of_the_own_device() {
    let [jane, john] = ["jane", "john"].map(|name| World::of(name, None));
    jane.write(
        "valetkey.toml",
        &(server(&jane) + &person(&jane, "jane") + &person(&john, "john")),
    );
    let daemon = jane.serve();
    for _ in ["jane", "john"] {
        daemon.wait_for("an MFA code is wanted");
    }
    let said = submit(&jane, &[], &code(&john));
    assert_eq!(said.code, 64);
    assert_eq!(
        said.stderr,
        "valetkey: several profiles take codes: name one of jane, john (--profile)\n"
    );
    let said = submit(&jane, &["--profile", "nobody"], &code(&john));
    assert_eq!(said.code, 64);
    assert!(said.stderr.contains("these do: jane, john"), "{said:?}");

    let said = submit(&jane, &["--profile", "john"], &code(&john));
    assert_eq!(said.code, 0, "{said:?}");
    document(&jane, &daemon, "john");
    assert_eq!(daemon.credentials("/credentials/jane", &jane.token("jane")).status, 503);
    // One alone is left who is asked.
    let said = submit(&jane, &[], &code(&jane));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.starts_with("accepted: profile jane "), "{said:?}");
    assert_eq!(daemon.ops("/readyz").status, 200);
}

#[test]
fn two_profiles_of_one_device_are_never_asked_for_at_once() {
    let world = World::new(None);
    let daemon = serve(&world, &(person(&world, "first") + &person(&world, "second")));
    daemon.wait_for("an MFA code is wanted: valetkey mfa submit --profile first");
    let wanted = |name: &str| metric(&daemon, &format!("valetkey_mfa_code_wanted{{profile=\"{name}\"}}"));
    assert_eq!((wanted("first"), wanted("second")), ("1".into(), "0".into()));
    let waits = "the MFA device, whose next code profile first is asked for first";
    let told = daemon.credentials("/credentials/second", &world.token("second")).json();
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .ends_with(&format!(": it waits for {waits}")),
        "{told}"
    );
    assert_eq!(status_of(&world, "second")["waits_for"], waits);
    let used = code(&world);
    let said = submit(&world, &[], &used);
    assert!(said.stdout.starts_with("accepted: profile first "), "{said:?}");
    daemon.wait_for("an MFA code is wanted: valetkey mfa submit --profile second");
    assert_eq!((wanted("first"), wanted("second")), ("0".into(), "1".into()));
    let said = submit(&world, &[], &used);
    assert_eq!(
        said.code, 75,
        "the device's code is spent for the second, too: {said:?}"
    );
}

#[test]
fn a_code_of_a_role_is_a_persons_too_and_its_session_has_none() {
    let world = World::new(None);
    let role = &world.emulator.access.role_arn;
    let daemon = serve(&world, &(person(&world, "admin") + &format!("role_arn = \"{role}\"\n")));
    daemon.wait_for("an MFA code is wanted");
    let said = submit(&world, &[], &code(&world));
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(document(&world, &daemon, "admin")["AccountId"], "123456789012");
    assert!(world.emulator.handle.state().assumed[0].mfa);
}

#[test]
fn the_one_verdict_of_an_sts_that_fails_is_that_it_failed() {
    let world = World::new(None);
    let daemon = serve(&world, &person(&world, "person"));
    daemon.wait_for("an MFA code is wanted");
    let faults = valetkey::emulator::Faults::instead(valetkey::emulator::Instead::ServiceUnavailable);
    world.emulator.handle.set_faults(faults);
    let sent = code(&world);
    let said = submit(&world, &[], &sent);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stderr.contains("ServiceUnavailable"), "{said:?}");
    world.emulator.handle.clear_faults();
    // STS may have seen it.
    assert_eq!(submit(&world, &[], &sent).code, 75);
    assert_eq!(metric(&daemon, WANTED), "1");
    let status = status_of(&world, "person");
    assert_eq!(status["last_error"]["result"], "server");
}

#[test]
fn where_nobody_is_asked_a_code_is_refused_with_the_reason() {
    let world = World::new(None);
    let key = format!("{{ directory = \"{}\" }}", show(&world.path("key")));
    let daemon = serve(&world, &keyed(&world, "plain", &key));
    daemon.wait_for_credentials("plain");
    let said = submit(&world, &[], "123456");
    assert_eq!(said.code, 64);
    assert!(said.stderr.contains("none has mfa_code = { push = true }"), "{said:?}");
}

#[test]
fn nobody_but_the_owner_and_root_may_hand_a_code_in() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = World::new(None);
    let daemon = serve(&world, &person(&world, "person"));
    daemon.wait_for("an MFA code is wanted");
    let as_stranger = || {
        let mut command = operator(&world, SUBMIT);
        command.uid(65_534).gid(65_534).current_dir("/");
        say(command, &code(&world))
    };
    let said = as_stranger();
    assert_eq!(said.code, 69, "{said:?}");
    // Where the file system lets a stranger in, the daemon does not.
    for (path, mode) in [("", 0o755), ("control.sock", 0o666)] {
        fs::set_permissions(world.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let said = as_stranger();
    assert_eq!(said.code, 69);
    assert!(
        said.stderr.contains("only the user that runs the daemon, and root"),
        "{said:?}"
    );
    assert!(world.emulator.handle.state().requests.is_empty());
    let said = submit(&world, &[], &code(&world));
    assert_eq!(said.code, 0, "the device's code is still good: {said:?}");
}
