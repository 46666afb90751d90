use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Dir, Mode, OFlags, Stat, accessat, fchmod, fstat, mkdirat, openat};
use rustix::io::Errno;

use super::TokenError;
use super::file::Kind;
use crate::trusted_path;

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

/// Opens `token_dir`, if it is there.
pub(super) fn open(path: &Path) -> Result<Option<OwnedFd>, TokenError> {
    let folder = opened(CWD, path, path)?;
    if let Some(folder) = &folder {
        trusted(folder, path)?;
    }
    Ok(folder)
}

/// Tells what a folder is, if no stranger could exchange what is in it.
fn trusted(folder: &OwnedFd, path: &Path) -> Result<Stat, TokenError> {
    let stat = fstat(folder).map_err(TokenError::io("look at the folder", path))?;
    match trusted_path::untrusted(path, &stat) {
        Some(flaw) => Err(TokenError::flaw(path, &flaw)),
        None => Ok(stat),
    }
}

/// Opens `token_dir`; makes it, and the folders above, where they are missing. One that is there keeps its mode: a
/// service manager or a volume may have given it.
pub(super) fn open_or_create(path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    if let Some(folder) = open(path)? {
        return Ok(folder);
    }
    if let Some(parent) = missing_parent(path) {
        open_or_create(parent, mode)?;
    }
    create_in(CWD, path, path, mode)
}

/// Opens a profile's folder, if it is there: valetkey's own, with nothing of others in it.
pub(super) fn open_in(outer: &OwnedFd, name: &str, path: &Path) -> Result<Option<OwnedFd>, TokenError> {
    let folder = opened(outer, Path::new(name), path)?;
    if let Some(folder) = &folder {
        trusted(folder, path)?;
        if let Some(stranger) = stranger(folder).map_err(TokenError::io("list the folder", path))? {
            let problem = format!("holds {stranger:?}, which is not valetkey's");
            let remedy = "choose a token_dir in which the profile's name is free, or move it away";
            return Err(TokenError::unsafe_folder(path, problem, remedy.to_owned()));
        }
    }
    Ok(folder)
}

/// Opens or makes a profile's folder, and sets its mode. A volume that was mounted in its place keeps its own: it is
/// root's, and the mount is the boundary.
pub(super) fn open_or_create_in(outer: &OwnedFd, name: &str, path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    let Some(folder) = open_in(outer, name, path)? else {
        return create_in(outer, Path::new(name), path, mode);
    };
    let stat = trusted(&folder, path)?;
    let own = stat.st_uid == rustix::process::geteuid().as_raw();
    if own && Mode::from_raw_mode(stat.st_mode) != mode {
        fchmod(&folder, mode).map_err(TokenError::io("set the folder's mode", path))?;
    }
    Ok(folder)
}

/// Whether this user may make things in a folder that is there.
pub(super) fn writable(path: &Path) -> Result<(), TokenError> {
    accessat(CWD, path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty())
        .map_err(TokenError::io("write in the folder", path))
}

/// Whether `token_dir`, which is missing, could be made in the nearest folder that is there.
pub(super) fn could_be_made(path: &Path) -> Result<(), TokenError> {
    match missing_parent(path) {
        Some(parent) => could_be_made(parent),
        None => path.parent().map_or(Ok(()), writable),
    }
}

fn missing_parent(path: &Path) -> Option<&Path> {
    let parent = path.parent()?;
    (!parent.as_os_str().is_empty() && !parent.exists()).then_some(parent)
}

fn create_in(outer: impl AsFd, name: &Path, path: &Path, mode: Mode) -> Result<OwnedFd, TokenError> {
    match mkdirat(&outer, name, Mode::RWXU) {
        // Another daemon may have been quicker.
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(TokenError::io("make the folder", path)(errno)),
    }
    let folder = opened(outer, name, path)?.ok_or_else(|| TokenError::io("open the folder", path)(Errno::NOENT))?;
    trusted(&folder, path)?;
    // Not left to mkdir: the umask would take bits away.
    fchmod(&folder, mode).map_err(TokenError::io("set the folder's mode", path))?;
    Ok(folder)
}

fn opened(outer: impl AsFd, name: &Path, path: &Path) -> Result<Option<OwnedFd>, TokenError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(outer, name, flags, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        // Linux answers ENOTDIR for a link too, other systems ELOOP.
        Err(Errno::NOTDIR | Errno::LOOP) if path.is_symlink() => {
            let remedy = "remove the link, or name the folder itself that it points to";
            Err(TokenError::unsafe_folder(
                path,
                "is a symbolic link".to_owned(),
                remedy.to_owned(),
            ))
        }
        Err(Errno::NOTDIR) => Err(TokenError::no_folder(path)),
        Err(errno) => Err(TokenError::io("open the folder", path)(errno)),
    }
}

/// The first entry of a profile's folder that valetkey did not put there.
fn stranger(folder: &OwnedFd) -> Result<Option<String>, Errno> {
    let mut strangers = Dir::read_from(folder)?.filter_map(|entry| match entry {
        Ok(entry) => {
            let name = entry.file_name().to_string_lossy();
            let named = |kind: Kind| [kind.name(), kind.new_name()].contains(&name.as_ref());
            let own = [".", ".."].contains(&name.as_ref()) || Kind::ALL.into_iter().any(named);
            (!own).then(|| Ok(name.into_owned()))
        }
        Err(errno) => Some(Err(errno)),
    });
    strangers.next().transpose()
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
