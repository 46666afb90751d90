use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, fchmod, fstat, mkdirat, openat};
use rustix::io::Errno;

use super::TokenError;

/// The folders' bits for token files of this mode: who may read a token may also reach it.
pub(super) fn mode_for(token: Mode) -> Mode {
    let mut mode = Mode::RWXU;
    if token.contains(Mode::RGRP) {
        mode |= Mode::RGRP | Mode::XGRP;
    }
    if token.contains(Mode::ROTH) {
        mode |= Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
    }
    mode
}

/// Opens `token_dir`; makes it, and the folders above, where they are missing. One that is there keeps its mode: a
/// service manager or a volume may have given it.
pub(super) fn open_or_create(path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    match open_in(CWD, path) {
        Ok(folder) => checked(folder, path),
        Err(Errno::NOENT) => {
            if let Some(parent) = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty() && !parent.exists())
            {
                open_or_create(parent, mode)?;
            }
            create_in(CWD, path, path, mode)
        }
        Err(errno) => Err(refused(errno, path)),
    }
}

/// Opens or makes a profile's folder, which is valetkey's own: its mode is set.
pub(super) fn open_or_create_in(outer: &OwnedFd, name: &str, path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    match open_in(outer, Path::new(name)) {
        Ok(folder) => {
            let folder = checked(folder, path)?;
            let stat = fstat(&folder).map_err(TokenError::io("look at the folder", path))?;
            if Mode::from_raw_mode(stat.st_mode) != mode {
                fchmod(&folder, mode).map_err(TokenError::io("set the folder's mode", path))?;
            }
            Ok(folder)
        }
        Err(Errno::NOENT) => create_in(outer, Path::new(name), path, mode),
        Err(errno) => Err(refused(errno, path)),
    }
}

fn create_in(outer: impl AsFd, name: &Path, path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    match mkdirat(&outer, name, Mode::RWXU) {
        // Another daemon may have been quicker.
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(TokenError::io("make the folder", path)(errno)),
    }
    let folder = open_in(outer, name).map_err(|errno| refused(errno, path))?;
    let folder = checked(folder, path)?;
    // Not left to mkdir: the umask would take bits away.
    fchmod(&folder, mode).map_err(TokenError::io("set the folder's mode", path))?;
    Ok(folder)
}

fn open_in(outer: impl AsFd, name: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(outer, name, flags, Mode::empty())
}

/// `O_DIRECTORY | O_NOFOLLOW` answers ENOTDIR for a link on Linux, and ELOOP elsewhere.
fn refused(errno: Errno, path: &Path) -> TokenError {
    match errno {
        Errno::NOTDIR | Errno::LOOP => TokenError::Unsafe {
            path: path.to_owned(),
            problem: "is a symbolic link or no folder".to_owned(),
        },
        errno => TokenError::io("open the folder", path)(errno),
    }
}

/// Whoever owns a folder, or may write in it without the sticky bit, can exchange what is in it.
fn checked(folder: OwnedFd, path: &Path) -> Result<OwnedFd, TokenError> {
    let stat = fstat(&folder).map_err(TokenError::io("look at the folder", path))?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    let problem = if stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw() {
        format!("belongs to user {}, who could exchange the tokens", stat.st_uid)
    } else if mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
        format!("others may write in it (mode {:04o})", mode.bits())
    } else {
        return Ok(folder);
    };
    let path = path.to_owned();
    Err(TokenError::Unsafe { path, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lets_through_whoever_may_read_the_token() {
        for (token, folder) in [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755), (0o604, 0o755)] {
            assert_eq!(mode_for(Mode::from_raw_mode(token)).bits(), folder, "{token:o}");
        }
    }
}
