use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use valetkey::control::{bind, serve};

use crate::clock::ManualClock;
use crate::operator::Fake;

/// When a test that waits for something gives up.
const HANG: Duration = Duration::from_secs(20);

pub(crate) const STATUS: &str = "{\"version\":1,\"command\":\"status\"}\n";

/// A control socket in a folder of its own, with a clock that stands still.
pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) fake: Arc<Fake>,
    pub(crate) clock: ManualClock,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (fake, clock) = (Fake::new(), ManualClock::default());
        let listener = bind(&folder.path().join("control.sock")).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async { drop(stopped.await) });
        let task = tokio::spawn(serve(listener, fake.clone(), Arc::new(clock.clone()), stopped));
        Self {
            folder,
            fake,
            clock,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    pub(crate) async fn connect(&self) -> Peer {
        Peer(UnixStream::connect(self.path()).await.unwrap())
    }

    /// The reply to these bytes on a connection of their own.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Value {
        let mut peer = self.connect().await;
        peer.send(request).await;
        peer.reply().await.expect("a reply")
    }

    /// Lets the file system let everybody in.
    pub(crate) fn open_to_all(&self) {
        let set = |path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        set(self.folder.path().to_owned(), 0o755);
        set(self.path(), 0o666);
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }

    /// Returns when `serve` has.
    pub(crate) async fn ended(self) {
        tokio::time::timeout(HANG, self.task)
            .await
            .expect("it goes on")
            .unwrap();
    }
}

/// A raw socket.
pub(crate) struct Peer(pub(crate) UnixStream);

impl Peer {
    /// As much as the other side takes before it closes.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = tokio::time::timeout(HANG, self.0.write_all(bytes.as_ref())).await;
        let _ = sent.expect("bytes are neither taken nor refused");
    }

    /// The reply and the end that must follow it; none when the connection ended without one.
    pub(crate) async fn reply(&mut self) -> Option<Value> {
        let mut line = Vec::new();
        // A close may arrive as a reset, when not all bytes were read.
        let read = tokio::time::timeout(HANG, self.0.read_to_end(&mut line)).await;
        let _ = read.expect("neither a reply nor an end");
        if line.is_empty() {
            return None;
        }
        assert_eq!(line.pop(), Some(b'\n'));
        assert!(!line.contains(&b'\n'), "one line");
        let reply: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(reply["version"], 1);
        Some(reply)
    }
}

/// A submission of this code.
pub(crate) fn submit(profile: &str, code: &str) -> String {
    format!("{{\"version\":1,\"command\":\"mfa_submit\",\"profile\":\"{profile}\",\"code\":\"{code}\"}}\n")
}

/// Returns once it holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let reached = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, reached).await.expect("it does not come");
}
