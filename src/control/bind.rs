use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::lock::{Lock, LockError};
use crate::trusted_path::{self, Obstacle, Problem};

/// The control socket, bound. Its file is removed when this is dropped, unless it is another's by then.
pub struct Listener {
    pub(super) socket: UnixListener,
    place: Place,
}

impl Listener {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.place.path
    }
}

/// Binds the control socket at an absolute path. A folder that is missing is made, which only this user may
/// write in; the folder above it must be there. A socket that nobody answers on is replaced.
///
/// The file has mode 0600 before it is listened to: until then, the system refuses whoever connects.
pub async fn bind(path: &Path) -> Result<Listener, BindError> {
    let owned = path.to_owned();
    let claim = in_background(path, move || claim(&owned)).await?;
    if claim.stale && answers(path).await? {
        return Err(BindError::Answered { path: path.to_owned() });
    }
    let (socket, place) = in_background(path, move || claim.bind()).await?;
    let socket = socket.listen(BACKLOG).map_err(BindError::io("listen on", path))?;
    Ok(Listener { socket, place })
}

/// More than may be open at once; the rest wait in `connect`.
const BACKLOG: u32 = 64;

/// Why the control socket is not bound. The message names the path and what to change.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon has it.
    #[error("[server] control_socket: another valetkey answers on {}; end it, or choose another path", path.display())]
    Answered {
        /// The path.
        path: PathBuf,
    },
    /// A file of another kind has the name; it is left alone.
    #[error(
        "[server] control_socket: {} is there and is not a socket; move it away, or choose another path",
        path.display()
    )]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// Somebody else could put another socket in its place, or something else is in a folder's place.
    #[error("[server] control_socket: {}: {problem}; {remedy}", path.display())]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// A system call failed.
    #[error("[server] control_socket: cannot {what} {}: {error}; {remedy}", path.display(), remedy = remedy(error))]
    Io {
        /// What failed.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// How.
        error: io::Error,
    },
}

/// What this process may do at the path, since it holds the lock.
struct Claim {
    path: PathBuf,
    lock: Lock,
    /// A socket has the name.
    stale: bool,
}

fn claim(path: &Path) -> Result<Claim, BindError> {
    trusted_path::check(path)?;
    make_folder(path)?;
    let lock = Lock::take(path).map_err(|error| match error {
        LockError::Taken => BindError::Answered { path: path.to_owned() },
        LockError::Io(path, error) => BindError::io("lock", &path)(error),
    })?;
    let stale = match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => true,
        Ok(_) => return Err(BindError::NotASocket { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(BindError::io("look at", path)(error)),
    };
    let path = path.to_owned();
    Ok(Claim { path, lock, stale })
}

fn make_folder(socket: &Path) -> Result<(), BindError> {
    let Some(folder) = socket.parent() else {
        return Ok(());
    };
    // The tokens of consumers may be in the same folder; who may use the socket is said by its own mode.
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(BindError::io("make the folder", folder)(error)),
        // Whoever made it meanwhile may be a stranger.
        _ => Ok(trusted_path::check(socket)?),
    }
}

/// Whether somebody listens at the socket. To be unsure is to leave it alone.
async fn answers(path: &Path) -> Result<bool, BindError> {
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(BindError::io("connect to", path)(error)),
        // One who is too busy to accept is there all the same.
        Ok(_) | Err(_) => Ok(true),
    }
}

impl Claim {
    fn bind(self) -> Result<(UnixSocket, Place), BindError> {
        let path = &self.path;
        if self.stale {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(BindError::io("replace", path)(error)),
                _ => {}
            }
        }
        let socket = UnixSocket::new_stream().map_err(BindError::io("make", path))?;
        socket.bind(path).map_err(BindError::io("bind", path))?;
        let made = fs::symlink_metadata(path).map_err(BindError::io("look at", path))?;
        let place = Place {
            path: self.path,
            identity: (made.dev(), made.ino()),
            _lock: self.lock,
        };
        fs::set_permissions(&place.path, Permissions::from_mode(0o600))
            .map_err(BindError::io("set the mode of", &place.path))?;
        Ok((socket, place))
    }
}

/// The socket's file, which is this process's to remove.
struct Place {
    path: PathBuf,
    identity: (u64, u64),
    /// Dropped after the file is gone.
    _lock: Lock,
}

impl Drop for Place {
    fn drop(&mut self) {
        let there = fs::symlink_metadata(&self.path).map(|there| (there.dev(), there.ino()));
        if there.is_ok_and(|there| there == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl BindError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { what, path, error }
    }
}

impl From<Obstacle> for BindError {
    fn from(Obstacle { path, problem }: Obstacle) -> Self {
        match problem {
            Problem::Flaw(flaw) => {
                let (problem, remedy) = (flaw.to_string(), flaw.remedy(&path, "control_socket"));
                Self::Unsafe { path, problem, remedy }
            }
            Problem::NotAFolder => {
                let remedy = "remove it, or choose another path".to_owned();
                let problem = "is not a folder".to_owned();
                Self::Unsafe { path, problem, remedy }
            }
            Problem::Io(what, errno) => Self::io(what, &path)(errno.into()),
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "make the folder above it, or choose another path",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "choose a path in a folder that this user may write in"
        }
        ErrorKind::InvalidInput => "choose a shorter path: the system takes about 100 bytes",
        _ => "choose another path",
    }
}

async fn in_background<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, BindError> + Send + 'static,
) -> Result<T, BindError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(BindError::io("bind", path)(io::Error::other(error))))
}
