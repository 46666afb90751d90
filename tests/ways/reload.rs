//! Another configuration for a daemon that runs.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use valetkey::emulator::{Faults, Instead};

use crate::common::{World, eventually, show, valetkey};
use crate::scene::{Said, ask, configure, document, metric, person, say, serve, server, status, status_of};

const LAST: &str = "valetkey_config_last_reload_successful";

fn reload(world: &World, profiles: &str) -> Said {
    configure(world, profiles);
    ask(world, &["reload"])
}

#[test]
fn profiles_come_change_and_go_and_the_others_do_not_notice() {
    let world = World::new(None);
    let [kept, changed, adjusted, removed] =
        ["kept", "changed", "adjusted", "removed"].map(|name| world.profile_without_mfa(name));
    let daemon = serve(&world, &[&*kept, &changed, &adjusted, &removed].concat());
    for name in ["kept", "changed", "adjusted", "removed"] {
        daemon.wait_for_credentials(name);
    }
    let tokens = ["kept", "changed", "adjusted", "removed"].map(|name| world.token(name));
    let before = ["kept", "changed", "adjusted"].map(|name| document(&world, &daemon, name));

    let role = &world.emulator.access.role_arn;
    let profiles = [
        &*world.profile_without_mfa("added"),
        &kept,
        &changed,
        &format!("role_arn = \"{role}\"\n"),
        &adjusted,
        "duration_seconds = 7200\nrequired = false\n",
    ];
    let said = reload(&world, &profiles.concat());
    assert_eq!(said.code, 0, "{said:?}");
    let lines = [
        "profile added: added",
        "profile changed: changed; what was served is withdrawn, and credentials are obtained anew",
        "profile adjusted: changed; what is served stays until its renewal",
        "profile removed: removed",
        "",
    ];
    assert_eq!(said.stdout, lines.join("\n"));

    assert_eq!(daemon.credentials("/credentials/removed", &tokens[3]).status, 401);
    for name in ["added", "changed"] {
        daemon.wait_for_credentials(name);
        document(&world, &daemon, name);
    }
    assert_eq!(document(&world, &daemon, "kept"), before[0]);
    assert_eq!(document(&world, &daemon, "adjusted"), before[2]);
    let after = document(&world, &daemon, "changed");
    assert_ne!(before[1]["AccessKeyId"], after["AccessKeyId"]);
    assert_eq!(
        tokens[..3],
        ["kept", "changed", "adjusted"].map(|name| world.token(name))
    );
    let status = status_of(&world, "adjusted");
    assert_eq!(status["required"], false);
    let page = daemon.ops("/metrics").body;
    assert!(!page.contains("\"removed\""), "{page}");
    assert_eq!((metric(&daemon, LAST), daemon.ops("/readyz").status), ("1".into(), 200));
    // Back again, the consumers of old need no other token.
    reload(&world, &[&*kept, &removed].concat());
    daemon.wait_for_credentials("removed");
    assert_eq!(daemon.credentials("/credentials/removed", &tokens[3]).status, 200);
    assert_eq!(
        daemon.credentials("/credentials/added", &world.token("kept")).status,
        404
    );
}

#[test]
fn a_signal_reloads_too_and_is_told_in_the_log() {
    let world = World::new(None);
    let plain = world.profile_without_mfa("plain");
    let daemon = serve(&world, &plain);
    daemon.wait_for_credentials("plain");
    daemon.signal("-HUP");
    daemon.wait_for("the configuration was reloaded: nothing differs from what is in force");
    configure(&world, &(plain.clone() + &world.profile_without_mfa("added")));
    daemon.signal("-HUP");
    daemon.wait_for("the configuration was reloaded: profile added: added");
    daemon.wait_for_credentials("added");
    document(&world, &daemon, "added");
    world.write("valetkey.toml", "[server");
    daemon.signal("-HUP");
    let line = daemon.wait_for("the configuration was not reloaded, and nothing has changed: ");
    assert_eq!(line["level"], "ERROR");
    // A record is a line, also where mistakes are several.
    let message = line["message"].as_str().unwrap();
    assert!(!message.contains('\n') && message.contains("; 1 mistake in "), "{line}");
    document(&world, &daemon, "added");
    for (result, count) in [("success", "2"), ("failed", "1")] {
        let series = format!("valetkey_config_reloads_total{{result=\"{result}\"}}");
        assert_eq!(metric(&daemon, &series), count, "{result}");
    }
}

#[test]
fn a_wrong_file_changes_nothing_and_says_why() {
    let world = World::new(None);
    let plain = world.profile_without_mfa("plain");
    let daemon = serve(&world, &plain);
    daemon.wait_for_credentials("plain");
    let before = document(&world, &daemon, "plain");
    let folder = show(world.folder.path());
    let no_key = world.profile_without_mfa("new").replace("/key\"", "/no-key\"");
    for (profiles, told) in [
        (
            "[profile.plain]\nregoin = \"us-east-1\"\n".to_owned(),
            "did you mean `region`",
        ),
        (no_key.clone(), "profile new: long-term key: /no-key"),
        (String::new(), "profile"),
    ] {
        let said = reload(&world, &profiles);
        assert_eq!((said.code, &*said.stdout), (78, ""), "{profiles}");
        assert!(said.stderr.replace(&folder, "").contains(told), "{said:?}");
        assert_eq!(metric(&daemon, LAST), "0");
        assert_eq!(document(&world, &daemon, "plain"), before);
        assert!(!world.path("tokens/new").exists());
        assert_eq!(status(&world)["configuration"]["last_reload"]["successful"], false);
        let page = ask(&world, &["status"]);
        assert!(
            page.stdout.contains("changed nothing:\n    ") && page.code == 0,
            "{page:?}"
        );
    }
    assert_eq!(reload(&world, &plain).code, 0);
    assert_eq!(metric(&daemon, LAST), "1");
    // Found by that very file, the daemon hears of it all the same.
    configure(&world, "[profile.plain]\nregoin = \"us-east-1\"\n");
    let by_file = valetkey(["reload", "--config", &show(&world.path("valetkey.toml"))]);
    let said = say(by_file, "");
    assert!(
        said.code == 78 && said.stderr.contains("did you mean `region`"),
        "{said:?}"
    );
    assert_eq!(metric(&daemon, LAST), "0");
    assert_eq!(reload(&world, &plain).code, 0);
    assert!(!ask(&world, &["status"]).stdout.contains("Attention"));
}

#[test]
fn what_only_a_restart_can_change_is_said_and_the_rest_is_done() {
    let world = World::new(None);
    let plain = world.profile_without_mfa("plain");
    let daemon = serve(&world, &plain);
    daemon.wait_for_credentials("plain");
    let elsewhere = server(&world)
        .replacen("127.0.0.1:0", "127.0.0.1:1", 1)
        .replace("/tokens\"", "/elsewhere\"")
        + "token_mode = \"0640\"\naudit = true\n";
    world.write(
        "valetkey.toml",
        &(elsewhere + &plain + &world.profile_without_mfa("added")),
    );
    let said = ask(&world, &["reload"]);
    let keys = ["credentials", "token_dir", "token_mode", "audit"];
    let keys = keys.map(|key| format!("[server] {key}: differs, and needs a restart\n"));
    let keys = keys.concat();
    assert_eq!((said.code, said.stdout), (0, format!("profile added: added\n{keys}")));
    daemon.wait_for_credentials("added");
    document(&world, &daemon, "added");
    assert!(!world.path("elsewhere").exists());
}

#[test]
fn a_wanted_code_is_not_wanted_any_more_where_the_profile_makes_its_own() {
    let world = World::new(None);
    let daemon = serve(&world, &person(&world, "ops"));
    daemon.wait_for("an MFA code is wanted");
    world
        .emulator
        .handle
        .set_faults(Faults::instead(Instead::ServiceUnavailable));
    let said = reload(&world, &world.profile("ops"));
    assert_eq!(said.code, 0, "{said:?}");
    daemon.wait_for("credentials not obtained");
    assert_eq!(metric(&daemon, "valetkey_mfa_code_wanted{profile=\"ops\"}"), "0");
    let body = daemon.credentials("/credentials/ops", &world.token("ops")).body;
    assert!(
        body.contains("ServiceUnavailable") && !body.contains("mfa submit"),
        "{body}"
    );
    assert_eq!(status_of(&world, "ops")["state"], "obtaining");
}

#[test]
fn a_device_changes_hands() {
    let world = World::new(None);
    let daemon = serve(&world, &world.profile("ops"));
    daemon.wait_for_credentials("ops");
    let before = document(&world, &daemon, "ops");
    let said = reload(&world, &person(&world, "ops"));
    assert_eq!(
        said.stdout,
        "profile ops: changed; what is served stays until its renewal\n"
    );
    assert_eq!(document(&world, &daemon, "ops"), before);
    let status = status_of(&world, "ops");
    assert_eq!(
        (&status["mfa"]["push"], &status["code_wanted"]),
        (&true.into(), &serde_json::Value::Null)
    );
}

#[test]
fn consumers_of_what_stays_see_nothing_of_fifty_reloads() {
    let world = World::new(None);
    let stays = world.profile_without_mfa("stays");
    let daemon = serve(&world, &stays);
    daemon.wait_for_credentials("stays");
    let token = world.token("stays");
    let first = daemon.credentials("/credentials/stays", &token).body;
    let (address, ended, asked) = (daemon.credentials, AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let reply = crate::common::get(address, "/credentials/stays", &[("Authorization", &token)]);
                    assert_eq!((reply.status, &reply.body), (200, &first));
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..50 {
            let others = [
                String::new(),
                world.profile_without_mfa("comes") + "required = false\n",
                world.profile_without_mfa("comes") + &world.profile_without_mfa("before"),
            ];
            // Its place in the file changes too.
            let others = &others[round % 3];
            let said = reload(
                &world,
                &if round % 2 == 0 {
                    stays.clone() + others
                } else {
                    others.clone() + &stays
                },
            );
            assert_eq!(said.code, 0, "{said:?}");
        }
        ended.store(true, Ordering::Relaxed);
    });
    let asked = asked.into_inner();
    assert!(asked > 50, "{asked} requests show nothing");
    assert_eq!(
        metric(&daemon, "valetkey_config_reloads_total{result=\"success\"}"),
        "50"
    );
    assert_eq!(
        eventually(|| fs::read_to_string(world.path("tokens/stays/token")).ok()),
        token
    );
}
