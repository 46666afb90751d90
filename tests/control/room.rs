use tokio::task::JoinSet;

use crate::operator::CODE;
use crate::scene::{Peer, STATUS, Scene, submit, until};

#[tokio::test]
async fn the_17th_connection_is_told_so_and_room_comes_back() {
    let scene = Scene::new().await;
    let mut peers = Vec::new();
    for _ in 0..16 {
        peers.push(scene.connect().await);
    }
    let reply = scene.connect().await.reply().await.unwrap();
    assert_eq!(reply["reason"], "too_many_connections");
    peers.pop();
    // Until the server has seen that one end.
    loop {
        let mut peer = scene.connect().await;
        peer.send(STATUS).await;
        if peer.reply().await.unwrap()["ok"] == true {
            break;
        }
    }
    for mut peer in peers {
        peer.send(STATUS).await;
        assert_eq!(peer.reply().await.unwrap()["ok"], true);
    }
}

#[tokio::test]
async fn a_flood_gets_answers_or_refusals_and_leaves_nothing_behind() {
    let scene = Scene::new().await;
    let mut peers = JoinSet::new();
    for number in 0..600 {
        let path = scene.path();
        peers.spawn(async move {
            let stream = loop {
                // The backlog is full: nobody has been asked yet.
                match tokio::net::UnixStream::connect(&path).await {
                    Ok(stream) => break stream,
                    Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
                }
                tokio::task::yield_now().await;
            };
            let mut peer = Peer(stream);
            match number % 4 {
                0 => peer.send(STATUS).await,
                1 => peer.send(vec![b'x'; 1 << 20]).await,
                2 => peer.send("\n").await,
                _ => return None,
            }
            peer.reply().await
        });
    }
    let mut answered = 0;
    while let Some(reply) = peers.join_next().await {
        answered += usize::from(reply.unwrap().is_some());
    }
    assert!(answered >= 450, "everybody who asked was told something: {answered}");
    assert_eq!(scene.ask(STATUS).await["ok"], true);
}

#[tokio::test]
async fn a_line_of_a_megabyte_is_refused_after_4_kilobytes() {
    let scene = Scene::new().await;
    for byte in [b' ', b'{', b'[', b'"', b'1', 0, 0xff] {
        let reply = scene.ask(vec![byte; 1 << 20]).await;
        assert_eq!(reply["message"], "the request is longer than 4096 bytes");
    }
}

#[tokio::test]
async fn a_panic_in_one_connection_harms_no_other() {
    let scene = Scene::new().await;
    let mut slow = scene.connect().await;
    slow.send(submit("slow", CODE)).await;
    let mut panicking = scene.connect().await;
    panicking.send(submit("panic", CODE)).await;
    assert_eq!(panicking.reply().await, None);
    assert_eq!(scene.ask(STATUS).await["ok"], true);
    scene.fake.permits.add_permits(1);
    assert_eq!(slow.reply().await.unwrap()["ok"], true);
}

#[tokio::test]
async fn a_code_is_tried_though_its_peer_has_gone() {
    let scene = Scene::new().await;
    let mut peer = scene.connect().await;
    peer.send(submit("slow", CODE)).await;
    // Answered after it, so the submission is under way.
    scene.ask(STATUS).await;
    drop(peer);
    scene.ask(STATUS).await;
    assert!(scene.fake.tried().is_empty());
    scene.fake.permits.add_permits(1);
    until(|| scene.fake.tried() == ["slow"]).await;
}
