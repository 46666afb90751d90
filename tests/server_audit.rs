//! What the log tells of credentials that were served. A process of its own: which lines are wanted is decided once for the
//! whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "server/clock.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod clock;
#[path = "server/scene.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod scene;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use scene::{Peer, Scene, get};
use serde_json::Value;
use tokio::runtime::Builder;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this process, in which each test looks for its own peers.
fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true);
        let lines = lines.with_writer(move || writer.clone()).finish();
        tracing::subscriber::set_global_default(lines).unwrap();
        log
    })
}

impl Log {
    /// The lines on this peer, so far.
    fn of(&self, peer: SocketAddr) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("canary") && !text.contains("token-"), "{text}");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["peer"] == peer.to_string()).collect()
    }

    /// The same, once there are so many.
    async fn wait(&self, peer: SocketAddr, wanted: usize) -> Vec<Value> {
        let written = async {
            while self.of(peer).len() < wanted {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(20), written).await;
        assert!(in_time.is_ok(), "no such line: {:?}", self.of(peer));
        self.of(peer)
    }
}

async fn ask(peer: &mut Peer, request: String) -> u16 {
    peer.send(request).await;
    peer.reply().await.unwrap().status
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[tokio::test]
async fn each_serving_is_a_line_with_its_profile_peer_and_key() {
    let log = log();
    let scene = Scene::audited(&["ops", "deploy"], &["ops", "deploy"]);
    let (mut one, mut other) = (scene.credentials.connect().await, scene.credentials.connect().await);
    for profile in ["ops", "deploy", "ops"] {
        assert_eq!(ask(&mut one, get(profile)).await, 200);
    }
    assert_eq!(ask(&mut other, get("deploy")).await, 200);

    let lines = log.wait(one.0.local_addr().unwrap(), 3).await;
    let profiles: Vec<_> = lines.iter().map(|line| line["profile"].as_str().unwrap()).collect();
    assert_eq!(profiles, ["ops", "deploy", "ops"]);
    let lines = log.wait(other.0.local_addr().unwrap(), 1).await;
    assert_eq!(lines.len(), 1);
    for (field, value) in [
        ("target", "valetkey::audit".into()),
        ("level", "INFO".into()),
        ("message", "credentials served".into()),
        ("profile", "deploy".into()),
        ("listener", "credentials".into()),
        ("session_key", "…MPLE".into()),
        ("uid", Value::from(own_uid())),
    ] {
        assert_eq!(lines[0][field], value, "{}", lines[0]);
    }
}

#[tokio::test]
async fn the_imds_form_is_audited_alike() {
    let log = log();
    let scene = Scene::audited(&["ops"], &["ops"]);
    let mut peer = scene.imds.connect().await;
    let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
    peer.send(format!(
        "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\n{ttl}\r\n\r\n"
    ))
    .await;
    let token = format!("X-aws-ec2-metadata-token: {}", peer.reply().await.unwrap().body);
    for path in ["", "ops"] {
        let path = format!("/latest/meta-data/iam/security-credentials/{path}");
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}\r\n\r\n");
        assert_eq!(ask(&mut peer, request).await, 200);
    }
    let lines = log.wait(peer.0.local_addr().unwrap(), 1).await;
    assert_eq!(lines.len(), 1, "the list of roles is no serving");
    assert_eq!(
        (&lines[0]["profile"], &lines[0]["session_key"], &lines[0]["listener"]),
        (&"ops".into(), &"…MPLE".into(), &"imds".into())
    );
}

#[tokio::test]
async fn what_is_refused_is_no_serving() {
    let log = log();
    let scene = Scene::audited(&["ops", "dead"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    assert_eq!(ask(&mut peer, get("dead")).await, 503);
    assert_eq!(ask(&mut peer, get("ops").replace("/ops", "/dead")).await, 404);
    assert_eq!(ask(&mut peer, get("ops")).await, 200);
    assert_eq!(ask(&mut peer, get("ops").replace("token", "wrong")).await, 401);
    let address = peer.0.local_addr().unwrap();
    assert_eq!(log.wait(address, 1).await.len(), 1);
}

#[tokio::test]
async fn nothing_is_told_unless_the_user_asks_for_it() {
    let log = log();
    let (silent, audited) = (Scene::new(&["ops"], &["ops"]), Scene::audited(&["ops"], &["ops"]));
    let (mut unheard, mut heard) = (silent.credentials.connect().await, audited.credentials.connect().await);
    assert_eq!(ask(&mut unheard, get("ops")).await, 200);
    assert_eq!(ask(&mut heard, get("ops")).await, 200);
    log.wait(heard.0.local_addr().unwrap(), 1).await;
    assert_eq!(log.of(unheard.0.local_addr().unwrap()), [] as [Value; 0]);
}

/// Asks, tells its port and the status line, and keeps the connection open until its standard input ends.
const CLIENT: &str = r#"
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /credentials/ops HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token-ops\r\n\r\n' >&3
head -c 15 <&3
head -c 1
"#;

#[tokio::test]
async fn another_users_uid_is_told() {
    if own_uid() != 0 {
        return; // Only root can be somebody else.
    }
    let log = log();
    let scene = Scene::audited(&["ops"], &["ops"]);
    let port = scene.credentials.address.port().to_string();
    let mut client = Command::new("/bin/bash");
    client
        .args(["-c", CLIENT, "client", &port])
        .current_dir("/")
        .uid(4711)
        .gid(4711);
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();

    let line = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            if let Some(line) = text.lines().find(|line| line.contains("\"uid\":4711")) {
                return line.to_owned();
            }
            tokio::task::yield_now().await;
        }
    });
    let line: Value = serde_json::from_str(&line.await.expect("no line of this user")).unwrap();
    assert_eq!(line["profile"], "ops");
    client.stdin.take();
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"HTTP/1.1 200 OK");
}

#[test]
fn a_line_waits_a_second_for_the_uid_and_a_reply_not_at_all() {
    let log = log();
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let scene = Scene::audited(&["ops"], &["ops"]);
        let (release, held) = std::sync::mpsc::channel::<()>();
        // The only thread that could look is busy.
        let busy = tokio::task::spawn_blocking(move || held.recv());
        let (mut one, mut other) = (scene.credentials.connect().await, scene.credentials.connect().await);
        let addresses = [&one, &other].map(|peer| peer.0.local_addr().unwrap());
        for _ in 0..3 {
            assert_eq!(ask(&mut one, get("ops")).await, 200);
        }
        assert_eq!(log.of(addresses[0]), [] as [Value; 0]);
        scene.clock.advance(Duration::from_secs(1));
        let lines = log.wait(addresses[0], 3).await;
        assert!(lines.iter().all(|line| line.get("uid").is_none()), "{lines:?}");

        drop(release);
        let _ = busy.await.unwrap();
        // The other connection is told of once it asks; by then, or soon, its UID has been found.
        let uid = async {
            loop {
                assert_eq!(ask(&mut other, get("ops")).await, 200);
                if log.of(addresses[1]).last().is_some_and(|line| line["uid"] == own_uid()) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), uid)
            .await
            .expect("the UID was never found");
    });
}
