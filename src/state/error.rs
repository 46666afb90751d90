use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::trusted_path::{Flaw, Obstacle, Problem};

/// Why nothing is kept. The message names the path and what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("{}: cannot {what}: {errno}; {remedy}", path.display(), remedy = remedy(*errno))]
    Io {
        /// What failed.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// How.
        errno: Errno,
    },
    /// Somebody else could change what is kept, or something else is in the folder's place.
    #[error("{}: {problem}; {remedy}", path.display())]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// The file system did not answer in time.
    #[error("{}: it takes too long; is the file system that it is on reachable?", .0.display())]
    Slow(PathBuf),
}

impl Error {
    /// Whether it may go away by itself: such a one keeps no daemon from starting.
    pub(super) fn may_heal(&self) -> bool {
        match self {
            Self::Io { errno, .. } => !matches!(*errno, Errno::ACCESS | Errno::PERM | Errno::NOENT | Errno::NOTDIR),
            Self::Unsafe { .. } => false,
            Self::Slow(_) => true,
        }
    }

    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(Errno) -> Self {
        let path = path.to_owned();
        move |errno| Self::Io { what, path, errno }
    }

    pub(super) fn flaw(path: &Path, flaw: &Flaw) -> Self {
        Self::unsafe_folder(path, flaw.to_string(), flaw.remedy(path, "state_dir"))
    }

    pub(super) fn no_folder(path: &Path) -> Self {
        let remedy = "remove it, or choose another state_dir";
        Self::unsafe_folder(path, String::from("is not a folder"), remedy.to_owned())
    }

    fn unsafe_folder(path: &Path, problem: String, remedy: String) -> Self {
        let path = path.to_owned();
        Self::Unsafe { path, problem, remedy }
    }
}

impl From<Obstacle> for Error {
    fn from(Obstacle { path, problem }: Obstacle) -> Self {
        match problem {
            Problem::Flaw(flaw) => Self::flaw(&path, &flaw),
            Problem::NotAFolder => Self::no_folder(&path),
            Problem::Io(what, errno) => Self::Io { what, path, errno },
        }
    }
}

fn remedy(errno: Errno) -> &'static str {
    match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => "state_dir must be a folder that this user may write in",
        Errno::NOENT => "make the folder above it, or choose another state_dir",
        Errno::NOSPC | Errno::DQUOT => "free space on its file system",
        _ => "choose a state_dir where that works",
    }
}
