use std::path::{Path, PathBuf};

use super::assertion::{LIMIT, WHAT, parse};
use super::{Error, Source, Version, Voucher, blocking};
use crate::BoxFuture;
use crate::secret_file;

/// A file into which something else writes each new assertion. Identity providers make them valid for minutes, so that
/// one must be used soon after it has come.
#[derive(Debug, Clone)]
pub struct AssertionFile {
    path: PathBuf,
}

impl AssertionFile {
    /// The file at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn read_blocking(&self) -> Result<Voucher, Error> {
        let text =
            secret_file::read_text(&self.path, LIMIT as u64).map_err(|error| Error::File { what: WHAT, error })?;
        parse(text.expose(), &self.path.display().to_string()).map(Voucher::Assertion)
    }

    /// The file may have to be written yet, but its folder is there.
    fn check_blocking(&self) -> Result<(), Error> {
        let is_awaited = Version::of(&self.path) == Version::NONE;
        if is_awaited && self.path.parent().is_some_and(Path::is_dir) {
            return Ok(());
        }
        self.read_blocking().map(|_| ())
    }
}

impl Source for AssertionFile {
    fn read(&self) -> BoxFuture<'_, Result<Voucher, Error>> {
        let file = self.clone();
        Box::pin(blocking(move || file.read_blocking()))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        let file = self.clone();
        Box::pin(blocking(move || file.check_blocking()))
    }

    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        Some(Version::look(self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn one_that_is_not_there_yet_is_no_mistake_and_a_wrong_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assertion");
        let source = AssertionFile::new(path.clone());
        assert!(source.check().await.is_ok());
        let misspelt = AssertionFile::new(folder.path().join("nowhere/assertion"));
        assert!(misspelt.check().await.is_err());
        let error = source.read().await.err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("SAML assertion: {}: does not exist; ", path.display())),
            "{error}"
        );
        let before = source.version().unwrap().await;
        fs::write(&path, "").unwrap();
        assert!(
            source.check().await.is_ok(),
            "one that is empty is yet to be written, too"
        );

        fs::write(&path, "PHNh\nbWw+\n").unwrap();
        assert!(source.check().await.is_ok());
        assert_ne!(source.version().unwrap().await, before);
        let Ok(Voucher::Assertion(assertion)) = source.read().await else {
            panic!("an assertion")
        };
        assert_eq!(assertion.expose(), "PHNhbWw+");

        fs::write(&path, "<saml/>").unwrap();
        let error = source.check().await.err().unwrap().to_string();
        assert!(error.contains("/assertion: holds XML; "), "{error}");
    }
}
