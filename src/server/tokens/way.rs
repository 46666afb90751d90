//! The way to `token_dir`: the folders and links from the root down to it. Whoever can exchange one of them can exchange
//! the tokens. The rules are those by which OpenSSH trusts a file of keys, but that the sticky bit counts.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{FileType, Mode, Stat, lstat, readlink, stat};
use rustix::io::Errno;

use super::TokenError;

/// Refuses a `token_dir` that others could exchange as a whole, or that stands below something that is no folder.
/// Nothing is said of `token_dir` itself.
pub(super) fn check(dir: &Path) -> Result<(), TokenError> {
    dir.parent().map_or(Ok(()), |parent| walk(parent, 0))
}

/// A folder or a link that a stranger could change.
pub(super) enum Flaw {
    /// Of a user who is neither root nor this one.
    Stranger(u32),
    /// With these mode bits.
    Writable(Mode),
}

/// What is wrong with a folder or a link; a volume's being writable is not.
pub(super) fn untrusted(path: &Path, stat: &Stat) -> Option<Flaw> {
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
            Self::Stranger(user) => write!(f, "belongs to user {user}, who could exchange the tokens"),
            Self::Writable(mode) => write!(f, "others may write in it (mode {:04o})", mode.bits()),
        }
    }
}

impl Flaw {
    /// What to do about it. This user can change the mode of a folder of its own only.
    pub(super) fn remedy(&self, path: &Path) -> String {
        let elsewhere = "choose a token_dir below folders of root or of this user that nobody else may write in";
        let own = stat(path).is_ok_and(|stat| stat.st_uid == rustix::process::geteuid().as_raw());
        match self {
            Self::Writable(_) if own => format!("chmod go-w {}, or {elsewhere}", path.display()),
            _ => elsewhere.to_owned(),
        }
    }
}

/// Whether it is a volume that the platform mounted for this daemon: a root's own mount point. The usual mode of such
/// a one in Kubernetes (`emptyDir`) is 0777, which the daemon cannot change; who else gets it, the pod says.
fn is_volume(path: &Path, folder: &Stat) -> bool {
    let above = path.parent().and_then(|parent| stat(parent).ok());
    folder.st_uid == 0 && above.is_some_and(|above| above.st_dev != folder.st_dev)
}

pub(super) fn no_folder(path: &Path) -> TokenError {
    TokenError::Unsafe {
        path: path.to_owned(),
        problem: "is not a folder".to_owned(),
        remedy: "remove it, or choose another token_dir".to_owned(),
    }
}

/// The first folder on the way that keeps from the tokens whom their mode admits, and what to do about it. Those that
/// are missing are made so that they let them through.
pub(super) fn obstacle(dir: &Path, token: Mode) -> Option<String> {
    let (who, needed) = if token.contains(Mode::ROTH) {
        ("o", Mode::XOTH)
    } else if token.contains(Mode::RGRP) {
        ("g", Mode::XGRP)
    } else {
        return None;
    };
    let real = dir.ancestors().find_map(|folder| folder.canonicalize().ok())?;
    let folders: Vec<_> = real.ancestors().collect();
    folders.into_iter().rev().find_map(|folder| {
        let mode = Mode::from_raw_mode(stat(folder).ok()?.st_mode);
        let (path, bits) = (folder.display(), mode.bits());
        (!mode.contains(needed)).then(|| {
            format!(
                "token_mode lets others read the tokens, but {path} (mode {bits:04o}) does not let them reach it; \
                 chmod {who}+x {path}, or take token_mode back to \"0600\""
            )
        })
    })
}

/// More than Linux follows: an endless chain of links has been told by the kernel before.
const LINKS: u32 = 64;

/// From the root down, to the first that is not there.
fn walk(path: &Path, links: u32) -> Result<(), TokenError> {
    let steps: Vec<_> = path.ancestors().filter(|step| !step.as_os_str().is_empty()).collect();
    for step in steps.into_iter().rev() {
        let found = match lstat(step) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(TokenError::io("look at the folder", step)(errno)),
        };
        if let Some(flaw) = untrusted(step, &found) {
            let (path, problem, remedy) = (step.to_owned(), flaw.to_string(), flaw.remedy(step));
            return Err(TokenError::Unsafe { path, problem, remedy });
        }
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => {}
            FileType::Symlink => follow(step, links)?,
            _ => return Err(no_folder(step)),
        }
    }
    Ok(())
}

/// A link leads over folders of its own.
fn follow(link: &Path, links: u32) -> Result<(), TokenError> {
    if links >= LINKS {
        return Err(TokenError::io("follow the symbolic link", link)(Errno::LOOP));
    }
    let target = readlink(link, Vec::new()).map_err(TokenError::io("follow the symbolic link", link))?;
    let target = Path::new(OsStr::from_bytes(target.as_bytes()));
    // What a dangling link points to, nobody makes.
    stat(link).map_err(TokenError::io("follow the symbolic link", link))?;
    let target = link
        .parent()
        .map_or_else(|| target.to_owned(), |folder| folder.join(target));
    walk(&target, links + 1)
}
