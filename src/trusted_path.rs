//! The way to a folder that only root and this user may change: the folders and links from the root down to it. Whoever
//! can exchange one of them can exchange what is in it. The rules are those by which OpenSSH trusts a file of keys, but
//! that the sticky bit counts.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, Stat, lstat, readlink, stat};
use rustix::io::Errno;

/// Refuses a path whose parent is something that others could exchange, or stands below something that is no folder.
/// Nothing is said of the path's own last part; what is missing is no obstacle. Blocks on the file system.
pub fn check(path: &Path) -> Result<(), Obstacle> {
    path.parent().map_or(Ok(()), |parent| walk(parent, 0))
}

/// Why a path is not to be trusted.
#[derive(Debug)]
pub struct Obstacle {
    /// The folder or link.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a folder or a link on the way.
#[derive(Debug)]
pub enum Problem {
    /// A stranger could change it.
    Flaw(Flaw),
    /// It is something else.
    NotAFolder,
    /// A system call failed: what it was for, and how.
    Io(&'static str, Errno),
}

/// A folder or a link that a stranger could change.
#[derive(Debug)]
pub enum Flaw {
    /// Of a user who is neither root nor this one.
    Stranger(u32),
    /// With these mode bits.
    Writable(Mode),
}

/// What is wrong with a folder or a link; a volume's being writable is not.
pub fn untrusted(path: &Path, stat: &Stat) -> Option<Flaw> {
    flaw(stat).filter(|flaw| !(matches!(flaw, Flaw::Writable(_)) && is_volume(path, stat)))
}

/// Whoever owns a folder, or may write in it without the sticky bit, can exchange what is in it.
fn flaw(stat: &Stat) -> Option<Flaw> {
    let mode = Mode::from_raw_mode(stat.st_mode);
    let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    if stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw() {
        Some(Flaw::Stranger(stat.st_uid))
    } else if !is_link && mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
        Some(Flaw::Writable(mode))
    } else {
        None
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger(user) => write!(f, "belongs to user {user}, who could exchange what is in it"),
            Self::Writable(mode) => write!(f, "others may write in it (mode {:04o})", mode.bits()),
        }
    }
}

impl Flaw {
    /// What to do about it; `key` is that of the configuration. This user can change the mode of a folder of its own only.
    pub fn remedy(&self, path: &Path, key: &str) -> String {
        let elsewhere = format!("choose a {key} below folders of root or of this user that nobody else may write in");
        let own = stat(path).is_ok_and(|stat| stat.st_uid == rustix::process::geteuid().as_raw());
        match self {
            Self::Writable(_) if own => format!("chmod go-w {}, or {elsewhere}", path.display()),
            _ => elsewhere,
        }
    }
}

/// Whether it is a volume that the platform mounted for this daemon: a root's own mount point. The usual mode of such
/// a one in Kubernetes (`emptyDir`) is 0777, which the daemon cannot change; who else gets it, the pod says.
fn is_volume(path: &Path, folder: &Stat) -> bool {
    let above = path.parent().and_then(|parent| stat(parent).ok());
    folder.st_uid == 0 && above.is_some_and(|above| above.st_dev != folder.st_dev)
}

/// More than Linux follows: an endless chain of links has been told by the kernel before.
const LINKS: u32 = 64;

/// From the root down, to the first that is not there.
fn walk(path: &Path, links: u32) -> Result<(), Obstacle> {
    let steps: Vec<_> = path.ancestors().filter(|step| !step.as_os_str().is_empty()).collect();
    for step in steps.into_iter().rev() {
        let obstacle = |problem| {
            let path = step.to_owned();
            Obstacle { path, problem }
        };
        let found = match lstat(step) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(obstacle(Problem::Io("look at the folder", errno))),
        };
        if let Some(flaw) = untrusted(step, &found) {
            return Err(obstacle(Problem::Flaw(flaw)));
        }
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => {}
            FileType::Symlink => follow(step, links)?,
            _ => return Err(obstacle(Problem::NotAFolder)),
        }
    }
    Ok(())
}

/// A link leads over folders of its own.
fn follow(link: &Path, links: u32) -> Result<(), Obstacle> {
    let broken = |errno| Obstacle {
        path: link.to_owned(),
        problem: Problem::Io("follow the symbolic link", errno),
    };
    if links >= LINKS {
        return Err(broken(Errno::LOOP));
    }
    let target = readlink(link, Vec::new()).map_err(broken)?;
    let target = Path::new(OsStr::from_bytes(target.as_bytes()));
    // What a dangling link points to, nobody makes.
    stat(link).map_err(broken)?;
    let target = link
        .parent()
        .map_or_else(|| target.to_owned(), |folder| folder.join(target));
    walk(&target, links + 1)
}
