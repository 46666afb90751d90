use std::path::PathBuf;

use super::{Error, Source, Voucher, blocking};
use crate::BoxFuture;
use crate::aws::{Invalid, WebIdentityToken};
use crate::secret_file;

const WHAT: &str = "web identity token";

/// In bytes: the longest token that STS takes has 20000 characters.
const LIMIT: u64 = 64 * 1024;

/// A file with a token that something else replaces before it expires, such as a projected service account token of
/// Kubernetes.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// The file at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn read_blocking(&self) -> Result<WebIdentityToken, Error> {
        let token =
            secret_file::read_within_limit(&self.path, LIMIT).map_err(|error| Error::File { what: WHAT, error })?;
        if token.expose().starts_with('{') {
            let rule = "holds JSON; write the token alone, without what came around it";
            return Err(Error::content(WHAT, &self.path, rule));
        }
        if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            let rule = "must hold the token alone, which has no spaces and no characters beyond ASCII";
            return Err(Error::content(WHAT, &self.path, rule));
        }
        WebIdentityToken::try_from(token).map_err(|Invalid(rule)| Error::content(WHAT, &self.path, rule))
    }
}

impl Source for TokenFile {
    fn read(&self) -> BoxFuture<'_, Result<Voucher, Error>> {
        let file = self.clone();
        Box::pin(blocking(move || file.read_blocking().map(Voucher::Token)))
    }

    /// The token is there before a workload starts; where it is not, its place is wrong.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        let file = self.clone();
        Box::pin(blocking(move || file.read_blocking().map(|_| ())))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn read(content: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, content).unwrap();
        match TokenFile::new(path).read().await {
            Ok(Voucher::Token(token)) => Ok(token.expose().to_owned()),
            Ok(Voucher::Assertion(_)) => panic!("no token"),
            Err(error) => Err(error.to_string().replace(folder.path().to_str().unwrap(), "")),
        }
    }

    #[tokio::test]
    async fn white_space_around_the_token_does_not_count() {
        assert_eq!(read(b" eyJh.eyJz.c2ln\n").await, Ok("eyJh.eyJz.c2ln".to_owned()));
        let longest = "a".repeat(20_000);
        assert_eq!(read(longest.as_bytes()).await, Ok(longest));
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused_and_never_shown() {
        let alone =
            "web identity token: /token: must hold the token alone, which has no spaces and no characters beyond ASCII";
        let length = "web identity token: /token: must be a token of an identity provider: 4 to 20000 characters";
        for (content, expected) in [
            ("Bearer eyJh.eyJz.c2ln", alone),
            ("eyJh.eyJz.c2lñ", alone),
            (
                "{\"access_token\":\"eyJh\"}",
                "web identity token: /token: holds JSON; write the token alone, without what came around it",
            ),
            ("eyJ", length),
            (&"a".repeat(20_001), length),
            ("", "web identity token: /token: holds nothing; write the value into it"),
            (
                "eyJh\neyJz",
                "web identity token: /token: holds more than one line; write the value alone, without its name or a comment",
            ),
            (
                &"a".repeat(65_537),
                "web identity token: /token: is larger than 65536 bytes; write the value alone",
            ),
        ] {
            assert_eq!(read(content.as_bytes()).await, Err(expected.to_owned()));
        }
    }

    #[tokio::test]
    async fn it_must_be_there_at_the_start() {
        let missing = TokenFile::new("/nowhere/token".into());
        let error = missing.check().await.err().unwrap().to_string();
        assert!(
            error.starts_with("web identity token: /nowhere/token: does not exist; "),
            "{error}"
        );
    }
}
