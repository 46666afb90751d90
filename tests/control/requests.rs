use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::fmt;
use valetkey::control::{NotReloaded, Reloaded};
use valetkey::mfa::steps::Choice;
use valetkey::renew::{Reason, Refused, Reservation};

use crate::operator::{CODE, at};
use crate::scene::{STATUS, Scene, submit};

#[tokio::test]
async fn the_four_commands_are_carried_out() {
    let scene = Scene::new().await;
    let reply = scene.ask(STATUS).await;
    assert_eq!(reply["ok"], true);
    assert_eq!(reply["status"]["profiles"][0]["name"], "ops");
    assert_eq!(reply["status"]["ready"], true);

    let reply = scene.ask(submit("ops", CODE)).await;
    assert_eq!((&reply["ok"], &reply["profile"]), (&true.into(), &"ops".into()));
    assert_eq!(reply["expiration"], "2027-01-15T20:00:00Z");
    let reply = scene.ask(submit("ops", "000000")).await;
    assert_eq!((&reply["ok"], &reply["reason"]), (&false.into(), &"rejected".into()));

    let reserve = "{\"version\":1,\"command\":\"mfa_reserve\",\"serial\":\"GAHT12345678\"}\n";
    let reply = scene.ask(reserve).await;
    let expected = json!({"version": 1, "ok": true, "step": 60_000_000, "clock_offset_milliseconds": -1500});
    assert_eq!(reply, expected);
    *scene.fake.reservation.lock().unwrap() = Ok(Reservation {
        choice: Choice::Wait(at(30)),
        clock_offset: TimeDelta::zero(),
    });
    let reply = scene.ask(reserve).await;
    assert_eq!(reply["not_before"], "2027-01-15T08:00:30Z");
    *scene.fake.reservation.lock().unwrap() = Err(Refused {
        reason: Reason::Busy,
        message: "a code is being tried".into(),
    });
    let reply = scene.ask(reserve).await;
    assert_eq!((&reply["ok"], &reply["reason"]), (&false.into(), &"busy".into()));

    let reload = "{\"version\":1,\"command\":\"reload\"}\n";
    *scene.fake.reload.lock().unwrap() = Ok(Reloaded {
        changed: vec!["profile x: added".into()],
        needs_restart: vec!["[server] ops".into()],
        rotated: None,
    });
    let reply = scene.ask(reload).await;
    assert_eq!(reply["changed"][0], "profile x: added");
    assert_eq!(reply["needs_restart"][0], "[server] ops");
    *scene.fake.reload.lock().unwrap() = Err(NotReloaded::Mistakes("two\nmistakes".into()));
    let reply = scene.ask(reload).await;
    assert_eq!(
        (&reply["reason"], &reply["message"]),
        (&"configuration".into(), &"two\nmistakes".into())
    );
}

#[tokio::test]
async fn what_is_no_request_is_told_why() {
    let scene = Scene::new().await;
    for (request, said) in [
        ("\n", "JSON"),
        ("GET / HTTP/1.1\r\n", "JSON"),
        ("{\"version\":1,\"command\":\"status\"}\n\n", "one request"),
        (
            "{\"version\":1,\"command\":\"status\"}\n{\"version\":1,\"command\":\"status\"}\n",
            "one request",
        ),
        ("{\"version\":7,\"command\":\"status\"}\n", "`version` must be 1"),
        ("{\"version\":1,\"command\":\"stop\"}\n", "`command` must be"),
    ] {
        let reply = scene.ask(request).await;
        assert_eq!(reply["ok"], false, "{request}");
        assert!(reply["message"].as_str().unwrap().contains(said), "{request}: {reply}");
    }
    let reply = scene.ask(b"\xff\xfe\n").await;
    assert!(reply["message"].as_str().unwrap().contains("UTF-8"), "{reply}");

    // Cut off: even whole JSON is not a whole line.
    for request in ["{\"version\":1,", "{\"version\":1,\"command\":\"reload\"}"] {
        let mut peer = scene.connect().await;
        peer.send(request).await;
        tokio::io::AsyncWriteExt::shutdown(&mut peer.0).await.unwrap();
        let reply = peer.reply().await.unwrap();
        assert!(
            reply["message"].as_str().unwrap().contains("without a line feed"),
            "{reply}"
        );
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_code_is_in_no_reply_and_no_log_line_wherever_it_stands() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "requests::codes_everywhere"])
        .env("CODES_CHILD", "1");
    let child = child.output().unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}

/// Not a test of its own: the other half of the one above, in a process whose log nobody else writes.
#[tokio::test]
async fn codes_everywhere() {
    if std::env::var_os("CODES_CHILD").is_none() {
        return;
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = fmt().with_max_level(Level::TRACE).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let scene = Scene::new().await;
    for request in [
        submit("ops", CODE),
        submit("nobody", CODE),
        submit(CODE, CODE),
        submit("panic", CODE),
        submit("ops", &format!("{CODE}7")),
        format!("{CODE}\n"),
        format!("{{\"version\":1,\"command\":\"{CODE}\"}}\n"),
        format!("{{\"version\":{CODE},\"command\":\"status\"}}\n"),
        format!("{{\"version\":1,\"command\":\"status\",\"{CODE}\":1}}\n"),
        format!("{{\"version\":1,\"command\":\"mfa_submit\",\"code\":{CODE}}}\n"),
    ] {
        let mut peer = scene.connect().await;
        peer.send(&request).await;
        let reply = peer.reply().await.unwrap_or_default().to_string();
        assert!(!reply.contains(CODE), "{request}: {reply}");
    }
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains(CODE), "{log}");
    // Whoever takes it tells of it.
    let submissions: Vec<_> = log.lines().filter(|line| line.contains("an MFA code came")).collect();
    assert_eq!(submissions.len(), 4, "{log}");
    assert!(submissions.iter().all(|line| line.contains("DEBUG")), "{log}");
    assert_eq!(log.matches("refused").count(), 6, "{log}");
    assert!(log.contains("a connection panicked"), "{log}");
}
