//! Authorization tokens: `<token_dir>/<profile>/token`, one a profile, and beside it `relative_uri` where that is wanted.
//!
//! A file is written by valetkey and read by the consumers' SDKs. The daemon itself keeps digests only: it can
//! recognise a token and cannot tell one, but for what an open connection showed last.

mod file;
mod folder;
mod known;
mod rotation;
mod way;

#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::aws::ProfileName;
use crate::secret::Secret;
use crate::trusted_path::{self, Flaw, Obstacle, Problem};
pub(super) use file::RELATIVE;
use file::{Kind, TokenFile};
pub use known::Tokens;
use known::{Digest, digest_of};
pub use rotation::{Fresh, Written};

/// What a daemon gave out: which token and which id opens which profile.
pub struct Issued {
    pub(super) tokens: Tokens,
    /// Those of `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`; none where they are not wanted.
    pub(super) ids: Tokens,
}

impl Issued {
    /// Tokens, and the ids that open the same profiles.
    pub fn new(tokens: Tokens, ids: Tokens) -> Self {
        Self { tokens, ids }
    }
}

/// Tells whether [`prepare`] could do its work, and changes nothing: a running daemon may be using the folder. A warning
/// tells of a folder that keeps from the tokens whom `mode` admits.
///
/// Blocks on the file system.
pub fn inspect(dir: &Path, mode: u32, profiles: &[ProfileName]) -> Result<(), TokenError> {
    trusted_path::check(dir)?;
    if let Some(obstacle) = way::obstacle(dir, Mode::from_raw_mode(mode)) {
        tracing::warn!("{obstacle}");
    }
    let Some(outer) = folder::open(dir)? else {
        return folder::could_be_made(dir);
    };
    for profile in profiles {
        let path = dir.join(profile.as_str());
        match folder::open_in(&outer, profile.as_str(), &path)? {
            Some(_) => folder::writable(&path)?,
            None => folder::writable(dir)?,
        }
    }
    Ok(())
}

/// Makes sure that every profile has a token file with permission bits `mode`, and with `ids` one with a relative URI, and
/// returns the tokens in the order of `profiles`. A token survives restarts while its file is one that only this user could
/// have written; otherwise it is replaced, with a warning that says why.
///
/// It may replace the token of a daemon that runs: call it once the listeners are bound, which only one daemon can do.
///
/// Blocks on the file system.
pub fn prepare(dir: &Path, mode: u32, ids: bool, profiles: &[ProfileName]) -> Result<Issued, TokenError> {
    let mode = Mode::from_raw_mode(mode);
    trusted_path::check(dir)?;
    let (mut tokens, mut relative) = (Vec::new(), Vec::new());
    for (place, profile) in profiles.iter().enumerate() {
        let folder = ProfileFolder::open(dir, mode, profile)?;
        tokens.push((folder.secret(Kind::Token, &tokens)?, place));
        if ids {
            relative.push((folder.secret(Kind::RelativeUri, &relative)?, place));
        } else {
            folder.file(Kind::RelativeUri).remove();
        }
    }
    Ok(Issued {
        tokens: Tokens::current(tokens),
        ids: Tokens::current(relative),
    })
}

/// `<token_dir>/<profile>`.
struct ProfileFolder {
    folder: OwnedFd,
    path: PathBuf,
    mode: Mode,
}

impl ProfileFolder {
    /// Made where it is missing.
    fn open(dir: &Path, mode: Mode, profile: &ProfileName) -> Result<Self, TokenError> {
        let outer = folder::open_or_create(dir, folder::mode_for(mode))?;
        let path = dir.join(profile.as_str());
        let folder = folder::open_or_create_in(&outer, profile.as_str(), &path, folder::mode_for(mode))?;
        Ok(Self { folder, path, mode })
    }

    fn file(&self, kind: Kind) -> TokenFile<'_> {
        TokenFile {
            folder: &self.folder,
            kind,
            path: self.path.join(kind.name()),
            mode: self.mode,
        }
    }

    /// The digest of the secret that is there, or of a new one.
    fn secret(&self, kind: Kind, known: &[(Digest, usize)]) -> Result<Digest, TokenError> {
        let file = self.file(kind);
        let is_known = |secret: &Secret| known.iter().any(|(other, _)| *other == digest_of(secret));
        if let Some(secret) = file.keep(is_known)? {
            return Ok(digest_of(&secret));
        }
        let secret = kind.generate()?;
        file.replace(&secret)?;
        Ok(digest_of(&secret))
    }
}

/// Why there are no tokens. The message names the path and what to change.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A system call failed.
    #[error("{}: cannot {what}: {errno}; {remedy}", path.display(), remedy = remedy(*errno))]
    Io {
        /// What failed.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// How.
        errno: rustix::io::Errno,
    },
    /// Somebody else could put another file in the place of a token, or something else is in a folder's place.
    #[error("{}: {problem}; {remedy}", path.display())]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers for a token")]
    Random,
}

impl TokenError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(rustix::io::Errno) -> Self {
        let path = path.to_owned();
        move |errno| Self::Io { what, path, errno }
    }

    fn flaw(path: &Path, flaw: &Flaw) -> Self {
        Self::unsafe_folder(path, flaw.to_string(), flaw.remedy(path, "token_dir"))
    }

    fn no_folder(path: &Path) -> Self {
        let remedy = "remove it, or choose another token_dir";
        Self::unsafe_folder(path, "is not a folder".to_owned(), remedy.to_owned())
    }

    fn unsafe_folder(path: &Path, problem: String, remedy: String) -> Self {
        let path = path.to_owned();
        Self::Unsafe { path, problem, remedy }
    }
}

impl From<Obstacle> for TokenError {
    fn from(Obstacle { path, problem }: Obstacle) -> Self {
        match problem {
            Problem::Flaw(flaw) => Self::flaw(&path, &flaw),
            Problem::NotAFolder => Self::no_folder(&path),
            Problem::Io(what, errno) => Self::Io { what, path, errno },
        }
    }
}

fn remedy(errno: rustix::io::Errno) -> &'static str {
    use rustix::io::Errno;
    match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => "token_dir must be a folder that this user may write in",
        Errno::NOSPC | Errno::DQUOT => "free space on its file system, or choose another token_dir",
        _ => "choose a token_dir where that works",
    }
}
