use chrono::TimeDelta;
use serde_json::{Value, json};
use valetkey::control::{ClockOffset, LastReload, State, StateDir};

use crate::operator::at;
use crate::scene::{Scene, run, valetkey};

const PAGE: &str = "\
valetkey 1.2.3 (abc), up 2 h 0 min, configured by /etc/valetkey/valetkey.toml
credentials on http://127.0.0.1:7411, ops on [::]:7412, control on /run/valetkey/control.sock; the host's clock: 1.5 s ahead of STS's

PROFILE  STATE      EXPIRATION                              RENEWAL       ISSUED         KIND     SOURCE         ACCOUNT       REQUIRED
ops      ready      2027-01-15 11:12:00 UTC, in 3 h 12 min  in 4 h 0 min  1 h 0 min ago  session  key directory  123456789012  yes
person   ready      2027-01-15 08:50:00 UTC, in 50 min      in 4 h 0 min  1 h 0 min ago  session  environment    123456789012  yes
deploy   obtaining  -                                       -             -              role     ops            -             no

Attention
  person: a code of arn:aws:iam::123456789012:mfa/person has been wanted for 10 min; run: valetkey mfa submit --profile person
  deploy: denied 45 s ago, 3 in a row: STS said AccessDenied; let the role trust this user
";

#[test]
fn a_person_sees_a_table_and_what_to_do() {
    let scene = Scene::new();
    let said = scene.run(&["status"], b"");
    // The command to type reaches the same daemon.
    let flag = format!(" --control-socket {}\n", scene.path().display());
    assert_eq!(said.stdout.replace(&flag, "\n"), PAGE);
    assert!(said.stdout.contains(&format!("--profile person{flag}")));
    assert_eq!((said.code, &*said.stderr), (0, ""));
}

#[test]
fn what_is_wrong_with_the_daemon_itself_needs_attention_too() {
    let scene = Scene::new();
    {
        let mut status = scene.fake.status.lock().unwrap();
        status.profiles.truncate(1);
        status.protections.no_core = false;
        status.protections.not_dumpable = false;
        status.clock_offset = None;
        status.configuration.last_reload = Some(LastReload {
            when: at(-60),
            successful: false,
            message: "v.toml:1:1: wrong\u{1b}[2J\n1 mistake in v.toml".into(),
        });
    }
    let said = scene.run(&["status"], b"");
    let (head, attention) = said.stdout.split_once("\nAttention\n").unwrap();
    assert!(head.contains("the host's clock: not held against STS's yet"), "{head}");
    let lines: Vec<_> = attention.lines().collect();
    assert_eq!(lines.len(), 5, "{attention}");
    assert_eq!(
        lines[..3],
        [
            "  the reload 1 min ago changed nothing:",
            "    v.toml:1:1: wrong?[2J",
            "    1 mistake in v.toml"
        ]
    );

    scene.fake.status.lock().unwrap().configuration.last_reload = None;
    scene.fake.status.lock().unwrap().protections.no_core = true;
    scene.fake.status.lock().unwrap().protections.not_dumpable = true;
    assert!(!scene.run(&["status"], b"").stdout.contains("Attention"));
}

#[test]
fn a_profile_that_waits_for_another_says_so_and_not_what_it_met_before() {
    let scene = Scene::new();
    scene.fake.status.lock().unwrap().profiles[2].waits_for = Some("the credentials of profile ops".into());
    let said = scene.run(&["status"], b"");
    let attention = said.stdout.split_once("\nAttention\n").unwrap().1;
    let of_deploy: Vec<_> = attention.lines().filter(|line| line.contains("deploy")).collect();
    assert_eq!(of_deploy, ["  deploy: waits for the credentials of profile ops"]);
}

#[test]
fn a_wrong_clock_and_lost_log_lines_need_attention() {
    let scene = Scene::new();
    let attention = |milliseconds, dropped| {
        let mut status = scene.fake.status.lock().unwrap();
        status.profiles.truncate(1);
        status.clock_offset = Some(ClockOffset(TimeDelta::milliseconds(milliseconds)));
        status.log_lines_dropped = dropped;
        drop(status);
        let page = scene.run(&["status"], b"").stdout;
        let attention = page.split_once("\nAttention\n");
        attention.map(|(_, lines)| lines.to_owned())
    };
    assert_eq!(attention(10_000, 0), None);
    assert_eq!(attention(-10_000, 0), None);
    let behind = "  the host's clock is 3600 s behind STS's, whose time is used; set it\n";
    assert_eq!(attention(3_600_000, 0).unwrap(), behind);
    let ahead = "  the host's clock is 11 s ahead of STS's, whose time is used; set it\n  log lines dropped: 7\n";
    assert_eq!(attention(-11_000, 7).unwrap(), ahead);
}

#[test]
fn what_is_kept_where_is_shown_and_what_is_in_the_way_needs_attention() {
    let scene = Scene::new();
    let page = |trouble: Option<&str>| {
        let mut status = scene.fake.status.lock().unwrap();
        status.profiles.truncate(1);
        status.state_dir = Some(StateDir {
            path: "/var/lib/valetkey".into(),
            failures: 3,
            trouble: trouble.map(str::to_owned),
        });
        drop(status);
        scene.run(&["status"], b"").stdout
    };
    let calm = page(None);
    assert!(
        calm.starts_with(
            "valetkey 1.2.3 (abc), up 2 h 0 min, configured by /etc/valetkey/valetkey.toml, state in /var/lib/valetkey\n"
        ),
        "{calm}"
    );
    assert!(!calm.contains("Attention"));
    let full = page(Some("/var/lib/valetkey: No space left on device"));
    let (_, attention) = full.split_once("\nAttention\n").unwrap();
    assert_eq!(
        attention,
        "  state_dir: /var/lib/valetkey: No space left on device; nothing is kept for the next start, and other daemons are not heard of\n"
    );
    let document: Value = serde_json::from_str(&scene.run(&["status", "--json"], b"").stdout).unwrap();
    assert_eq!(
        document["status"]["state_dir"],
        json!({"path": "/var/lib/valetkey", "failures": 3, "trouble": "/var/lib/valetkey: No space left on device"})
    );
}

#[test]
fn a_program_gets_the_answer_as_it_is() {
    let scene = Scene::new();
    let said = scene.run(&["status", "--json"], b"");
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&document["version"], &document["ok"]), (&1.into(), &true.into()));
    let status = &document["status"];
    assert_eq!(status["clock_offset_seconds"], -1.5);
    assert_eq!(status["profiles"][0]["expiration"], "2027-01-15T11:12:00Z");
    assert_eq!(status["profiles"][1]["mfa"]["accepted_from"], "2027-01-15T07:00:00Z");
    assert_eq!(
        (&status["log_lines_dropped"], &status["profiles"][2]["waits_for"]),
        (&0.into(), &Value::Null)
    );
    assert_eq!(status["profiles"][2]["source"], "source_profile");
    assert_eq!(status["profiles"][2]["last_error"]["result"], "denied");
    assert_eq!(status["profiles"][2]["account"], Value::Null);
}

#[test]
fn a_required_profile_without_credentials_is_a_no() {
    let scene = Scene::new();
    for (state, required, code) in [
        (State::Expired, true, 1),
        (State::CodeWanted, true, 1),
        (State::Obtaining, true, 1),
        (State::Expired, false, 0),
    ] {
        scene.fake.status.lock().unwrap().profiles[1].state = state;
        scene.fake.status.lock().unwrap().profiles[1].required = required;
        for args in [&["status"][..], &["status", "--json"]] {
            let said = scene.run(args, b"");
            assert_eq!(said.code, code, "{said:?}");
            assert!(!said.stdout.is_empty());
            let expected = "valetkey: not ready: no valid credentials for person\n";
            assert_eq!(said.stderr, if code == 1 { expected } else { "" });
        }
    }
}

#[test]
fn without_a_daemon_it_says_where_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = valetkey(&["status"]);
    command.env("RUNTIME_DIRECTORY", folder.path());
    let said = run(command, b"");
    assert_eq!(said.code, 69);
    let path = folder.path().join("control.sock").display().to_string();
    assert!(
        said.stderr.contains(&path) && said.stderr.contains("is the daemon running"),
        "{said:?}"
    );
    let said = run(valetkey(&["status"]), b"");
    assert_eq!(said.code, 64);
    assert!(said.stderr.contains("--control-socket"), "{said:?}");
    let said = run(valetkey(&["reload", "--config", "/missing.toml"]), b"");
    assert_eq!(said.code, 78);
    assert!(
        said.stderr.contains("name its socket with --control-socket"),
        "{said:?}"
    );
}
