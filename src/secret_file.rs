//! Reading a file that holds secrets: a half of the long-term key, a TOTP seed or a token alone, or a text with keys in it.
//!
//! The file may be changed by others while it is read and may be something else than a file: it is opened without
//! blocking, must be a regular file of a bounded size that not everybody may write, and is read into memory that is wiped.
//! Errors name the path and the remedy, never the content.

mod version;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use rustix::process::geteuid;
use zeroize::Zeroizing;

pub use version::Version;

use crate::secret::Secret;

/// In bytes; no key, seed or `otpauth://` URI comes near it.
const LIMIT: u64 = 8 * 1024;

/// Why a secret file was not read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = path.display())]
pub struct Error {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("was changed while it was read; replace it by renaming a new file")]
    Changed,
    #[error("holds nothing; write the value into it")]
    Empty,
    #[error("is not a regular file; put a file in its place")]
    NotAFile,
    #[error("is not a folder; name the folder that the file is in")]
    NotAFolder,
    #[error("may not be read by the user that runs valetkey (UID {0}); give it to that user")]
    NotAllowed(u32),
    #[error("does not exist; create it, or name another place")]
    NotFound,
    #[error("holds bytes that are not UTF-8; write it as plain text")]
    NotText,
    #[error("holds more than one line; write the value alone, without its name or a comment")]
    SeveralLines,
    #[error("is larger than {0} bytes; write the value alone")]
    TooLarge(u64),
    #[error("is larger than {0} bytes; make it smaller")]
    TooLargeText(u64),
    #[error("can be written by everybody (mode {0:03o}), so its content cannot be trusted; run chmod o-w")]
    WorldWritable(u32),
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

impl Error {
    /// Whether nothing was there, as while a mounted Secret is swapped.
    pub fn is_not_found(&self) -> bool {
        matches!(self.reason, Reason::NotFound)
    }

    /// Whether the file is that of another user.
    pub fn is_not_allowed(&self) -> bool {
        matches!(self.reason, Reason::NotAllowed(_))
    }

    /// What is wrong with the file and what to do, without its path.
    pub fn reason(&self) -> String {
        self.reason.to_string()
    }
}

/// Opens a folder, following links, as the one handle through which its files are read; messages say `shown`.
pub fn open_directory(path: &Path, shown: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).map_err(|errno| Error {
        path: shown.to_owned(),
        reason: errno.into(),
    })
}

/// Reads the secret in a file. Blocks.
pub fn read(path: &Path) -> Result<Secret, Error> {
    read_at(CWD, path.as_os_str().as_ref(), path)
}

/// Reads the secret in the file `name` of an open folder; messages say `shown`. Blocks.
pub fn read_at(directory: impl AsFd, name: &Path, shown: &Path) -> Result<Secret, Error> {
    read_line(directory, name, LIMIT).map_err(|reason| Error {
        path: shown.to_owned(),
        reason,
    })
}

/// Reads the secret in a file, of at most `limit` bytes. Blocks.
pub fn read_within_limit(path: &Path, limit: u64) -> Result<Secret, Error> {
    read_line(CWD, path.as_os_str().as_ref(), limit).map_err(|reason| Error {
        path: path.to_owned(),
        reason,
    })
}

/// Reads a whole text of several lines and at most `limit` bytes, white space and all. Blocks.
pub fn read_text(path: &Path, limit: u64) -> Result<Secret, Error> {
    read_within(CWD, path, limit)
        .and_then(|bytes| bytes.ok_or(Reason::TooLargeText(limit)))
        .and_then(|bytes| Ok(Secret::from(text(&bytes)?)))
        .map_err(|reason| Error {
            path: path.to_owned(),
            reason,
        })
}

fn read_line(directory: impl AsFd, name: &Path, limit: u64) -> Result<Secret, Reason> {
    let bytes = read_within(directory, name, limit)?.ok_or(Reason::TooLarge(limit))?;
    let text = text(&bytes)?.trim();
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    if text.contains(['\n', '\r']) {
        return Err(Reason::SeveralLines);
    }
    Ok(Secret::from(text))
}

/// Nothing if there are more bytes than `limit`.
fn read_within(directory: impl AsFd, name: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Reason> {
    // Without NONBLOCK a pipe in the file's place would hang the reader for ever.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(directory, name, flags, Mode::empty())?);
    let status = fstat(&file)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(Reason::NotAFile);
    }
    if status.st_mode & 0o002 != 0 {
        return Err(Reason::WorldWritable(status.st_mode & 0o777));
    }
    read_all(file, u64::try_from(status.st_size).unwrap_or_default(), limit)
}

/// Into one allocation: a buffer that grows leaves copies behind that nobody wipes. Some file systems know no sizes.
fn read_all(file: File, size: u64, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Reason> {
    let expected = size.max(LIMIT).min(limit);
    let capacity = usize::try_from(expected).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(expected + 1)
        .read_to_end(&mut bytes)
        .map_err(Reason::Unreadable)?;
    match bytes.len() < capacity {
        true => Ok(Some(bytes)),
        false if expected < limit => Err(Reason::Changed),
        false => Ok(None),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Reason> {
    str::from_utf8(bytes).map_err(|_| Reason::NotText)
}

impl From<Errno> for Reason {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::NotFound,
            Errno::NOTDIR => Self::NotAFolder,
            Errno::ACCESS | Errno::PERM => Self::NotAllowed(geteuid().as_raw()),
            other => Self::Unreadable(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn message(content: &[u8], mode: u32) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match read(&path) {
            Ok(secret) => format!("read {}", secret.expose()),
            Err(error) => error.to_string().replace(folder.path().to_str().unwrap(), ""),
        }
    }

    #[test]
    fn white_space_around_the_value_does_not_count() {
        for content in ["value", "value\n", "  value \r\n\n"] {
            assert_eq!(message(content.as_bytes(), 0o600), "read value");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_content() {
        let too_large = vec![b'x'; 8 * 1024 + 1];
        for (content, mode, expected) in [
            (&b""[..], 0o600, "/secret: holds nothing; write the value into it"),
            (b" \n", 0o600, "/secret: holds nothing; write the value into it"),
            (
                b"one\ntwo",
                0o600,
                "/secret: holds more than one line; write the value alone, without its name or a comment",
            ),
            (
                b"\xff",
                0o600,
                "/secret: holds bytes that are not UTF-8; write it as plain text",
            ),
            (
                &too_large,
                0o600,
                "/secret: is larger than 8192 bytes; write the value alone",
            ),
            (
                b"value",
                0o646,
                "/secret: can be written by everybody (mode 646), so its content cannot be trusted; run chmod o-w",
            ),
        ] {
            assert_eq!(message(content, mode), expected);
        }
        assert_eq!(message(&too_large[1..], 0o640).len(), "read ".len() + 8 * 1024);
    }

    #[test]
    fn a_text_is_read_whole_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        let read = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            match read_text(&path, 4) {
                Ok(text) => format!("read {:?}", text.expose()),
                Err(error) => error.to_string().replace(folder.path().to_str().unwrap(), ""),
            }
        };
        for (content, expected) in [
            (&b""[..], "read \"\""),
            (b" a\n\n", "read \" a\\n\\n\""),
            (b"12345", "/text: is larger than 4 bytes; make it smaller"),
            (b"\xff", "/text: holds bytes that are not UTF-8; write it as plain text"),
        ] {
            assert_eq!(read(content), expected);
        }
    }

    #[test]
    fn what_is_not_a_file_neither_hangs_nor_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        for (path, expected) in [
            (pipe.as_path(), "is not a regular file; "),
            (folder.path(), "is not a regular file; "),
            (&folder.path().join("missing"), "does not exist; "),
            (&pipe.join("below"), "is not a folder; "),
        ] {
            let error = read(path).err().unwrap().to_string();
            assert!(error.starts_with(&format!("{}: {expected}", path.display())), "{error}");
        }
    }
}
