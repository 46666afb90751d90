use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use ring::rand::{SecureRandom, SystemRandom};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fchmod, fstat, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::TokenError;
use crate::secret::Secret;

/// The file's name in the profile's folder.
pub(super) const NAME: &str = "token";
/// Where a new token is written before it takes its place.
pub(super) const NEW: &str = ".token.new";

/// 32 random bytes in base64url without padding. No line break: several SDKs refuse a token file that has one.
const BYTES: usize = 32;
const LENGTH: usize = 43;

/// Where a profile's token is.
pub(super) struct TokenFile<'a> {
    pub(super) folder: &'a OwnedFd,
    /// For messages.
    pub(super) path: PathBuf,
    pub(super) mode: Mode,
}

impl TokenFile<'_> {
    /// The token that is there, if nobody but this user can have written it and it is not that of another profile: a
    /// copied file would leave to chance which of the two it means. Its mode is corrected.
    pub(super) fn keep(&self, of_another: impl FnOnce(&Secret) -> bool) -> Result<Option<Secret>, TokenError> {
        // Without O_NONBLOCK, a pipe in the file's place would hold the start up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(self.folder, NAME, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Ok(self.distrusted("it was a symbolic link")),
            Err(_) => return Ok(self.distrusted("it could not be opened")),
        };
        let stat = fstat(&file).map_err(TokenError::io("look at the token", &self.path))?;
        if let Some(flaw) = flaw(&stat, rustix::process::geteuid().as_raw()) {
            return Ok(self.distrusted(flaw));
        }
        let Some(token) = read(&file) else {
            return Ok(self.distrusted("it did not hold a token of valetkey's"));
        };
        if of_another(&token) {
            return Ok(self.distrusted("another profile has the same"));
        }
        if Mode::from_raw_mode(stat.st_mode) != self.mode {
            fchmod(&file, self.mode).map_err(TokenError::io("set the token's mode", &self.path))?;
        }
        Ok(Some(token))
    }

    /// Puts a new token in the place of whatever is there.
    pub(super) fn replace(&self) -> Result<Secret, TokenError> {
        let token = generate()?;
        // What an interrupted start left behind.
        match unlinkat(self.folder, NEW, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(TokenError::io("remove .token.new beside the token", &self.path)(errno)),
        }
        self.write(&token).inspect_err(|_| {
            // Best effort: the next start removes it too.
            let _ = unlinkat(self.folder, NEW, AtFlags::empty());
        })?;
        Ok(token)
    }

    /// Whole or not at all: readers see the old file or the new one.
    fn write(&self, token: &Secret) -> Result<(), TokenError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(self.folder, NEW, flags, Mode::RUSR | Mode::WUSR)
            .map_err(TokenError::io("make a new token file", &self.path))?;
        let mut file = File::from(file);
        file.write_all(token.expose().as_bytes())
            .map_err(|error| TokenError::io("write the token", &self.path)(errno_of(&error)))?;
        // Not left to open: the umask would take bits away.
        fchmod(&file, self.mode).map_err(TokenError::io("set the token's mode", &self.path))?;
        fsync(&file).map_err(TokenError::io("write the token", &self.path))?;
        renameat(self.folder, NEW, self.folder, NAME)
            .map_err(TokenError::io("put the new token in its place", &self.path))?;
        // Not every file system can sync a folder; a token lost in a crash is made anew.
        let _ = fsync(self.folder);
        Ok(())
    }

    fn distrusted(&self, flaw: &str) -> Option<Secret> {
        let path = self.path.display();
        tracing::warn!("{path}: the token is replaced: {flaw}");
        None
    }
}

/// What makes a file one that another user could have written, or can still write.
fn flaw(stat: &Stat, user: u32) -> Option<&'static str> {
    let others_write = Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        Some("it was not a regular file")
    } else if stat.st_uid != user {
        Some("it belonged to another user")
    } else if stat.st_nlink != 1 {
        Some("it had a second name (a hard link)")
    } else if others_write {
        Some("others could write it")
    } else {
        None
    }
}

fn read(file: &File) -> Option<Secret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH + 1));
    file.take(LENGTH as u64 + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() != LENGTH {
        return None;
    }
    BASE64URL_NOPAD
        .decode_mut(&bytes, &mut *Zeroizing::new([0; BYTES]))
        .ok()?;
    std::str::from_utf8(&bytes).ok().map(Secret::from)
}

fn generate() -> Result<Secret, TokenError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| TokenError::Random)?;
    Ok(BASE64URL_NOPAD.encode(&*bytes).into())
}

fn errno_of(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
