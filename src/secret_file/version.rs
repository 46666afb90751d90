use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::BoxFuture;

/// Which file is at a path, and in which state: equal as long as nobody wrote it or put another in its place. Links are
/// followed, so that a mounted Secret that is swapped is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(Option<State>);

/// The inode's own change is in it, since a tool may keep the times of what it copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Version {
    /// Nothing is there.
    pub const NONE: Self = Self(None);

    /// What is at `path` now; an empty file is one that somebody has yet to write. Blocks.
    pub fn of(path: &Path) -> Self {
        let status = std::fs::metadata(path).ok().filter(|status| status.size() > 0);
        Self(status.map(|status| State {
            device: status.dev(),
            inode: status.ino(),
            size: status.size(),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
        }))
    }

    /// The same, on a thread that may wait.
    pub fn look(path: PathBuf) -> BoxFuture<'static, Self> {
        Box::pin(async move {
            let there = tokio::task::spawn_blocking(move || Self::of(&path)).await;
            there.unwrap_or(Self::NONE)
        })
    }

    /// A version that differs from those of all other numbers, for scenes without files.
    #[cfg(test)]
    pub(crate) const fn numbered(number: u64) -> Self {
        Self(Some(State {
            device: 0,
            inode: number,
            size: 0,
            modified: (0, 0),
            changed: (0, 0),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn differs_when_the_file_was_written_replaced_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assertion");
        let mut versions = vec![Version::of(&path)];
        assert_eq!(versions[0], Version::NONE);
        fs::write(&path, "").unwrap();
        assert_eq!(Version::of(&path), Version::NONE);

        fs::write(&path, "one").unwrap();
        versions.push(Version::of(&path));
        assert_eq!(Version::of(&path), versions[1]);

        // Of the same length, and with the times of the first.
        let status = fs::metadata(&path).unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "two").unwrap();
        fs::File::options()
            .write(true)
            .open(&other)
            .unwrap()
            .set_modified(status.modified().unwrap())
            .unwrap();
        fs::rename(&other, &path).unwrap();
        versions.push(Version::of(&path));

        fs::write(&path, "three").unwrap();
        versions.push(Version::of(&path));

        let target = folder.path().join("target");
        fs::write(&target, "four").unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        versions.push(Version::of(&path));
        for (place, version) in versions.iter().enumerate() {
            assert!(!versions[..place].contains(version), "{place}");
        }
    }
}
