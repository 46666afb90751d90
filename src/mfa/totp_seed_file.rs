use std::path::PathBuf;

use super::{Error, Seed, Source, Step, code};
use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::secret_file::{self, Version};

/// A file with the TOTP seed. It is read for each code, so that the seed is not kept in memory between renewals and a
/// replaced one is found.
#[derive(Debug, Clone)]
pub struct TotpSeedFile {
    path: PathBuf,
}

impl TotpSeedFile {
    /// The file at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn with_seed<T: Send + 'static>(
        &self,
        then: impl FnOnce(&Seed) -> T + Send + 'static,
    ) -> BoxFuture<'_, Result<T, Error>> {
        let file = self.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || file.read_blocking().map(|seed| then(&seed)))
                .await
                .unwrap_or(Err(Error::Internal))
        })
    }

    fn read_blocking(&self) -> Result<Seed, Error> {
        let text = secret_file::read(&self.path)?;
        Seed::parse(text.expose()).map_err(|error| Error::Seed {
            path: self.path.display().to_string(),
            error,
        })
    }
}

impl Source for TotpSeedFile {
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.with_seed(|_| ())
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, Error>> {
        self.with_seed(move |seed| code(seed, step))
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
    async fn the_seed_is_read_for_each_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("totp_seed");
        let source = TotpSeedFile::new(path.clone());
        let error = source.code(Step::new(1)).await.err().unwrap().to_string();
        let expected = format!("TOTP seed: {}: does not exist; ", path.display());
        assert!(error.starts_with(&expected), "{error}");

        fs::write(&path, "not a seed, and never shown").unwrap();
        let error = source.code(Step::new(1)).await.err().unwrap().to_string();
        assert_eq!(
            error,
            format!(
                "TOTP seed: {}: must be base32 (A–Z, 2–7), as IAM shows it under \"show secret key\"",
                path.display()
            )
        );

        fs::write(&path, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n").unwrap();
        let code = source.code(Step::new(1)).await.ok().unwrap();
        assert_eq!(code.expose(), "287082");
    }
}
