//! The same for what identity providers vouch with: tokens and assertions that STS takes, refuses, and never sees.

use std::fs;

use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Faults, Garbage, Instead, Role, SamlAssertion};

use crate::Output;
use crate::common::{Daemon, World, finish, show, valetkey};
use crate::search::Canaries;
use crate::ways::script;

const ROLE: &str = "arn:aws:iam::123456789012:role/canary";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/Canary";
/// A token that STS cannot verify, in the three parts of a JWT.
const TOKEN: &str = "eyJjYW5hcnktaGVhZGVyIjowfQ.eyJjYW5hcnktcGF5bG9hZCI6MX0.Y2FuYXJ5LXNpZ25hdHVyZS0x";
/// One that nobody could send.
const SPACED: &str = "Bearer canary-of-a-token-in-its-header-form";
/// An assertion that STS takes, one that it does not know, and one that is printed beside talk.
const TAKEN: &str = "dGFrZW4tYXNzZXJ0aW9uLWNhbmFyeS0x";
const UNKNOWN: &str = "dW5rbm93bi1hc3NlcnRpb24tY2FuYXJ5";
const PRINTED: &str = "cHJpbnRlZC1hc3NlcnRpb24tY2FuYXJ5";

#[test]
fn no_token_and_no_assertion_comes_out() {
    let world = World::new(None);
    let mut output = Output {
        text: String::new(),
        canaries: Canaries::default(),
    };
    output.plant_user(&world);
    let parts = TOKEN.split('.').map(|part| ("a part of a token", part));
    for (name, secret) in parts.chain([
        ("a token", TOKEN),
        ("a token with a word before it", SPACED),
        ("an assertion", TAKEN),
        ("an assertion of nobody", UNKNOWN),
        ("an assertion that was printed", PRINTED),
    ]) {
        output.canaries.plant(name, secret);
        assert_eq!(
            output.canaries.found_in(&format!("it says {secret} here")).last(),
            Some(&name)
        );
    }
    let handle = &world.emulator.handle;
    handle.add_role(Role::new(ROLE).trusting(PROVIDER));
    let end = SystemClock.wall() + chrono::TimeDelta::minutes(5);
    handle.add_saml_assertion(SamlAssertion::new(TAKEN, ROLE, PROVIDER, "jane", end));

    let daemon = start(&world);
    daemon.wait_for_credentials("taken");
    let token = world.token("taken");
    output.plant_document(&daemon, "taken", &token);
    for (profile, result) in [
        ("token", "denied"),
        ("unknown", "denied"),
        ("printed", "identity_unreadable"),
    ] {
        daemon.wait_until(|line| line["profile"] == profile && line["result"] == result);
    }
    // Each reply that STS would not give, in turn, to a call that carries the token.
    for fault in [
        Instead::LostReply,
        Instead::Garbage(Garbage::CaptivePortal),
        Instead::Garbage(Garbage::Truncated),
    ] {
        handle.set_faults(Faults::instead(fault));
        daemon.wait_until(|line| line["profile"] == "token" && line["result"] != "denied");
    }
    world.write("token", SPACED);
    daemon.wait_until(|line| line["profile"] == "token" && line["result"] == "identity_unreadable");

    for profile in ["token", "unknown", "printed"] {
        output.take(
            &daemon
                .credentials(&format!("/credentials/{profile}"), &world.token(profile))
                .body,
        );
    }
    output.take(&daemon.ops("/metrics").body);
    for args in [&["status"][..], &["status", "--json"], &["reload"]] {
        let mut command = valetkey(args);
        let (_, stdout, stderr) = finish(command.arg("--control-socket").arg(world.path("control.sock")));
        output.take(&(stdout + &stderr));
    }
    let mut check = world.command();
    let (code, stdout, stderr) = finish(check.arg("--check-config"));
    assert_eq!(code, 78, "the token's file is wrong now");
    output.take(&(stdout + &stderr));
    let log = daemon.log();
    assert!(
        log.contains("it said: got [redacted]"),
        "the process was not heard: {log}"
    );
    output.take(&log);
    output.holds_no_secret();
}

fn start(world: &World) -> Daemon {
    world.write("token", TOKEN);
    world.write("taken", TAKEN);
    world.write("unknown", UNKNOWN);
    let printer = script(
        world,
        "print",
        &format!("echo {PRINTED}; echo 'got {PRINTED}' >&2; exit 3"),
    );
    let url = &world.emulator.access.url;
    let profile = |name: &str, lines: &str| {
        format!("[profile.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\nrole_arn = \"{ROLE}\"\n{lines}\n")
    };
    let saml = |name: &str, source: &str| {
        profile(
            name,
            &format!("principal_arn = \"{PROVIDER}\"\nsaml_assertion = {source}"),
        )
    };
    let file = |name: &str| format!("{{ file = \"{}\" }}", show(&world.path(name)));
    let text = fs::read_to_string(world.path("valetkey.toml")).unwrap();
    let server = text.split("[profile").next().unwrap().to_owned();
    let token_file = show(&world.path("token"));
    let profiles = [
        profile("token", &format!("web_identity_token_file = \"{token_file}\"")),
        saml("taken", &file("taken")),
        saml("unknown", &file("unknown")),
        saml("printed", &format!("{{ process = [\"{printer}\"] }}")),
    ];
    world.write("valetkey.toml", &(server + &profiles.concat()));
    let mut command = world.command();
    command.env("LOG_SIGNABLE_BODY", "true").env("RUST_LOG", "trace");
    Daemon::start(command)
}
