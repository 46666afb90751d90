use std::path::PathBuf;

use crate::BoxFuture;
use crate::secret_file;

/// Which key is in a source, as far as its files tell without being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version([secret_file::Version; 2]);

impl Version {
    /// That of a key whose halves are in these files.
    pub(super) fn of_pair(id: PathBuf, secret: PathBuf) -> BoxFuture<'static, Self> {
        Box::pin(async move {
            let look = move || [&id, &secret].map(|path| secret_file::Version::of(path));
            let versions = tokio::task::spawn_blocking(look).await;
            Self(versions.unwrap_or([secret_file::Version::NONE; 2]))
        })
    }

    /// That of a key in one file.
    pub(super) fn of(file: PathBuf) -> BoxFuture<'static, Self> {
        Self::of_pair(file, PathBuf::new())
    }

    /// A version that differs from those of all other numbers, for scenes without files.
    #[cfg(test)]
    pub(crate) const fn numbered(number: u64) -> Self {
        Self([secret_file::Version::numbered(number), secret_file::Version::NONE])
    }
}
