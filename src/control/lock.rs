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
            let file = open(&path)?;
            not_a_strangers(&file, &path)?;
            if let Some(lock) = Self::hold(file, &path)? {
                return Ok(lock);
            }
        }
    }

    /// Nothing when the last owner removed the file after it was opened: its name is free for another by now.
    fn hold(file: File, path: &Path) -> Result<Option<Self>, LockError> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(LockError::Taken),
            Err(errno) => return Err(LockError::Io(path.to_owned(), errno.into())),
        }
        let path = path.to_owned();
        Ok(is_in_place(&file, &path).then(|| Self { path, file }))
    }
}

fn open(path: &Path) -> Result<File, LockError> {
    // A pipe in its place must not hang the start, and a link must lead nowhere.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(CWD, path, flags, Mode::RUSR | Mode::WUSR);
    opened
        .map(File::from)
        .map_err(|errno| LockError::Io(path.to_owned(), errno.into()))
}

/// Whoever owns a file can lock it for ever, and that would look like another daemon.
fn not_a_strangers(file: &File, path: &Path) -> Result<(), LockError> {
    let stat = fstat(file).map_err(|errno| LockError::Io(path.to_owned(), errno.into()))?;
    let (user, own) = (stat.st_uid, rustix::process::geteuid().as_raw());
    if user == 0 || user == own {
        return Ok(());
    }
    let stranger = io::Error::other(format!("it belongs to user {user}"));
    Err(LockError::Io(path.to_owned(), stranger))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_owner_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let lock = Lock::take(&socket).ok().unwrap();
        assert!(matches!(Lock::take(&socket), Err(LockError::Taken)));
        let path = lock.path.clone();
        drop(lock);
        assert!(!path.exists());
        assert!(Lock::take(&socket).is_ok());
    }

    #[test]
    fn a_file_that_its_owner_has_removed_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let first = Lock::take(&socket).ok().unwrap();
        let path = first.path.clone();
        let opened = open(&path).ok().unwrap();
        drop(first);
        let second = Lock::take(&socket).ok().unwrap();
        assert!(matches!(Lock::hold(opened, &path), Ok(None)));
        assert!(is_in_place(&second.file, &path), "it is not the other's to remove");
    }

    #[test]
    fn a_strangers_file_is_not_another_daemon() {
        if !rustix::process::geteuid().is_root() {
            return; // Only root can make a file another's.
        }
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let file = File::create(folder.path().join("control.sock.lock")).unwrap();
        flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        std::os::unix::fs::fchown(&file, Some(4711), None).unwrap();
        let Err(LockError::Io(_, error)) = Lock::take(&socket) else {
            panic!("it was taken for another daemon's");
        };
        assert_eq!(error.to_string(), "it belongs to user 4711");
    }
}
