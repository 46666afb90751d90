use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, fstat, lstat, openat};
use rustix::io::Errno;

/// That no other valetkey owns the socket beside this file. It ends with the process, however that ends.
///
/// Without it, two daemons that start at the same time could both find a socket that nobody answers on, and the second
/// would remove the one that the first has just made.
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

/// Why there is no lock.
pub(super) enum LockError {
    /// Another process has it.
    Taken,
    /// It cannot be made.
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Takes the lock of a socket, without waiting for it.
    pub(super) fn take(socket: &Path) -> Result<Self, LockError> {
        let mut name = socket.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        loop {
            // A pipe in its place must not hang the start, and a link must lead nowhere.
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let opened = openat(CWD, &path, flags, Mode::RUSR | Mode::WUSR);
            let file = File::from(opened.map_err(|errno| LockError::Io(path.clone(), errno.into()))?);
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Err(LockError::Taken),
                Err(errno) => return Err(LockError::Io(path, errno.into())),
            }
            // Its last owner may have removed the file between the two.
            if is_in_place(&file, &path) {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if is_in_place(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn is_in_place(file: &File, path: &Path) -> bool {
    let ours = fstat(file).map(|stat| (stat.st_dev, stat.st_ino));
    let there = lstat(path).map(|stat| (stat.st_dev, stat.st_ino));
    matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
}
