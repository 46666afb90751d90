//! Another token for everybody, while their consumers go on.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::common::{Daemon, World, finish, get, show, valetkey};
use crate::scene::{ask, configure, metric, serve, server, status};

const ROTATE: &[&str] = &["reload", "--rotate-tokens"];

/// Two profiles, with this in `[server]`.
fn configured(world: &World, more: &str) -> Daemon {
    let profiles = world.profile_without_mfa("plain") + &world.profile_without_mfa("other");
    world.write(
        "valetkey.toml",
        &(server(world).replacen("[server]\n", &format!("[server]\n{more}\n"), 1) + &profiles),
    );
    let daemon = world.serve();
    for profile in ["plain", "other"] {
        daemon.wait_for_credentials(profile);
    }
    daemon
}

fn uri(world: &World, profile: &str) -> String {
    fs::read_to_string(world.path("tokens").join(profile).join("relative_uri")).unwrap()
}

#[test]
fn old_tokens_are_taken_for_a_while_and_until_a_restart() {
    let world = World::new(None);
    let daemon = configured(&world, "relative_uri = \"id\"");
    let (old, old_uri) = (world.token("plain"), uri(&world, "plain"));
    let said = ask(&world, ROTATE);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stdout
            .starts_with("2 profiles have new tokens; the old ones are taken until 20"),
        "{said:?}"
    );
    let (new, new_uri) = (world.token("plain"), uri(&world, "plain"));
    assert!(new != old && new_uri != old_uri);
    for _ in 0..2 {
        for token in [&old, &new] {
            assert_eq!(daemon.credentials("/credentials/plain", token).status, 200);
            assert_eq!(daemon.credentials("/credentials/other", token).status, 404);
        }
        for path in [&old_uri, &new_uri, &format!("{new_uri}/")] {
            assert_eq!(get(daemon.credentials, path, &[]).status, 200);
        }
        // A reload of another kind does not end the grace.
        assert_eq!(
            ask(&world, &["reload"]).stdout,
            "nothing differs from what is in force\n"
        );
    }
    assert!(!status(&world).to_string().contains(&new));
    drop(daemon);

    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    assert_eq!(
        (world.token("plain"), uri(&world, "plain")),
        (new.clone(), new_uri.clone())
    );
    assert_eq!(daemon.credentials("/credentials/plain", &new).status, 200);
    assert_eq!(daemon.credentials("/credentials/plain", &old).status, 401);
    assert_eq!(get(daemon.credentials, &new_uri, &[]).status, 200);
    assert_eq!(get(daemon.credentials, &old_uri, &[]).status, 401);
}

#[test]
fn without_grace_an_old_token_is_refused_at_once() {
    let world = World::new(None);
    let daemon = configured(&world, "token_grace_seconds = 0");
    let old = world.token("plain");
    assert_eq!(ask(&world, ROTATE).code, 0);
    assert_eq!(daemon.credentials("/credentials/plain", &old).status, 401);
    assert_eq!(
        daemon.credentials("/credentials/plain", &world.token("plain")).status,
        200
    );
}

#[test]
fn whoever_reads_the_file_before_each_request_is_never_refused() {
    let world = World::new(None);
    let daemon = configured(&world, "token_grace_seconds = 1");
    let address = daemon.credentials;
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let token = world.token("plain");
                let reply = get(address, "/credentials/plain", &[("Authorization", &token)]);
                assert_eq!(reply.status, 200);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..10 {
            assert_eq!(ask(&world, ROTATE).code, 0);
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 10);
}

#[test]
fn what_cannot_be_replaced_is_told_and_the_rest_is() {
    let world = World::new(None);
    let daemon = configured(&world, "token_grace_seconds = 0");
    let (kept, replaced) = (world.token("other"), world.token("plain"));
    fs::create_dir(world.path("tokens/other/.token.new")).unwrap();
    let said = ask(&world, ROTATE);
    assert_eq!(said.code, 1, "{said:?}");
    let path = show(&world.path("tokens/other/token"));
    assert!(
        said.stdout.starts_with("1 profile has new tokens (plain); ")
            && said.stdout.contains(&format!("\nnot replaced: {path}: cannot ")),
        "{said:?}"
    );
    assert!(said.stderr.contains("not every token was replaced"), "{said:?}");
    assert_eq!(world.token("other"), kept);
    assert_eq!(daemon.credentials("/credentials/other", &kept).status, 200);
    assert_eq!(daemon.credentials("/credentials/plain", &replaced).status, 401);
    assert_eq!(
        daemon.credentials("/credentials/plain", &world.token("plain")).status,
        200
    );
    // The log tells, too.
    daemon.wait_until(|line| line.to_string().contains("not replaced: "));
}

#[test]
fn a_wrong_file_replaces_nothing() {
    let world = World::new(None);
    let _daemon = configured(&world, "");
    let token = world.token("plain");
    world.write("valetkey.toml", "[server");
    assert_eq!(ask(&world, ROTATE).code, 78);
    assert_eq!(world.token("plain"), token);
}

/// A process of another user gets what the list says, and a reload changes it.
#[test]
fn a_profile_may_be_for_certain_users() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can be somebody else.
    }
    let world = World::new(None);
    let with = |uids: &str| world.profile_without_mfa("plain") + &format!("allowed_uids = {uids}\n");
    let daemon = serve(&world, &with("[4711]"));
    daemon.wait_for_credentials("plain");
    let token = world.token("plain");
    let as_user = |uid: u32| {
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /credentials/plain HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\
             Authorization: {token}\\r\\n\\r\\n' >&3; head -c 12 <&3",
            port = daemon.credentials.port(),
        );
        let mut client = Command::new("/bin/bash");
        client.args(["-c", &script]).current_dir("/").uid(uid).gid(uid);
        String::from_utf8(client.output().unwrap().stdout).unwrap()
    };
    let told = || [4711, 4712].map(as_user);
    assert_eq!(told(), ["HTTP/1.1 200", "HTTP/1.1 403"]);
    assert_eq!(
        daemon.credentials("/credentials/plain", &token).status,
        403,
        "root is not in the list"
    );
    let series = "valetkey_http_rejected_total{listener=\"credentials\",reason=\"uid\"}";
    assert_eq!(metric(&daemon, series), "2");

    let mut command = valetkey(["sts", "get-caller-identity"]);
    command.envs([
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("http://{}/credentials/plain", daemon.credentials),
        ),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token.clone()),
        ("AWS_REGION", String::from("us-east-1")),
        ("AWS_ENDPOINT_URL_STS", world.emulator.access.url.clone()),
    ]);
    let (code, _, stderr) = finish(&mut command);
    assert!(
        code == 69 && stderr.contains("403: ") && stderr.contains("allowed_uids"),
        "{stderr}"
    );

    configure(&world, &with("[4712]"));
    let said = ask(&world, &["reload"]);
    assert_eq!(
        said.stdout,
        "profile plain: changed; what is served stays until its renewal\n"
    );
    assert_eq!(told(), ["HTTP/1.1 403", "HTTP/1.1 200"]);
}

#[test]
fn the_help_tells_what_becomes_of_old_tokens() {
    let (code, stdout, _) = finish(&mut valetkey(["reload", "--help"]));
    assert_eq!(code, 0);
    assert!(
        stdout.contains("--rotate-tokens") && stdout.contains("token_grace_seconds"),
        "{stdout}"
    );
}
