use std::path::Path;

use rustix::fs::Mode;

use super::file::Kind;
use super::known::{Successor, digest_of};
use super::{Issued, ProfileFolder, TokenError};
use crate::aws::ProfileName;
use crate::clock::BootInstant;
use crate::secret::Secret;

/// Another token for every profile, and another id where there are ids; in no file yet.
pub struct Fresh(Vec<FreshFile>);

struct FreshFile {
    profile: ProfileName,
    place: usize,
    kind: Kind,
    secret: Secret,
}

/// What came of writing them.
pub struct Written {
    tokens: Vec<Successor>,
    ids: Vec<Successor>,
    /// The profiles all of whose files are new, in their order.
    pub renewed: Vec<ProfileName>,
    /// Why the others are not, a message each, with the path and the remedy.
    pub failed: Vec<String>,
}

impl Fresh {
    /// Those of these profiles.
    pub fn generate(ids: bool, profiles: &[ProfileName]) -> Result<Self, TokenError> {
        let kinds = Kind::ALL.into_iter().filter(|kind| ids || *kind == Kind::Token);
        let files = profiles.iter().enumerate().flat_map(|(place, profile)| {
            kinds.clone().map(move |kind| {
                Ok(FreshFile {
                    profile: profile.clone(),
                    place,
                    kind,
                    secret: kind.generate()?,
                })
            })
        });
        files.collect::<Result<_, _>>().map(Self)
    }

    /// Puts them into their files, each whole or not at all: whoever reads one has to be let in already. One that fails
    /// keeps no other from its place.
    ///
    /// Blocks on the file system.
    pub fn write(self, dir: &Path, mode: u32) -> Written {
        let mode = Mode::from_raw_mode(mode);
        let mut written = Written {
            tokens: Vec::new(),
            ids: Vec::new(),
            renewed: Vec::new(),
            failed: Vec::new(),
        };
        for of_one in self.0.chunk_by(|one, other| one.place == other.place) {
            let mut failed = false;
            for file in of_one {
                let result = file.write(dir, mode);
                let successor = file.successor(result.is_ok());
                match file.kind {
                    Kind::Token => written.tokens.push(successor),
                    Kind::RelativeUri => written.ids.push(successor),
                }
                if let Err(error) = result {
                    failed = true;
                    let message = error.to_string();
                    if !written.failed.contains(&message) {
                        written.failed.push(message);
                    }
                }
            }
            if !failed {
                written.renewed.extend(of_one.first().map(|file| file.profile.clone()));
            }
        }
        written
    }

    fn successors(&self, kind: Kind) -> Vec<Successor> {
        let files = self.0.iter().filter(|file| file.kind == kind);
        files.map(|file| file.successor(false)).collect()
    }
}

impl FreshFile {
    fn write(&self, dir: &Path, mode: Mode) -> Result<(), TokenError> {
        ProfileFolder::open(dir, mode, &self.profile)?
            .file(self.kind)
            .replace(&self.secret)
    }

    fn successor(&self, written: bool) -> Successor {
        Successor {
            digest: digest_of(&self.secret),
            place: self.place,
            written,
        }
    }
}

impl Issued {
    /// These, and what is about to replace them.
    pub(in crate::server) fn with(&self, fresh: &Fresh) -> Self {
        Self {
            tokens: self.tokens.with(&fresh.successors(Kind::Token)),
            ids: self.ids.with(&fresh.successors(Kind::RelativeUri)),
        }
    }

    /// What remains of them, and until `until` what was replaced.
    pub(in crate::server) fn replaced_by(&self, written: &Written, until: BootInstant, now: BootInstant) -> Self {
        Self {
            tokens: self.tokens.replaced_by(&written.tokens, until, now),
            ids: self.ids.replaced_by(&written.ids, until, now),
        }
    }
}
