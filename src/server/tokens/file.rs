use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::rand::{SecureRandom, SystemRandom};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fchmod, fstat, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::TokenError;
use crate::secret::Secret;

/// A file of a profile's folder that holds a secret, random and without a line break: several SDKs refuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What goes into the `Authorization` header: 32 random bytes in base64url without padding.
    Token,
    /// What `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` is set to. The secret is the id in it: 16 random bytes in lower-case hex.
    RelativeUri,
}

/// What stands before an id.
pub(in crate::server) const RELATIVE: &str = "/v2/credentials/";

const TOKEN_LENGTH: usize = 43;
const ID_LENGTH: usize = 32;

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Token, Self::RelativeUri];

    /// The file's name in the profile's folder.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::RelativeUri => "relative_uri",
        }
    }

    /// Where a new one is written before it takes its place.
    pub(super) fn new_name(self) -> &'static str {
        match self {
            Self::Token => ".token.new",
            Self::RelativeUri => ".relative_uri.new",
        }
    }

    /// What stands before the secret.
    fn prefix(self) -> &'static str {
        match self {
            Self::Token => "",
            Self::RelativeUri => RELATIVE,
        }
    }

    fn length(self) -> usize {
        self.prefix().len()
            + match self {
                Self::Token => TOKEN_LENGTH,
                Self::RelativeUri => ID_LENGTH,
            }
    }

    /// A secret that nobody has.
    pub(super) fn generate(self) -> Result<Secret, TokenError> {
        match self {
            Self::Token => Ok(BASE64URL_NOPAD.encode(&*random::<32>()?).into()),
            Self::RelativeUri => Ok(HEXLOWER.encode(&*random::<16>()?).into()),
        }
    }

    /// The secret in a file's content, if it is one of valetkey's.
    fn read(self, content: &[u8]) -> Option<Secret> {
        let secret = content.strip_prefix(self.prefix().as_bytes())?;
        let mut bytes = Zeroizing::new([0; 32]);
        match self {
            Self::Token if secret.len() == TOKEN_LENGTH => BASE64URL_NOPAD.decode_mut(secret, &mut *bytes),
            Self::RelativeUri if secret.len() == ID_LENGTH => HEXLOWER.decode_mut(secret, &mut bytes[..16]),
            _ => return None,
        }
        .ok()?;
        std::str::from_utf8(secret).ok().map(Secret::from)
    }
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, TokenError> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| TokenError::Random)?;
    Ok(bytes)
}

/// Where a profile's secret is.
pub(super) struct TokenFile<'a> {
    pub(super) folder: &'a OwnedFd,
    pub(super) kind: Kind,
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
        let file = match openat(self.folder, self.kind.name(), flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Ok(self.distrusted("it was a symbolic link")),
            Err(_) => return Ok(self.distrusted("it could not be opened")),
        };
        let stat = fstat(&file).map_err(TokenError::io("look at the token", &self.path))?;
        if let Some(flaw) = flaw(&stat, rustix::process::geteuid().as_raw()) {
            return Ok(self.distrusted(flaw));
        }
        let Some(token) = self.read(&file) else {
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

    /// Puts a token in the place of whatever is there.
    pub(super) fn replace(&self, token: &Secret) -> Result<(), TokenError> {
        // What an interrupted start left behind.
        let new = self.kind.new_name();
        match unlinkat(self.folder, new, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(TokenError::io("remove the new one beside the token", &self.path)(errno)),
        }
        self.write(token).inspect_err(|_| {
            // Best effort: the next start removes it too.
            let _ = unlinkat(self.folder, new, AtFlags::empty());
        })
    }

    /// Removes what opens nothing any more. Best effort: it opens nothing.
    pub(super) fn remove(&self) {
        let _ = unlinkat(self.folder, self.kind.name(), AtFlags::empty());
    }

    /// Whole or not at all: readers see the old file or the new one.
    fn write(&self, token: &Secret) -> Result<(), TokenError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let new = self.kind.new_name();
        let file = openat(self.folder, new, flags, Mode::RUSR | Mode::WUSR)
            .map_err(TokenError::io("make a new token file", &self.path))?;
        let mut file = File::from(file);
        for piece in [self.kind.prefix(), token.expose()] {
            file.write_all(piece.as_bytes())
                .map_err(|error| TokenError::io("write the token", &self.path)(errno_of(&error)))?;
        }
        // Not left to open: the umask would take bits away.
        fchmod(&file, self.mode).map_err(TokenError::io("set the token's mode", &self.path))?;
        fsync(&file).map_err(TokenError::io("write the token", &self.path))?;
        renameat(self.folder, new, self.folder, self.kind.name())
            .map_err(TokenError::io("put the new token in its place", &self.path))?;
        // Not every file system can sync a folder; a token lost in a crash is made anew.
        let _ = fsync(self.folder);
        Ok(())
    }

    fn read(&self, file: &File) -> Option<Secret> {
        let length = self.kind.length();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
        file.take(length as u64 + 1).read_to_end(&mut bytes).ok()?;
        self.kind.read(&bytes)
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

fn errno_of(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
