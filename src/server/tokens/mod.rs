//! Authorization tokens: `<token_dir>/<profile>/token`, one a profile.
//!
//! A file is written by valetkey and read by the consumers' SDKs. The daemon itself keeps digests only: it can
//! recognise a token and cannot tell one, but for what an open connection showed last.

mod file;
mod folder;
mod way;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustix::fs::Mode;

use crate::aws::ProfileName;
use crate::secret::Secret;
use crate::trusted_path::{self, Flaw, Obstacle, Problem};

/// Which token belongs to which profile. How long a look-up takes tells nothing of any token: what is compared is a
/// digest, of which nobody chooses a prefix.
pub struct Tokens(Box<[(Digest, usize)]>);

type Digest = [u8; SHA256_OUTPUT_LEN];

impl Tokens {
    /// One token a profile, in the order of the profiles.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a Secret>) -> Self {
        let digests = tokens.into_iter().map(digest_of);
        Self::sorted(digests.zip(0..).collect())
    }

    fn sorted(mut digests: Vec<(Digest, usize)>) -> Self {
        digests.sort_unstable();
        Self(digests.into())
    }

    /// The place in this list of the token that the whole value of an `Authorization` header is. No SDK adds a scheme such
    /// as `Bearer`.
    pub(super) fn find(&self, authorization: &[u8]) -> Option<usize> {
        let digest = sha256(authorization);
        let found = self.0.binary_search_by(|(known, _)| known.cmp(&digest));
        found.ok()
    }

    /// The place of the profile whose token has this place.
    pub(super) fn profile(&self, token: usize) -> Option<usize> {
        self.0.get(token).map(|(_, profile)| *profile)
    }
}

fn digest_of(token: &Secret) -> Digest {
    sha256(token.expose().as_bytes())
}

fn sha256(bytes: &[u8]) -> Digest {
    let mut copy = [0; SHA256_OUTPUT_LEN];
    copy.copy_from_slice(digest(&SHA256, bytes).as_ref());
    copy
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

/// Makes sure that every profile has a token file with permission bits `mode`, and returns the tokens in the order of
/// `profiles`. A token survives restarts while its file is one that only this user could have written; otherwise it is
/// replaced, with a warning that says why.
///
/// It may replace the token of a daemon that runs: call it once the listeners are bound, which only one daemon can do.
///
/// Blocks on the file system.
pub fn prepare(dir: &Path, mode: u32, profiles: &[ProfileName]) -> Result<Tokens, TokenError> {
    let mode = Mode::from_raw_mode(mode);
    trusted_path::check(dir)?;
    let outer = folder::open_or_create(dir, folder::mode_for(mode))?;
    let mut known = Vec::new();
    for (place, profile) in profiles.iter().enumerate() {
        let path = dir.join(profile.as_str());
        let inner = folder::open_or_create_in(&outer, profile.as_str(), &path, folder::mode_for(mode))?;
        let token_file = file::TokenFile {
            folder: &inner,
            path: path.join(file::NAME),
            mode,
        };
        let token = match token_file.keep(|token| is_known(&known, digest_of(token)))? {
            Some(token) => token,
            None => token_file.replace()?,
        };
        known.push((digest_of(&token), place));
    }
    Ok(Tokens::sorted(known))
}

fn is_known(known: &[(Digest, usize)], digest: Digest) -> bool {
    known.iter().any(|(other, _)| *other == digest)
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
