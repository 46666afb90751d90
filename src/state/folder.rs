use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, fstat, mkdir, openat};
use rustix::io::Errno;

use super::Error;
use crate::trusted_path;

/// Tells whether things could be kept in `dir`, and changes nothing. Blocks on the file system.
pub(super) fn inspect(dir: &Path) -> Result<(), Error> {
    trusted_path::check(dir)?;
    let writable = |path: &Path| {
        let access = accessat(CWD, path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty());
        access.map_err(Error::io("write in the folder", path))
    };
    match opened(dir)? {
        Some(_) => writable(dir),
        None => dir.parent().map_or(Ok(()), writable),
    }
}

/// Opens `dir`, and makes it where it is missing. One that is there keeps its mode, which a service manager may have
/// given it: what is kept is in files for this user alone.
pub(super) fn open(dir: &Path) -> Result<OwnedFd, Error> {
    trusted_path::check(dir)?;
    if let Some(folder) = opened(dir)? {
        return Ok(folder);
    }
    match mkdir(dir, Mode::RWXU) {
        // Another daemon may have been quicker.
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(Error::io("make the folder", dir)(errno)),
    }
    opened(dir)?.ok_or_else(|| Error::io("open the folder", dir)(Errno::NOENT))
}

/// Nothing where it is missing. Nobody else may exchange what is in it.
fn opened(dir: &Path) -> Result<Option<OwnedFd>, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match openat(CWD, dir, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(None),
        // A link, too, by either of the two.
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(Error::no_folder(dir)),
        Err(errno) => return Err(Error::io("open the folder", dir)(errno)),
    };
    let stat = fstat(&folder).map_err(Error::io("look at the folder", dir))?;
    match trusted_path::untrusted(dir, &stat) {
        Some(flaw) => Err(Error::flaw(dir, &flaw)),
        None => Ok(Some(folder)),
    }
}
