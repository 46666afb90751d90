//! A listener that is full: who makes room, and who is refused.

use std::time::Duration;

use valetkey::server::Limits;

use crate::scene::{DOCUMENT, Peer, Scene, get};

const PROBE: &str = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
const PUT: &str =
    "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";

async fn is_served(peer: &mut Peer, request: &str) -> bool {
    peer.send(request).await;
    peer.reply().await.is_some_and(|reply| reply.status == 200)
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_probe_out() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut held = Vec::new();
    for _ in 0..Limits::OPS.connections {
        let mut peer = scene.ops.connect().await;
        assert!(is_served(&mut peer, PROBE).await);
        held.push(peer);
        scene.clock.advance(Duration::from_millis(1));
    }
    // The first one is in use again: the second has now been idle the longest.
    assert!(is_served(&mut held[0], PROBE).await);

    assert!(is_served(&mut scene.ops.connect().await, PROBE).await);
    assert!(held[1].is_closed().await);
    assert_eq!(scene.rejected("ops", "connections"), 1);
    for kept in [0, 2, 63] {
        assert!(is_served(&mut held[kept], PROBE).await, "{kept}");
    }
}

/// All places of the ops listener, taken one after the other by peers that send this.
async fn fill_ops(scene: &Scene, request: &str) -> Vec<Peer> {
    let mut held = Vec::new();
    for _ in 0..Limits::OPS.connections {
        let mut peer = scene.ops.connect().await;
        peer.send(request).await;
        held.push(peer);
        scene.clock.advance(Duration::from_millis(1));
    }
    for _ in 0..2 {
        // What the held ones sent has been read when others that came later have their replies.
        assert!(is_served(&mut scene.credentials.connect().await, &get("ops")).await);
    }
    held
}

/// A byte on each connection would otherwise shut the probes out, five seconds a byte.
#[tokio::test]
async fn heads_that_never_end_do_not_keep_a_probe_out() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut held = fill_ops(&scene, "GET /li").await;
    for nth in 0..3 {
        assert!(is_served(&mut scene.ops.connect().await, PROBE).await, "{nth}");
    }
    assert!(held[0].is_closed().await, "the slowest");
    assert!(
        is_served(&mut held[63], "vez HTTP/1.1\r\nHost: x\r\n\r\n").await,
        "the quickest"
    );
}

/// Pages that are asked for by the dozen and not read would otherwise shut the probes out, ten seconds a page.
#[tokio::test]
async fn replies_that_nobody_takes_do_not_keep_a_probe_out() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let _held = fill_ops(&scene, &"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)).await;
    for nth in 0..3 {
        assert!(is_served(&mut scene.ops.connect().await, PROBE).await, "{nth}");
    }
}

#[tokio::test]
async fn whoever_showed_no_token_makes_room_for_a_consumer() {
    let limits = Limits {
        connections: 3,
        ..Limits::CREDENTIALS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let (mut first, mut silent) = (scene.credentials.connect().await, scene.credentials.connect().await);
    assert!(is_served(&mut first, &get("ops")).await);
    let mut begun = scene.credentials.connect().await;
    begun.send("GET /cred").await;
    scene.open_connections(3).await;

    let (mut second, mut third) = (scene.credentials.connect().await, scene.credentials.connect().await);
    for consumer in [&mut second, &mut third] {
        consumer.send(get("ops")).await;
        assert_eq!(consumer.reply().await.unwrap().body, DOCUMENT);
    }
    assert!(silent.is_closed().await && begun.is_closed().await);
    assert_eq!(scene.rejected("credentials", "connections"), 2);

    // All others showed a token.
    for (request, status) in [
        (get("ops"), 503),
        (get("ops").replace("token", "wrong"), 401),
        (get("ops").replace("/ops", "/x"), 503),
    ] {
        let mut standing = scene.credentials.connect().await;
        standing.send(request).await;
        let reply = standing.reply().await.unwrap();
        let retry_after = (status == 503).then_some("1");
        assert_eq!((reply.status, reply.header("retry-after")), (status, retry_after));
        assert!(!reply.body.contains("canary") && standing.is_closed().await, "{status}");
    }
    assert_eq!(scene.rejected("credentials", "connections"), 5);
    for consumer in [&mut first, &mut second, &mut third] {
        assert!(is_served(consumer, &get("ops")).await);
    }
    drop(first);
    scene.open_connections(2).await;
    assert!(is_served(&mut scene.credentials.connect().await, &get("ops")).await);
}

#[tokio::test]
async fn whoever_stands_without_asking_keeps_nobody_from_his_answer() {
    let limits = Limits {
        connections: 1,
        standing: 2,
        ..Limits::CREDENTIALS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let mut seated = scene.credentials.connect().await;
    assert!(is_served(&mut seated, &get("ops")).await);
    let (mut first, mut second) = (scene.credentials.connect().await, scene.credentials.connect().await);
    scene.open_connections(3).await;

    let mut third = scene.credentials.connect().await;
    third.send(get("ops")).await;
    assert_eq!(third.reply().await.unwrap().status, 503);
    assert!(first.is_closed().await, "the oldest");
    second.send(get("ops")).await;
    assert_eq!(second.reply().await.unwrap().status, 503);
    assert!(is_served(&mut seated, &get("ops")).await);
}

/// Where everybody gets a token, whoever is slow to ask makes room, too: otherwise a byte on each connection would shut it.
#[tokio::test]
async fn heads_that_never_end_do_not_keep_a_consumer_out_of_the_imds_form() {
    let limits = Limits {
        connections: 3,
        ..Limits::CREDENTIALS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut peer = scene.imds.connect().await;
        peer.send("P").await;
        held.push(peer);
        scene.clock.advance(Duration::from_millis(1));
    }
    for _ in 0..2 {
        // What the held ones sent has been read when others that came later have their replies.
        assert!(is_served(&mut scene.credentials.connect().await, &get("ops")).await);
    }
    assert!(is_served(&mut scene.imds.connect().await, PUT).await);
    assert!(held[0].is_closed().await);
    assert_eq!(scene.rejected("imds", "connections"), 1);
}

/// Who asks all the time, and who has just come, are not the ones to be closed for slow heads.
#[tokio::test]
async fn slow_heads_close_one_another_before_anybody_else() {
    let limits = Limits {
        connections: 4,
        ..Limits::CREDENTIALS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let mut heads = Vec::new();
    for _ in 0..2 {
        let mut head = scene.imds.connect().await;
        head.send("P").await;
        heads.push(head);
        scene.open_connections_of("imds", heads.len() as u64).await;
        scene.clock.advance(Duration::from_millis(1));
    }
    let mut kept = scene.imds.connect().await;
    assert!(is_served(&mut kept, PUT).await);
    scene.clock.advance(Duration::from_millis(1));
    let mut comes = scene.imds.connect().await;
    scene.open_connections_of("imds", 4).await;
    scene.clock.advance(Duration::from_millis(1));

    let mut others = [scene.imds.connect().await, scene.imds.connect().await];
    for head in &mut heads {
        assert!(head.is_closed().await);
    }
    assert_eq!(scene.rejected("imds", "connections"), 2);
    for peer in others.iter_mut().chain([&mut kept, &mut comes]) {
        assert!(is_served(peer, PUT).await);
    }
}
