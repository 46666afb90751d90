mod inspect;
mod rotation;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::clock::BootInstant;

/// Any instant.
const NOW: BootInstant = BootInstant::from_boot(std::time::Duration::ZERO);

/// `nobody`.
const STRANGER: u32 = 65_534;

/// Only root can give a file away and become somebody else: what needs that is left out for others.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

struct Scene {
    root: TempDir,
    dir: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let dir = root.path().join("tokens");
        Self { root, dir }
    }

    fn prepare(&self, mode: u32) -> Result<Issued, TokenError> {
        prepare(
            &self.dir,
            mode,
            false,
            &["ops".parse().unwrap(), "deploy".parse().unwrap()],
        )
    }

    fn file(&self) -> PathBuf {
        self.dir.join("ops/token")
    }

    fn token(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// What the next start makes of a file that somebody changed: whether it still trusts the token.
    fn keeps(&self, change: impl FnOnce(&Path)) -> bool {
        self.prepare(0o600).unwrap();
        change(&self.file());
        let there = fs::read(self.file()).unwrap_or_default();
        let tokens = self.prepare(0o600).unwrap();
        let metadata = fs::symlink_metadata(self.file()).unwrap();
        assert!(metadata.is_file());
        assert_eq!(
            (metadata.mode() & 0o7777, metadata.uid(), metadata.nlink()),
            (0o600, rustix::process::geteuid().as_raw(), 1)
        );
        assert_eq!(profile(&tokens.tokens, self.token().as_bytes(), NOW), Some(0));
        fs::read(self.file()).unwrap() == there
    }
}

fn profile(tokens: &Tokens, shown: &[u8], now: BootInstant) -> Option<usize> {
    tokens.profile(tokens.find(shown)?, now)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn readable_by_stranger(path: &Path) -> bool {
    let mut cat = Command::new("cat");
    cat.arg(path).uid(STRANGER).gid(STRANGER);
    cat.output().unwrap().status.success()
}

#[test]
fn makes_a_token_of_256_bits_a_profile_without_a_line_break() {
    let scene = Scene::new();
    let tokens = scene.prepare(0o600).unwrap();
    let (ops, deploy) = (
        scene.token(),
        fs::read_to_string(scene.dir.join("deploy/token")).unwrap(),
    );
    assert_ne!(ops, deploy);
    for (place, token) in [ops, deploy].iter().enumerate() {
        assert_eq!(token.len(), 43);
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(profile(&tokens.tokens, token.as_bytes(), NOW), Some(place));
        for near in [
            token.to_lowercase(),
            format!("Bearer {token}"),
            format!("{token}\n"),
            token[..42].to_owned(),
        ] {
            assert_eq!(profile(&tokens.tokens, near.as_bytes(), NOW), None);
        }
    }
    assert_eq!(profile(&tokens.tokens, b"", NOW), None);
    assert_eq!(
        fs::read_dir(scene.dir.join("ops")).unwrap().count(),
        1,
        "no temporary file stays"
    );
}

#[test]
fn a_good_token_survives_a_restart_and_its_mode_is_corrected() {
    let scene = Scene::new();
    assert!(scene.keeps(|_| ()));
    assert!(scene.keeps(|file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap()));
    assert!(scene.keeps(|file| fs::set_permissions(file, Permissions::from_mode(0o400)).unwrap()));
}

#[test]
fn a_token_that_another_could_have_written_is_replaced() {
    let scene = Scene::new();
    let valid = || "A".repeat(43);
    // Not in the profile's folder, which is valetkey's own.
    let beside = |file: &Path| file.parent().unwrap().with_extension("beside");
    let put = |file: &Path, content: &str| fs::write(file, content).unwrap();

    if is_root() {
        assert!(!scene.keeps(|file| chown(file, Some(STRANGER), None).unwrap()), "owner");
    }
    for bits in [0o620, 0o602, 0o666] {
        assert!(
            !scene.keeps(|file| fs::set_permissions(file, Permissions::from_mode(bits)).unwrap()),
            "{bits:o}"
        );
    }
    assert!(
        !scene.keeps(|file| fs::hard_link(file, beside(file)).unwrap()),
        "hard link"
    );
    assert!(
        !scene.keeps(|file| {
            // Replaces the hard link of before.
            fs::rename(file, beside(file)).unwrap();
            symlink(beside(file), file).unwrap();
        }),
        "symbolic link"
    );
    assert!(
        fs::symlink_metadata(beside(&scene.file())).unwrap().is_file(),
        "the link's target is left alone"
    );
    let socket = |file: &Path| drop(std::os::unix::net::UnixListener::bind(file).unwrap());
    assert!(
        !scene.keeps(|file| {
            fs::remove_file(file).unwrap();
            socket(file);
        }),
        "not a file"
    );
    for content in [
        "",
        "short",
        &format!("{}\n", valid()),
        &"A".repeat(44),
        &"!".repeat(43),
        &"B".repeat(43),
    ] {
        assert!(!scene.keeps(|file| put(file, content)), "{content:?}");
    }
    assert!(scene.keeps(|file| put(file, &valid())), "the positive control");
    assert!(
        !scene.keeps(|file| {
            fs::copy(file.parent().unwrap().with_file_name("ops").join("token"), file).unwrap();
            fs::remove_file(file).unwrap();
        }),
        "missing"
    );
}

#[test]
fn a_copied_token_serves_one_profile_only() {
    let scene = Scene::new();
    scene.prepare(0o600).unwrap();
    fs::write(scene.dir.join("deploy/token"), scene.token()).unwrap();
    let tokens = scene.prepare(0o600).unwrap();
    let deploy = fs::read_to_string(scene.dir.join("deploy/token")).unwrap();
    assert_ne!(deploy, scene.token());
    assert_eq!(profile(&tokens.tokens, scene.token().as_bytes(), NOW), Some(0));
    assert_eq!(profile(&tokens.tokens, deploy.as_bytes(), NOW), Some(1));
}

#[test]
fn an_interrupted_start_is_cleaned_up() {
    let scene = Scene::new();
    scene.prepare(0o600).unwrap();
    fs::remove_file(scene.file()).unwrap();
    let target = scene.dir.join("target");
    fs::write(&target, "untouched").unwrap();
    symlink(&target, scene.dir.join("ops/.token.new")).unwrap();
    scene.prepare(0o600).unwrap();
    assert_eq!(fs::read_to_string(target).unwrap(), "untouched");
    assert_eq!(scene.token().len(), 43);
}

#[test]
fn only_who_the_mode_admits_can_read_a_token() {
    let scene = Scene::new();
    scene.prepare(0o600).unwrap();
    assert_eq!(
        (mode(&scene.dir), mode(&scene.dir.join("ops")), mode(&scene.file())),
        (0o700, 0o700, 0o600)
    );
    assert!(!is_root() || !readable_by_stranger(&scene.file()));

    let scene = Scene::new();
    scene.prepare(0o644).unwrap();
    assert_eq!(
        (mode(&scene.dir), mode(&scene.dir.join("ops")), mode(&scene.file())),
        (0o755, 0o755, 0o644)
    );
    assert!(
        !is_root() || readable_by_stranger(&scene.file()),
        "the positive control"
    );
    scene.prepare(0o600).unwrap();
    assert_eq!(mode(&scene.file()), 0o600, "tightened at the next start");
    assert!(!is_root() || !readable_by_stranger(&scene.file()));
}

#[test]
fn folders_that_another_could_change_are_refused() {
    let refused = |change: &dyn Fn(&Path)| {
        let scene = Scene::new();
        scene.prepare(0o600).unwrap();
        change(&scene.dir);
        match scene.prepare(0o600) {
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        }
    };
    let chmod = |path: &Path, bits| fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
    let to_link = |path: &Path| {
        let moved = path.with_extension("moved");
        fs::rename(path, &moved).unwrap();
        symlink(&moved, path).unwrap();
    };
    for folder in ["", "ops"] {
        let at = |dir: &Path| {
            if folder.is_empty() {
                dir.to_owned()
            } else {
                dir.join(folder)
            }
        };
        if is_root() {
            assert!(refused(&|dir| chown(at(dir), Some(STRANGER), None).unwrap()).contains("belongs to user 65534"));
        }
        assert!(refused(&|dir| chmod(&at(dir), 0o777)).contains("others may write"));
        assert!(refused(&|dir| chmod(&at(dir), 0o770)).contains("mode 0770"));
        assert!(refused(&|dir| to_link(&at(dir))).contains("is a symbolic link; remove the link"));
        assert_eq!(
            refused(&|dir| chmod(&at(dir), 0o1777)),
            "",
            "sticky: nobody else can exchange what is in it"
        );
    }
    let message = refused(&|dir| {
        fs::remove_dir_all(dir).unwrap();
        fs::write(dir, "a file").unwrap();
    });
    assert!(
        message.ends_with("/tokens: is not a folder; remove it, or choose another token_dir"),
        "{message}"
    );
}

#[test]
fn missing_folders_above_are_made() {
    let scene = Scene::new();
    let dir = scene.dir.join("a/b");
    prepare(&dir, 0o644, false, &["ops".parse().unwrap()]).unwrap();
    assert_eq!((mode(&scene.dir), mode(&dir)), (0o755, 0o755));
    assert!(!is_root() || readable_by_stranger(&dir.join("ops/token")));
}
