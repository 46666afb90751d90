use std::time::Duration;

use tokio::io::AsyncReadExt;

use crate::operator::{CODE, profile};
use crate::scene::{STATUS, Scene, submit, until};
use valetkey::control::State;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test]
async fn a_request_has_five_seconds_however_often_a_byte_of_it_comes() {
    let scene = Scene::new().await;
    let mut slow = scene.connect().await;
    let mut silent = scene.connect().await;
    scene.clock.armed(SECONDS(5)).await;
    for byte in STATUS.bytes().take(4) {
        slow.send([byte]).await;
        scene.clock.advance(SECONDS(1));
    }
    assert_eq!(scene.ask(STATUS).await["ok"], true, "others are not kept waiting");
    scene.clock.advance(SECONDS(1));
    for peer in [&mut slow, &mut silent] {
        assert_eq!(peer.reply().await.unwrap()["reason"], "timeout");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_left_after_five_seconds() {
    let scene = Scene::new().await;
    scene.fake.status.lock().unwrap().profiles = vec![profile("ops", State::Ready); 5_000];
    let mut peer = scene.connect().await;
    scene.clock.armed(SECONDS(5)).await;
    scene.clock.advance(SECONDS(1));
    peer.send(STATUS).await;
    scene.clock.armed(SECONDS(6)).await;
    scene.clock.advance(SECONDS(5));
    let mut taken = Vec::new();
    let _ = peer.0.read_to_end(&mut taken).await;
    assert!(!taken.is_empty() && !taken.ends_with(b"\n"), "{}", taken.len());

    let mut reading = scene.connect().await;
    reading.send(STATUS).await;
    assert_eq!(
        reading.reply().await.unwrap()["status"]["profiles"]
            .as_array()
            .unwrap()
            .len(),
        5_000
    );
}

#[tokio::test]
async fn the_end_lets_commands_finish_and_nobody_else_wait() {
    let mut scene = Scene::new().await;
    let (mut slow, mut silent) = (scene.connect().await, scene.connect().await);
    slow.send(submit("slow", CODE)).await;
    scene.ask(STATUS).await;
    scene.stop();
    assert_eq!(silent.reply().await, None, "at once");
    until(|| !scene.path().exists()).await;
    scene.fake.permits.add_permits(1);
    assert_eq!(slow.reply().await.unwrap()["ok"], true);
    scene.ended().await;
}

#[tokio::test]
async fn the_end_waits_five_seconds_at_most() {
    let mut scene = Scene::new().await;
    let mut slow = scene.connect().await;
    slow.send(submit("slow", CODE)).await;
    scene.ask(STATUS).await;
    scene.clock.advance(SECONDS(100));
    scene.stop();
    scene.clock.armed(SECONDS(105)).await;
    scene.clock.advance(SECONDS(5));
    assert_eq!(slow.reply().await, None);
    scene.ended().await;
}
