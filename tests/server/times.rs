//! Bounds: how long, how many, and what a shutdown or a panic does to those who are connected.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use valetkey::clock::SystemClock;
use valetkey::server::Limits;

use crate::clock::ManualClock;
use crate::scene::{DOCUMENT, Scene, get};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off_after_five_seconds() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    scene.clock.armed(seconds(5)).await;
    peer.send("GET /credentials/ops HT").await;
    scene.clock.advance(Duration::from_millis(4_999));
    peer.send("TP/1.1\r\nHost: 1").await;
    scene.clock.advance(Duration::from_millis(1));
    assert!(peer.is_closed().await);
    scene.open_connections(0).await;
    assert_eq!(scene.rejected("credentials", "header_timeout"), 1);
}

#[tokio::test]
async fn a_connection_may_be_idle_for_thirty_seconds_and_its_next_head_take_five() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    scene.clock.armed(seconds(5)).await;
    peer.send(get("ops")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT);

    // The timer of the first head finds a connection that is idle since 0.
    scene.clock.advance(seconds(5));
    scene.clock.armed(seconds(30)).await;
    scene.clock.advance(seconds(24));
    peer.send(get("ops")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT, "at 29 s");

    scene.clock.advance(seconds(1));
    scene.clock.armed(seconds(59)).await;
    peer.send("GET /cred").await;
    scene.clock.armed(seconds(35)).await;
    scene.clock.advance(seconds(4));
    peer.send(get("ops").trim_start_matches("GET /cred")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT, "at 34 s");

    scene.clock.advance(seconds(1));
    scene.clock.armed(seconds(64)).await;
    scene.clock.advance(seconds(29));
    assert!(peer.is_closed().await);
    scene.open_connections(0).await;
    assert_eq!(
        scene.rejected("credentials", "header_timeout"),
        0,
        "closing an idle connection is no refusal"
    );
}

/// Two connections that are waited for one after the other: a slow machine only takes longer to see them end.
#[tokio::test]
async fn the_systems_clock_ends_them_too() {
    let limits = |header, idle| Limits {
        header,
        idle,
        ..Limits::CREDENTIALS
    };
    let brief = Duration::from_millis(20);
    let scene = |limits| Scene::with_clock(&["ops"], &[], limits, ManualClock::default(), Arc::new(SystemClock));

    let scene_of_heads = scene(limits(brief, seconds(30)));
    let mut drips = scene_of_heads.credentials.connect().await;
    drips.send("GET /cred").await;
    assert!(drips.is_closed().await);

    let scene_of_idlers = scene(limits(seconds(30), brief));
    let mut idle = scene_of_idlers.credentials.connect().await;
    idle.send(get("ops")).await;
    assert_eq!(idle.reply().await.unwrap().status, 503);
    assert!(idle.is_closed().await);
}

/// Peers that ask without end and take no reply are in nobody's way, have little done for them, and are cut off after ten seconds.
#[tokio::test]
async fn f16_slow_clients() {
    const PEERS: u32 = 20;
    // The timer of a longer limit is brought forward, which tells this test that the server noticed.
    let limits = Limits {
        header: seconds(30),
        ..Limits::CREDENTIALS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let requests = get("ops").repeat(100);
    let mut consumer = scene.credentials.connect().await;
    let mut slow = Vec::new();
    for number in 0..PEERS {
        let mut peer = scene.credentials.connect().await;
        let noticed = seconds(10) + Duration::from_millis(number.into());
        tokio::select! {
            () = async { loop { peer.send(&requests).await } } => {}
            () = scene.clock.armed(noticed) => {}
        }
        slow.push(peer);
        consumer.send(get("ops")).await;
        assert_eq!(consumer.reply().await.unwrap().body, DOCUMENT);
        scene.clock.advance(Duration::from_millis(1));
    }
    let served =
        scene.metric("valetkey_http_requests_total{code=\"200\",listener=\"credentials\",route=\"credentials\"}");
    assert!(served < u64::from(PEERS) * 200, "{served} replies that nobody takes");

    scene.clock.advance(seconds(10));
    scene.open_connections(1).await;
    assert_eq!(scene.rejected("credentials", "request_timeout"), u64::from(PEERS));
    consumer.send(get("ops")).await;
    assert_eq!(consumer.reply().await.unwrap().body, DOCUMENT);
}

#[tokio::test]
async fn shutdown_answers_who_has_begun_and_leaves_who_does_not_finish() {
    let limits = Limits {
        grace: seconds(2),
        ..Limits::CREDENTIALS
    };
    let mut scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let (mut begun, mut stuck) = (scene.credentials.connect().await, scene.credentials.connect().await);
    begun.send("GET /cred").await;
    stuck.send("GET /cred").await;
    // When these later requests have been answered, the earlier bytes have been read.
    let mut idle = scene.credentials.connect().await;
    for _ in 0..2 {
        idle.send(get("ops")).await;
        assert_eq!(idle.reply().await.unwrap().body, DOCUMENT);
    }

    // The kernel has connected this one, and nobody has accepted it yet.
    let mut come = std::net::TcpStream::connect(scene.credentials.address).unwrap();
    std::io::Write::write_all(&mut come, get("ops").as_bytes()).unwrap();
    scene.credentials.stop();
    let mut reply = String::new();
    let read = move || std::io::Read::read_to_string(&mut come, &mut reply).map(|_| reply);
    let reply = tokio::task::spawn_blocking(read).await.unwrap().unwrap();
    assert!(
        reply.starts_with("HTTP/1.1 200 ") && reply.ends_with(DOCUMENT),
        "{reply}"
    );
    assert!(idle.is_closed().await);
    begun.send(get("ops").trim_start_matches("GET /cred")).await;
    let reply = begun.reply().await.unwrap();
    assert_eq!(
        (reply.body.as_str(), reply.header("connection")),
        (DOCUMENT, Some("close"))
    );
    assert!(begun.is_closed().await);
    assert!(TcpStream::connect(scene.credentials.address).await.is_err());

    assert!(!scene.credentials.has_ended());
    scene.clock.advance(limits.grace);
    assert!(stuck.is_closed().await);
    assert_eq!(scene.rejected("credentials", "header_timeout"), 0);
    scene.credentials.ended().await;
}

#[tokio::test]
async fn a_panic_in_one_connection_is_counted_and_harms_no_other() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let (mut unlucky, mut other) = (scene.credentials.connect().await, scene.credentials.connect().await);
    scene.open_connections(2).await;
    scene.clock.broken(true);
    unlucky.send(get("ops")).await;
    assert!(unlucky.is_closed().await);
    scene.clock.broken(false);
    scene.open_connections(1).await;
    assert_eq!(scene.rejected("credentials", "panic"), 1);
    other.send(get("ops")).await;
    assert_eq!(other.reply().await.unwrap().body, DOCUMENT);
}
