//! The files, as daemons and strangers treat them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::*;
use crate::clock::{BootInstant, Clock, SystemClock};

const STEP: u64 = 60_000_000;

struct Scene {
    root: TempDir,
    dir: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("state");
        Self { root, dir }
    }

    /// What another process sees of the same folder.
    fn store(&self) -> StateDir {
        StateDir::new(self.dir.clone(), Arc::new(SystemClock))
    }

    fn file(&self) -> PathBuf {
        self.dir.join(file::name_of(&device()))
    }

    async fn reserve(&self, step: u64) -> &'static str {
        word(&self.store().reserve(&device(), step).await)
    }

    /// What comes of the next reservations after somebody changed the file in which [`STEP`] is.
    async fn after(change: impl FnOnce(&Self)) -> [&'static str; 3] {
        let scene = Self::new();
        assert_eq!(scene.reserve(STEP).await, "ours");
        change(&scene);
        let said = [
            scene.reserve(STEP + 10).await,
            scene.reserve(STEP + 10).await,
            scene.reserve(STEP + 11).await,
        ];
        let there = fs::symlink_metadata(scene.file());
        assert!(there.is_ok_and(|there| !there.is_file() || (there.mode() & 0o7777, there.nlink()) == (0o600, 1)));
        said
    }
}

fn device() -> SerialNumber {
    "arn:aws:iam::123456789012:mfa/ops".parse().unwrap()
}

fn word(claim: &Claim) -> &'static str {
    match claim {
        Claim::Ours => "ours",
        Claim::Taken => "taken",
        Claim::Unkept(_) => "unkept",
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn a_step_is_one_processs_and_outlives_it() {
    let scene = Scene::new();
    assert_eq!(scene.reserve(STEP).await, "ours");
    assert_eq!(scene.reserve(STEP).await, "taken");
    assert_eq!(scene.reserve(STEP + 1).await, "ours");
    let other = "GAHT12345678".parse().unwrap();
    assert_eq!(word(&scene.store().reserve(&other, STEP).await), "ours");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&scene.dir), mode(&scene.file())), (0o700, 0o600));
    assert_eq!(fs::read_dir(&scene.dir).unwrap().count(), 2);
}

/// A lock takes no more than being able to read the folder.
#[tokio::test]
async fn whoever_locks_the_folder_keeps_nothing_from_being_kept() {
    use rustix::fs::{FlockOperation, flock};
    let scene = Scene::new();
    assert_eq!(scene.reserve(STEP).await, "ours");
    let folder = fs::File::open(&scene.dir).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    let profile: ProfileName = "ops".parse().unwrap();
    scene.store().keep(profile.clone(), b"sealed".to_vec()).await;
    assert_eq!(scene.store().session(&profile).await.as_deref(), Some(&b"sealed"[..]));
    let lock = fs::metadata(scene.dir.join(".sessions.lock")).unwrap();
    assert_eq!(lock.mode() & 0o7777, 0o600);
}

#[tokio::test]
async fn a_released_step_is_free_and_one_that_was_sent_is_not() {
    let scene = Scene::new();
    for (step, state, said) in [(STEP, State::Released, "ours"), (STEP + 10, State::Sent, "taken")] {
        assert_eq!(scene.reserve(step).await, "ours");
        scene.store().settle(&device(), step, state).await;
        assert_eq!(scene.reserve(step).await, said, "{state:?}");
    }
    // What was sent cannot be taken back, and what nobody reserved is not settled.
    scene.store().settle(&device(), STEP + 10, State::Sent).await;
    scene.store().settle(&device(), STEP + 10, State::Released).await;
    scene.store().settle(&device(), STEP + 20, State::Sent).await;
    assert_eq!(scene.reserve(STEP + 20).await, "ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_ask_at_once_one_gets_the_step() {
    let scene = Arc::new(Scene::new());
    for step in STEP..STEP + 10 {
        let asked = (0..16).map(|_| {
            let scene = Arc::clone(&scene);
            tokio::spawn(async move { scene.reserve(step).await })
        });
        let asked: Vec<_> = asked.collect();
        let mut ours = 0;
        for said in asked {
            ours += usize::from(said.await.unwrap() == "ours");
        }
        assert_eq!(ours, 1, "{step}");
    }
}

#[tokio::test]
async fn of_a_file_that_cannot_be_believed_the_present_step_counts_as_used() {
    let put = |content: &'static [u8]| Scene::after(move |scene| fs::write(scene.file(), content).unwrap());
    let begun_anew = ["taken", "taken", "ours"];
    assert_eq!(put(b"valetkey-steps-1").await, begun_anew);
    assert_eq!(put(&[b'x'; 5_000]).await, begun_anew);
    let cut = |scene: &Scene| {
        fs::OpenOptions::new()
            .write(true)
            .open(scene.file())
            .unwrap()
            .set_len(100)
            .unwrap();
    };
    assert_eq!(Scene::after(cut).await, begun_anew);
    let newer = |scene: &Scene| {
        let mut bytes = fs::read(scene.file()).unwrap();
        bytes[15] = b'2';
        fs::write(scene.file(), bytes).unwrap();
    };
    assert_eq!(Scene::after(newer).await, begun_anew);
    // Whoever may do that may remove the file as well; it is also what a kill leaves of one that was just made.
    assert_eq!(put(b"").await, ["ours", "taken", "ours"]);
    assert_eq!(Scene::after(|_| ()).await, ["ours", "taken", "ours"], "the control");
}

#[tokio::test]
async fn a_file_that_another_could_have_written_gives_way() {
    let begun_anew = ["taken", "taken", "ours"];
    if is_root() {
        assert_eq!(
            Scene::after(|scene| chown(scene.file(), Some(4711), None).unwrap()).await,
            begun_anew
        );
    }
    for bits in [0o620, 0o602, 0o666] {
        let chmod = |scene: &Scene| fs::set_permissions(scene.file(), Permissions::from_mode(bits)).unwrap();
        assert_eq!(Scene::after(chmod).await, begun_anew, "{bits:o}");
    }
    let link = |scene: &Scene| fs::hard_link(scene.file(), scene.root.path().join("second")).unwrap();
    assert_eq!(Scene::after(link).await, begun_anew);
    let kept = |scene: &Scene| {
        let elsewhere = scene.root.path().join("elsewhere");
        fs::rename(scene.file(), &elsewhere).unwrap();
        symlink(&elsewhere, scene.file()).unwrap();
    };
    assert_eq!(Scene::after(kept).await, begun_anew);
    let pipe = |scene: &Scene| {
        fs::remove_file(scene.file()).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, scene.file(), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    assert_eq!(Scene::after(pipe).await, begun_anew);
    // Readable by others is no reason for doubt.
    let chmod = |scene: &Scene| fs::set_permissions(scene.file(), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(Scene::after(chmod).await, ["ours", "taken", "ours"]);
}

#[tokio::test]
async fn where_nothing_can_be_kept_that_is_said_and_counted() {
    let folder = |scene: &Scene| {
        fs::remove_file(scene.file()).unwrap();
        fs::create_dir(scene.file()).unwrap();
    };
    assert_eq!(Scene::after(folder).await, ["unkept"; 3]);
    let scene = Scene::new();
    fs::create_dir(&scene.dir).unwrap();
    fs::create_dir(scene.file()).unwrap();
    let store = scene.store();
    let Claim::Unkept(error) = store.reserve(&device(), STEP).await else {
        panic!("it was kept");
    };
    assert!(error.to_string().contains(".steps: cannot open the file: "), "{error}");
    assert_eq!((store.failures(), store.trouble()), (1, Some(error.to_string())));
    fs::remove_dir(scene.file()).unwrap();
    assert_eq!(word(&store.reserve(&device(), STEP).await), "ours", "it heals");
    assert_eq!(store.trouble(), None);
}

/// For whom every wait is over at once.
struct Impatient;

impl Clock for Impatient {
    fn boot(&self) -> BootInstant {
        SystemClock.boot()
    }

    fn wall(&self) -> DateTime<Utc> {
        SystemClock.wall()
    }

    fn sleep_until(&self, _: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Another process holds the lock and does not come to its end.
#[tokio::test]
async fn whoever_hangs_is_not_waited_for() {
    let scene = Scene::new();
    assert_eq!(scene.reserve(STEP).await, "ours");
    let held = fs::File::open(scene.file()).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let store = StateDir::new(scene.dir.clone(), Arc::new(Impatient));
    // More than there are threads for.
    for failures in 1..=6 {
        assert_eq!(word(&store.reserve(&device(), STEP + 1).await), "unkept");
        assert_eq!(store.failures(), failures);
    }
    drop(held);
}

#[tokio::test]
async fn a_folder_that_another_could_change_is_refused_at_the_start() {
    let scene = Scene::new();
    assert!(scene.store().inspect().await.is_ok(), "it can be made");
    assert!(!scene.dir.exists(), "and is not, by a look");
    fs::create_dir(&scene.dir).unwrap();
    assert!(scene.store().inspect().await.is_ok());
    fs::set_permissions(&scene.dir, Permissions::from_mode(0o777)).unwrap();
    let error = scene.store().inspect().await.unwrap_err().to_string();
    assert!(
        error.contains("others may write in it (mode 0777); chmod go-w "),
        "{error}"
    );
    assert_eq!(scene.reserve(STEP).await, "unkept");
    fs::set_permissions(&scene.dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        scene.reserve(STEP).await,
        "ours",
        "what is in it is for this user alone"
    );
    let moved = scene.root.path().join("moved");
    fs::rename(&scene.dir, &moved).unwrap();
    symlink(&moved, &scene.dir).unwrap();
    let error = scene.store().inspect().await.unwrap_err().to_string();
    assert!(
        error.ends_with("/state: is not a folder; remove it, or choose another state_dir"),
        "{error}"
    );
    let below = StateDir::new(scene.root.path().join("a/b"), Arc::new(SystemClock));
    let error = below.inspect().await.unwrap_err().to_string();
    assert!(
        error.ends_with("; make the folder above it, or choose another state_dir"),
        "{error}"
    );
}
