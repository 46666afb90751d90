//! The IMDSv2 form, turned on.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::common::{Daemon, Reply, World, finish, request};
use crate::scene::{ask, document, metric, server, status};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

fn configure(world: &World, lines: &str, profiles: &str) {
    let server = server(world).replace("[server]\n", &format!("[server]\n{lines}"));
    world.write("valetkey.toml", &(server + profiles));
}

fn token(daemon: &Daemon) -> String {
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", "21600")];
    let reply = request(daemon.imds.unwrap(), "PUT", "/latest/api/token", &ttl);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

fn get(daemon: &Daemon, path: &str, token: &str) -> Reply {
    let headers = [("X-aws-ec2-metadata-token", token)];
    request(daemon.imds.unwrap(), "GET", path, &headers)
}

#[test]
fn it_serves_one_profile_to_whoever_reaches_it_and_says_so() {
    let world = World::new(None);
    let profiles = world.profile_without_mfa("ops") + &world.profile_without_mfa("other");
    configure(
        &world,
        "imds = \"127.0.0.1:0\"\nimds_profile = \"ops\"\naudit = true\n",
        &profiles,
    );
    let daemon = world.serve();
    let warning = daemon.wait_for("whoever reaches the IMDS listener may have the credentials of this profile");
    assert_eq!(
        (&warning["level"], &warning["profile"]),
        (&"WARN".into(), &"ops".into())
    );
    daemon.wait_for_credentials("ops");

    let token = token(&daemon);
    assert_eq!(get(&daemon, ROLES, &token).body, "ops");
    let served = get(&daemon, &format!("{ROLES}ops"), &token);
    assert_eq!((served.status, served.json()), (200, document(&world, &daemon, "ops")));
    assert_eq!(get(&daemon, &format!("{ROLES}other"), &token).status, 404);
    assert_eq!(
        get(&daemon, "/latest/meta-data/placement/availability-zone", &token).body,
        "us-east-1a"
    );
    assert_eq!(get(&daemon, "/latest/meta-data/instance-id", &token).status, 404);
    let audited = daemon.wait_until(|line| line["message"] == "credentials served");
    assert_eq!(
        (&audited["target"], &audited["profile"]),
        (&"valetkey::audit".into(), &"ops".into())
    );
    assert!(!daemon.log().contains(&token));

    let listeners = status(&world)["listeners"].clone();
    assert_eq!(listeners["imds"], daemon.imds.unwrap().to_string());
    assert_eq!(listeners["imds_profile"], "ops");
    let page = ask(&world, &["status"]).stdout;
    let shown = format!("imds on {} (profile ops), ops on", daemon.imds.unwrap());
    assert!(page.contains(&shown), "{page}");
    let answered = "valetkey_http_requests_total{code=\"200\",listener=\"imds\",route=\"credentials\"}";
    assert_eq!(metric(&daemon, answered), "1");
}

#[test]
fn it_is_off_unless_it_is_asked_for() {
    let world = World::new(None);
    configure(&world, "", &world.profile_without_mfa("ops"));
    let daemon = world.serve();
    assert_eq!(daemon.imds, None);
    let listeners = status(&world)["listeners"].clone();
    assert_eq!(
        (listeners["imds"].is_null(), listeners["imds_profile"].is_null()),
        (true, true)
    );
    assert!(!ask(&world, &["status"]).stdout.contains("imds"));
    assert!(!daemon.log().contains("IMDS listener"));
}

#[test]
fn a_reload_that_removes_its_profile_leaves_an_instance_without_a_role() {
    let world = World::new(None);
    let (ops, other) = (world.profile_without_mfa("ops"), world.profile_without_mfa("other"));
    let on = "imds = \"127.0.0.1:0\"\nimds_profile = \"ops\"\n";
    configure(&world, on, &format!("{ops}{other}"));
    let daemon = world.serve();
    for profile in ["ops", "other"] {
        daemon.wait_for_credentials(profile);
    }
    let token = token(&daemon);
    assert_eq!(get(&daemon, &format!("{ROLES}ops"), &token).status, 200);

    // As it stands in the file the profile is needed.
    configure(&world, on, &other);
    let refused = ask(&world, &["reload"]);
    assert!(
        refused
            .stderr
            .contains("server.imds_profile: names none of the profiles"),
        "{refused:?}"
    );
    assert_eq!((refused.code, get(&daemon, ROLES, &token).status), (78, 200));

    configure(&world, "", &other);
    let lines = [
        "profile ops: removed",
        "profile ops: imds served it, and answers as an instance without a role until it is there again",
        "[server] imds: differs, and needs a restart",
        "",
    ];
    assert_eq!(ask(&world, &["reload"]).stdout, lines.join("\n"));
    for path in [ROLES, &format!("{ROLES}ops"), &format!("{ROLES}other")] {
        assert_eq!(get(&daemon, path, &token).status, 404, "{path}");
    }

    configure(&world, on, &format!("{ops}{other}"));
    assert_eq!(ask(&world, &["reload"]).stdout, "profile ops: added\n");
    daemon.wait_for_credentials("ops");
    assert_eq!(get(&daemon, &format!("{ROLES}ops"), &token).status, 200);

    // Whoever turns it off is told that it is still on.
    configure(&world, "", &format!("{ops}{other}"));
    let lines = [
        "imds: until a restart profile ops is served on to whoever reaches 127.0.0.1:0",
        "[server] imds: differs, and needs a restart",
        "",
    ];
    assert_eq!(ask(&world, &["reload"]).stdout, lines.join("\n"));
    let moved = ops.replace("us-east-1", "us-west-2");
    configure(&world, on, &format!("{moved}{other}"));
    let lines = [
        "profile ops: changed; what was served is withdrawn, and credentials are obtained anew",
        "imds: until a restart us-east-1 is told as the region of the instance",
        "",
    ];
    assert_eq!(ask(&world, &["reload"]).stdout, lines.join("\n"));
}

#[test]
fn a_reload_says_what_needs_a_restart() {
    let world = World::new(None);
    let (ops, other) = (world.profile_without_mfa("ops"), world.profile_without_mfa("other"));
    let profiles = ops + &other;
    configure(&world, "imds = \"127.0.0.1:0\"\nimds_profile = \"ops\"\n", &profiles);
    let daemon = world.serve();
    daemon.wait_for_credentials("ops");
    let lines = "imds = \"127.0.0.1:1\"\nimds_profile = \"other\"\nimds_hop_limit = 2\n\
                 imds_availability_zone = \"us-east-1b\"\nimds_instance_id = \"i-0123456789abcdef0\"\n\
                 imds_instance_profile_arn = \"arn:aws:iam::123456789012:instance-profile/ops\"\n";
    configure(&world, lines, &profiles);
    let keys = [
        "imds",
        "imds_profile",
        "imds_hop_limit",
        "imds_availability_zone",
        "imds_instance_id",
        "imds_instance_profile_arn",
    ];
    let said = ask(&world, &["reload"]);
    let expected: Vec<_> = keys
        .iter()
        .map(|key| format!("[server] {key}: differs, and needs a restart\n"))
        .collect();
    assert_eq!((said.code, said.stdout), (0, expected.concat()));
    assert_eq!(get(&daemon, ROLES, &token(&daemon)).body, "ops", "what holds stays");
}

#[test]
fn flags_turn_it_on_and_its_address_must_be_free() {
    let world = World::new(None);
    let mut command = world.command();
    let daemon = Daemon::start({
        command.args(["--imds", "127.0.0.1:0", "--imds-profile", "plain"]);
        command
    });
    daemon.wait_for_credentials("plain");
    assert_eq!(get(&daemon, ROLES, &token(&daemon)).body, "plain");
    drop(daemon);

    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let mut command = world.command();
    command.args(["--imds", &address, "--imds-profile", "plain"]);
    let (code, _, stderr) = finish(&mut command);
    assert_eq!(code, 69);
    let expected = format!("[server] imds: {address} cannot be bound");
    assert!(stderr.contains(&expected), "{stderr}");
}

/// A table of them would take megabytes.
#[test]
fn tokens_take_no_memory() {
    const BATCH: usize = 200;
    let world = World::new(None);
    configure(&world, "imds = \"127.0.0.1:0\"\n", &world.profile_without_mfa("ops"));
    let daemon = world.serve();
    daemon.wait_for_credentials("ops");
    let first = token(&daemon);
    let mut stream = TcpStream::connect(daemon.imds.unwrap()).unwrap();
    let one =
        "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n";
    // Of the same length, but for what the clock says.
    let mut length = 0;
    let mut ask = |batches| {
        for _ in 0..batches {
            stream.write_all(one.repeat(BATCH).as_bytes()).unwrap();
            if length == 0 {
                length = reply_length(&mut stream);
                stream.read_exact(&mut vec![0; length * (BATCH - 1)]).unwrap();
            } else {
                stream.read_exact(&mut vec![0; length * BATCH]).unwrap();
            }
        }
    };
    ask(25);
    let before = resident_kilobytes(&daemon);
    ask(150);
    let grown = resident_kilobytes(&daemon).saturating_sub(before);
    assert!(grown < 1_024, "30,000 tokens took {grown} kB");
    let asked = "valetkey_http_requests_total{code=\"200\",listener=\"imds\",route=\"token\"}";
    assert_eq!(metric(&daemon, asked), "35001");
    assert_eq!(get(&daemon, ROLES, &first).status, 200);
}

/// Reads one reply.
fn reply_length(stream: &mut TcpStream) -> usize {
    let mut reply = Vec::new();
    while !reply.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        reply.extend(byte);
    }
    let head = String::from_utf8(reply).unwrap();
    let body = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = body.unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; body]).unwrap();
    head.len() + body
}

fn resident_kilobytes(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

/// What another start sealed opens nothing.
#[test]
fn a_restart_makes_every_token_worthless() {
    let world = World::new(None);
    configure(&world, "imds = \"127.0.0.1:0\"\n", &world.profile_without_mfa("ops"));
    let daemon = world.serve();
    let before = token(&daemon);
    assert_eq!(get(&daemon, ROLES, &before).status, 200);
    drop(daemon);
    let daemon = world.serve();
    assert_eq!(get(&daemon, ROLES, &before).status, 401);
    assert_eq!(get(&daemon, ROLES, &token(&daemon)).status, 200);
}
