//! What the log tells of refusals. A process of its own: which lines are wanted is decided once for the whole process, and
//! tests that run beside would decide otherwise.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "server/clock.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod clock;
#[path = "server/scene.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod scene;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scene::{Scene, get};
use tracing::Level;

/// The log of this process.
struct Log {
    lines: Lines,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn new() -> Self {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        Self { lines }
    }

    fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    fn count(&self, level: &str) -> usize {
        let text = self.text();
        let of_level = text.lines().filter(|line| line.trim_start().starts_with(level));
        of_level.count()
    }
}

async fn guess(scene: &Scene) {
    let mut peer = scene.credentials.connect().await;
    peer.send(get("ops").replace("ops", "canary")).await;
    assert_eq!(peer.reply().await.unwrap().status, 401);
}

#[tokio::test]
async fn every_refusal_is_told_and_a_flood_of_them_fills_no_log() {
    let log = Log::new();
    let scene = Scene::new(&["ops"], &["ops"]);
    for _ in 0..5 {
        guess(&scene).await;
    }
    assert_eq!((log.count("DEBUG"), log.count("WARN")), (5, 1), "{}", log.text());
    scene.clock.advance(Duration::from_mins(1));
    guess(&scene).await;
    assert_eq!((log.count("DEBUG"), log.count("WARN")), (6, 2));
    let text = log.text();
    assert!(
        text.contains(r#"listener="credentials" reason="token_unknown" refused=5"#),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");

    let mut peer = scene.ops.connect().await;
    peer.send("PUT /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(peer.reply().await.unwrap().status, 405);
    assert_eq!(log.count("WARN"), 3, "another listener and reason");
}
