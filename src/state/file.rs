use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, Stat, fchmod, fdatasync, flock, fstat, fsync, openat, renameat,
    statat, unlinkat,
};
use rustix::io::Errno;
use tracing::warn;

use super::steps::{LENGTH, State, Steps};
use super::{Error, folder};
use crate::aws::{ProfileName, SerialNumber};

/// Reserves a step, on the disk, if it is free. Blocks on the file system and on whoever has the file locked.
pub(super) fn reserve(dir: &Path, device: &SerialNumber, step: u64) -> Result<bool, Error> {
    let mut file = StepsFile::open(dir, device)?;
    // Of a file that is not what was kept nobody knows whether the present step is used.
    let free = !file.is_doubtful && file.steps.is_free(step);
    if free || file.is_doubtful {
        file.steps.set(step, State::Reserved);
        file.write()?;
        file.sync()?;
    }
    Ok(free)
}

/// Notes what became of a step. It need not be on the disk: a loss of power leaves the step reserved.
pub(super) fn settle(dir: &Path, device: &SerialNumber, step: u64, state: State) -> Result<(), Error> {
    let mut file = StepsFile::open(dir, device)?;
    if file.steps.state(step) == Some(State::Reserved) {
        file.steps.set(step, state);
        file.write()?;
    }
    Ok(())
}

/// The longest session that is kept, in bytes: a token has a few thousand.
const LONGEST: u64 = 64 * 1024;

/// What is kept of a profile's session.
pub(super) enum Kept {
    Nothing,
    Sealed(Vec<u8>),
    /// Another user could have put it there.
    Foreign(&'static str),
}

/// Reads the session of a profile.
pub(super) fn session(dir: &Path, profile: &ProfileName) -> Result<Kept, Error> {
    let (folder, path) = (folder::open(dir)?, session_path(dir, profile));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(&folder, name_in(&path), flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Kept::Nothing),
        Err(Errno::LOOP) => return Ok(Kept::Foreign(LINK)),
        Err(Errno::ACCESS) => return Ok(Kept::Foreign(CLOSED)),
        Err(errno) => return Err(Error::io("open the file", &path)(errno)),
    };
    let stat = fstat(&file).map_err(Error::io("look at the file", &path))?;
    if let Some(flaw) = flaw(&stat) {
        return Ok(Kept::Foreign(flaw));
    }
    let mut bytes = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(|error| io("read the session", &path)(&error))?;
    Ok(Kept::Sealed(bytes))
}

/// Puts a session in the place of whatever is there, whole or not at all: a reader sees the old one or the new one.
pub(super) fn keep(dir: &Path, profile: &ProfileName, sealed: &[u8]) -> Result<(), Error> {
    let (folder, path) = (folder::open(dir)?, session_path(dir, profile));
    let new = dir.join(format!(".{profile}.session.new"));
    // One writer at a time: each begins by removing what a killed one has left.
    let _turn = turn(&folder, dir)?;
    match unlinkat(&folder, name_in(&new), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(Error::io("remove the file", &new)(errno)),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file =
        openat(&folder, name_in(&new), flags, Mode::RUSR | Mode::WUSR).map_err(Error::io("make the file", &new))?;
    let file = File::from(file);
    let write = || {
        file.write_all_at(sealed, 0)?;
        file.sync_all()
    };
    let written = write().map_err(|error| io("write the session", &new)(&error));
    let placed = written.and_then(|()| {
        renameat(&folder, name_in(&new), &folder, name_in(&path))
            .map_err(Error::io("put the new session in its place", &path))
    });
    if placed.is_err() {
        let _ = unlinkat(&folder, name_in(&new), AtFlags::empty());
    }
    // Not every file system can sync a folder; a session lost in a crash is made anew.
    let _ = fsync(&folder);
    placed
}

/// Locks a file of ours rather than the folder, which whoever may read it could keep locked for ever.
fn turn(folder: &OwnedFd, dir: &Path) -> Result<OwnedFd, Error> {
    let path = dir.join(".sessions.lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = openat(folder, name_in(&path), flags, Mode::RUSR | Mode::WUSR);
    let lock = lock.map_err(Error::io("open the lock", &path))?;
    let stat = fstat(&lock).map_err(Error::io("look at the lock", &path))?;
    only_own(&lock, &stat, &path)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(Error::io("lock the file", &path))?;
    Ok(lock)
}

/// The name of a profile is one that a file can have.
fn session_path(dir: &Path, profile: &ProfileName) -> PathBuf {
    dir.join(format!("{profile}.session"))
}

/// By which it is found in the folder that is open, whatever has its path by now.
fn name_in(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

/// A serial number may be an ARN, with slashes.
pub(super) fn name_of(device: &SerialNumber) -> String {
    let name = digest(&SHA256, device.as_str().as_bytes());
    BASE64URL_NOPAD.encode(&name.as_ref()[..18]) + ".steps"
}

/// The file of a device, locked until this is dropped.
struct StepsFile<'a> {
    dir: &'a Path,
    folder: OwnedFd,
    file: File,
    steps: Steps,
    /// It was not there, or another file was.
    is_new: bool,
    /// What was there could not be believed.
    is_doubtful: bool,
}

/// How often the file may be exchanged while it is opened.
const TRIES: usize = 8;

impl<'a> StepsFile<'a> {
    fn open(dir: &'a Path, device: &SerialNumber) -> Result<Self, Error> {
        let folder = folder::open(dir)?;
        let name = name_of(device);
        let path = dir.join(&name);
        let (file, was_foreign) = locked(&folder, &name, &path)?;
        let mut bytes = Vec::with_capacity(LENGTH + 1);
        let read = (&file).take(LENGTH as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| io("read the used steps", &path)(&error))?;
        // One that was just made, or whose maker was killed before he wrote.
        let is_new = bytes.is_empty();
        let steps = if is_new {
            Some(Steps::none())
        } else {
            Steps::parse(&bytes)
        };
        if steps.is_none() {
            warn!(
                "{}: it is damaged, or of another version, and begun anew: the present MFA step counts as used",
                path.display()
            );
        }
        Ok(Self {
            dir,
            folder,
            file,
            is_new: is_new || was_foreign,
            is_doubtful: steps.is_none() || was_foreign,
            steps: steps.unwrap_or_else(Steps::none),
        })
    }

    fn write(&self) -> Result<(), Error> {
        let write = || {
            self.file.write_all_at(&self.steps.bytes(), 0)?;
            self.file.set_len(LENGTH as u64)
        };
        write().map_err(|error| io("write the used steps", self.dir)(&error))
    }

    fn sync(&self) -> Result<(), Error> {
        fdatasync(&self.file).map_err(Error::io("write the used steps", self.dir))?;
        if self.is_new {
            // Not every file system can sync a folder.
            let _ = fsync(&self.folder);
        }
        Ok(())
    }
}

/// Opens and locks the file; tells whether one had to give way that another user could have written.
fn locked(folder: &OwnedFd, name: &str, path: &Path) -> Result<(File, bool), Error> {
    // A pipe in its place must not hang, and a link must lead nowhere.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut was_foreign = false;
    for _ in 0..TRIES {
        let problem = match openat(folder, name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => {
                let stat = fstat(&file).map_err(Error::io("look at the file", path))?;
                if let Some(flaw) = flaw(&stat) {
                    flaw
                } else {
                    // First, since whoever may read it could lock it, too.
                    only_own(&file, &stat, path)?;
                    flock(&file, FlockOperation::LockExclusive).map_err(Error::io("lock the file", path))?;
                    if is_in_place(folder, name, &stat) {
                        return Ok((File::from(file), was_foreign));
                    }
                    continue;
                }
            }
            Err(Errno::LOOP) => LINK,
            Err(Errno::ACCESS) => CLOSED,
            Err(errno) => return Err(Error::io("open the file", path)(errno)),
        };
        warn!("{}: {problem}; it is replaced", path.display());
        was_foreign = true;
        match unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(Error::io("replace the file", path)(errno)),
        }
    }
    Err(Error::io("lock the file", path)(Errno::BUSY))
}

const LINK: &str = "it is a symbolic link";

const CLOSED: &str = "this user may not open it";

/// What makes a file one that another user could have written, or can still write.
fn flaw(stat: &Stat) -> Option<&'static str> {
    let others_write = Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        Some("it is not a regular file")
    } else if stat.st_uid != rustix::process::geteuid().as_raw() {
        Some("it belongs to another user")
    } else if stat.st_nlink > 1 {
        Some("it has a second name (a hard link)")
    } else if others_write {
        Some("others can write it")
    } else {
        None
    }
}

fn only_own(file: impl AsFd, stat: &Stat, path: &Path) -> Result<(), Error> {
    let own = Mode::RUSR | Mode::WUSR;
    if Mode::from_raw_mode(stat.st_mode) == own {
        return Ok(());
    }
    fchmod(file, own).map_err(Error::io("set the file's mode", path))
}

fn is_in_place(folder: &OwnedFd, name: &str, ours: &Stat) -> bool {
    let there = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    there.is_ok_and(|there| (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino))
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(&std::io::Error) -> Error {
    let error = Error::io(what, path);
    move |failed| error(Errno::from_io_error(failed).unwrap_or(Errno::IO))
}
