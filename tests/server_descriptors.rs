//! When the process has no file descriptor left. A process of its own, since the limit is the whole process's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "server/clock.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod clock;
#[path = "server/scene.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod scene;

use std::fs::File;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use scene::{DOCUMENT, Scene, get};

#[tokio::test]
async fn no_descriptor_left_is_a_pause_and_not_an_end() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(64),
            ..limit
        },
    )
    .unwrap();
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();

    // The last descriptor is the client's: the kernel connects it, and the server has none to accept it with.
    hoard.pop();
    let mut peer = scene.credentials.connect().await;
    let milliseconds = Duration::from_millis;
    scene.clock.armed(milliseconds(50)).await;
    scene.clock.advance(milliseconds(50));
    scene.clock.armed(milliseconds(150)).await;
    hoard.clear();
    scene.clock.advance(milliseconds(100));
    peer.send(get("ops")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT);
}
