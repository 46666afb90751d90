//! `allowed_uids`: whose processes may have a profile's credentials, whatever token they show.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::runtime::Builder;
use valetkey::clock::Clock;

use crate::scene::{DOCUMENT, Peer, Scene, Setup, access, get, plan};

const STRANGER: u32 = 4711;

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn scene(allowed_uids: &[u32]) -> Scene {
    let setup = Setup {
        allowed_uids: Some(allowed_uids.to_vec()),
        ..Setup::default()
    };
    Scene::set_up(&["ops"], &["ops"], &setup)
}

async fn ask(peer: &mut Peer, request: impl AsRef<[u8]>) -> (u16, String) {
    peer.send(request).await;
    let reply = peer.reply().await.unwrap();
    (reply.status, reply.body)
}

#[tokio::test]
async fn an_allowed_user_needs_the_token_all_the_same() {
    let scene = scene(&[STRANGER, own_uid()]);
    let mut peer = scene.credentials.connect().await;
    for _ in 0..2 {
        assert_eq!(ask(&mut peer, get("ops")).await, (200, DOCUMENT.to_owned()));
    }
    assert_eq!(ask(&mut peer, get("ops").replace("/ops", "/other")).await.0, 404);
    assert_eq!(ask(&mut peer, get("ops").replace("token-", "wrong-")).await.0, 401);
    assert_eq!(scene.rejected("credentials", "uid"), 0);
}

#[tokio::test]
async fn another_user_is_refused_with_the_token_and_learns_nothing_without() {
    let scene = scene(&[STRANGER]);
    for path in ["ops", "other"] {
        let mut peer = scene.credentials.connect().await;
        let request = get("ops").replace("/ops", &format!("/{path}"));
        let (status, body) = ask(&mut peer, request).await;
        assert_eq!(status, 403, "{path}");
        assert!(body.contains("allowed_uids") && !body.contains("4711"), "{body}");
        assert!(peer.is_closed().await);
    }
    assert_eq!(scene.rejected("credentials", "uid"), 2);
    for line in ["", "Authorization: wrong\r\n"] {
        let mut peer = scene.credentials.connect().await;
        let request = format!("GET /credentials/ops HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}\r\n");
        let (status, body) = ask(&mut peer, request).await;
        assert_eq!((status, body.contains("uid")), (401, false), "{line}");
    }
    assert_eq!(scene.rejected("credentials", "uid"), 2);
}

/// Asks, and tells the status line.
const CLIENT: &str = r#"
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /credentials/ops HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token-ops\r\n\r\n' >&3
head -c 12 <&3
"#;

/// The status that a process of this user gets.
async fn status_as(user: u32, scene: &Scene) -> String {
    let port = scene.credentials.address.port().to_string();
    let mut client = Command::new("/bin/bash");
    client.args(["-c", CLIENT, "client", &port]).current_dir("/");
    client.uid(user).gid(user).stdout(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || client.output().unwrap())
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn it_is_the_user_of_the_process_that_counts() {
    if own_uid() != 0 {
        return; // Only root can be somebody else.
    }
    for (allowed, status) in [
        (&[STRANGER][..], "200"),
        (&[0, 1, STRANGER + 1], "403"),
        (&[0, STRANGER], "200"),
    ] {
        let told = status_as(STRANGER, &scene(allowed)).await;
        assert_eq!(told, format!("HTTP/1.1 {status}"), "{allowed:?}");
    }
    // Without the list the token is enough.
    assert_eq!(
        status_as(STRANGER, &Scene::new(&["ops"], &["ops"])).await,
        "HTTP/1.1 200"
    );
}

#[tokio::test]
async fn a_reload_changes_it_for_the_next_request() {
    let scene = scene(&[own_uid()]);
    let mut peer = scene.credentials.connect().await;
    assert_eq!(ask(&mut peer, get("ops")).await.0, 200);
    let replace = |allowed: Option<&[u32]>| {
        let plan = plan(&["ops"], allowed);
        scene.consumers.replace(access(&plan), &scene.table, scene.clock.boot());
    };
    replace(Some(&[STRANGER]));
    assert_eq!(ask(&mut peer, get("ops")).await.0, 403);
    replace(None);
    let mut peer = scene.credentials.connect().await;
    assert_eq!(ask(&mut peer, get("ops")).await.0, 200);
    // Nobody asked the kernel about this connection; it may be closed already, so the next one is asked about.
    replace(Some(&[own_uid()]));
    assert_eq!(ask(&mut peer, get("ops")).await.0, 503);
    assert!(peer.is_closed().await);
    assert_eq!(ask(&mut scene.credentials.connect().await, get("ops")).await.0, 200);
    assert_eq!(scene.rejected("credentials", "uid"), 1);
}

#[test]
fn a_first_request_waits_a_second_for_the_uid_and_no_other_does() {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let scene = scene(&[own_uid()]);
        let (release, held) = std::sync::mpsc::channel::<()>();
        // The only thread that could ask is busy.
        let busy = tokio::task::spawn_blocking(move || held.recv());
        let mut unknown = scene.credentials.connect().await;
        assert_eq!(ask(&mut unknown, get("ops").replace("token-", "wrong-")).await.0, 401);
        let (mut one, mut other) = (scene.credentials.connect().await, scene.credentials.connect().await);
        one.send(get("ops")).await;
        scene.clock.advance(Duration::from_millis(999));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        scene.clock.advance(Duration::from_millis(1));
        // Not 403, after which an SDK gives up: who it is was not found out, and may be on another connection.
        assert_eq!(one.reply().await.unwrap().status, 503);
        assert_eq!(scene.rejected("credentials", "uid"), 0);

        other.send(get("ops")).await;
        assert_eq!(other.reply().await.unwrap().status, 503, "its second is over as well");
        let mut third = scene.credentials.connect().await;
        third.send(get("ops")).await;
        drop(release);
        let _ = busy.await.unwrap();
        assert_eq!(third.reply().await.unwrap().status, 200);
        assert_eq!(ask(&mut third, get("ops")).await.0, 200);
    });
}

const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds: 60";
const DOCUMENTS: &str = "/latest/meta-data/iam/security-credentials/";

async fn imds(scene: &Scene, method: &str, path: &str, header: &str) -> (u16, String) {
    let mut peer = scene.imds.connect().await;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n");
    ask(&mut peer, request).await
}

#[tokio::test]
async fn in_the_imds_form_it_is_the_only_lock() {
    let scene = scene(&[own_uid()]);
    let (status, token) = imds(&scene, "PUT", "/latest/api/token", TTL).await;
    assert_eq!(status, 200);
    let token = format!("X-aws-ec2-metadata-token: {token}");
    let document = format!("{DOCUMENTS}ops");
    assert_eq!(imds(&scene, "GET", &document, &token).await, (200, DOCUMENT.to_owned()));

    let plan = plan(&["ops"], Some(&[STRANGER]));
    scene.consumers.replace(access(&plan), &scene.table, scene.clock.boot());
    // After 403 for a token, SDKs would ask without one.
    let (status, body) = imds(&scene, "PUT", "/latest/api/token", TTL).await;
    assert_eq!(status, 400);
    assert!(body.contains("allowed_uids"), "{body}");
    // A token that somebody else was given opens nothing, whatever is asked for.
    for path in [&*document, DOCUMENTS, "/latest/meta-data/placement/region", "/latest/x"] {
        assert_eq!(imds(&scene, "GET", path, &token).await.0, 403, "{path}");
        assert_eq!(imds(&scene, "GET", path, "X: y").await.0, 401, "{path}");
    }
    assert_eq!(imds(&scene, "PUT", "/latest/api/token", "X: y").await.0, 400);
    assert_eq!(scene.rejected("imds", "uid"), 5);
}
