use std::fmt::Display;
use std::path::PathBuf;

use super::pair::{self, Half};
use super::{Error, Source, Version};
use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::aws_file::{self, Form, MAX_BYTES, Section};
use crate::config::harmless_name;
use crate::secret::Secret;
use crate::secret_file;

/// A profile of AWS's shared `credentials` or `config` file.
#[derive(Debug, Clone)]
pub struct SharedCredentials {
    file: PathBuf,
    form: Form,
    profile: String,
}

const ACCESS_KEY_ID: &str = "aws_access_key_id";
const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";

/// The second is an old name that botocore still reads.
const SESSION_TOKENS: [&str; 2] = ["aws_session_token", "aws_security_token"];

impl SharedCredentials {
    /// The keys of `profile` in `file`, which is written in `form`.
    pub fn new(file: PathBuf, form: Form, profile: String) -> Self {
        Self { file, form, profile }
    }

    /// Reads the whole file and keeps this profile's pair. Blocks.
    pub fn read_blocking(&self) -> Result<LongTermKey, Error> {
        let text = secret_file::read_text(&self.file, MAX_BYTES)?;
        let file = aws_file::parse(text.expose(), self.form).map_err(|mistakes| self.broken(&text, &mistakes))?;
        let section = file
            .profile(&self.profile)
            .ok_or_else(|| self.wrong(&self.header(), "is not in the file; add it, or name another profile"))?;
        if let Some(token) = SESSION_TOKENS.into_iter().find(|token| section.get(token).is_some()) {
            return Err(self.wrong(
                &format!("{} {token}", self.header()),
                "makes the key a temporary one, and STS gives sessions only for a long-term key: put the access key of an \
                 IAM user (AKIA…) here, and remove the token",
            ));
        }
        pair::key(
            &self.half(section, ACCESS_KEY_ID)?,
            self.half(section, SECRET_ACCESS_KEY)?,
        )
    }

    fn half(&self, section: &Section, name: &str) -> Result<Half, Error> {
        let place = format!("{} {name}", self.header());
        match section.get(name) {
            Some(property) => Ok(Half {
                place: format!("{}: {place}", self.file.display()),
                text: Secret::from(property.value.expose()),
            }),
            None => Err(self.wrong(&place, "is missing; both halves of the key must stand in one section")),
        }
    }

    /// The first broken line is enough: the file was whole when the daemon started.
    fn broken(&self, text: &Secret, mistakes: &[aws_file::Mistake]) -> Error {
        let Some(mistake) = mistakes.first() else {
            return Error::Internal;
        };
        let before = text.expose().bytes().take(mistake.at);
        Error::Content {
            path: format!("{}:{}", self.file.display(), 1 + before.filter(|&b| b == b'\n').count()),
            rule: mistake.rule,
        }
    }

    fn wrong(&self, place: &impl Display, rule: &'static str) -> Error {
        Error::Content {
            path: format!("{}: {place}", self.file.display()),
            rule,
        }
    }

    /// People paste a key where its name belongs.
    fn header(&self) -> String {
        self.form.header(harmless_name(&self.profile))
    }
}

impl Source for SharedCredentials {
    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        Some(Version::of(self.file.clone()))
    }

    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, Error>> {
        let profile = self.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || profile.read_blocking())
                .await
                .unwrap_or(Err(Error::Internal))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PAIR: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPx=\n";

    fn read(form: Form, content: &str) -> Result<LongTermKey, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, content).unwrap();
        let error = |error: Error| error.to_string().replace(folder.path().to_str().unwrap(), "");
        SharedCredentials::new(file, form, String::from("ops"))
            .read_blocking()
            .map_err(error)
    }

    fn message(content: &str) -> String {
        read(Form::Credentials, content).err().unwrap()
    }

    #[test]
    fn a_pair_is_read_from_either_file() {
        for (form, content) in [
            (Form::Credentials, format!("[default]\na=1\n[ops]\n{PAIR}")),
            (Form::Config, format!("[ops]\n[profile ops]\nregion=r\n{PAIR}")),
        ] {
            let key = read(form, &content).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(key.access_key_id.as_str(), "AKIAIOSFODNN7EXAMPLE");
            assert_eq!(key.secret_access_key.expose(), "wJalrXUtnFEMI/K7MDENG+bPx=");
        }
    }

    #[test]
    fn a_rotated_key_is_found_at_the_next_reading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let source = SharedCredentials::new(file.clone(), Form::Credentials, String::from("ops"));
        for id in ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"] {
            fs::write(&file, format!("[ops]\n{PAIR}").replace("AKIAIOSFODNN7EXAMPLE", id)).unwrap();
            let key = source.read_blocking().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(key.access_key_id.as_str(), id);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_a_value() {
        for (content, expected) in [
            (
                String::new(),
                "/file: [ops]: is not in the file; add it, or name another profile",
            ),
            (
                String::from("[ops]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE"),
                "/file: [ops] aws_secret_access_key: is missing; both halves of the key must stand in one section",
            ),
            (
                format!("[ops]\n{}", PAIR.replace("AKIA", "ASIA")),
                "/file: [ops] aws_access_key_id: holds the id of temporary credentials (ASIA…), and STS gives sessions \
                 only for a long-term key: put the access key of an IAM user (AKIA…) here",
            ),
            (
                format!("[ops]\n{PAIR}aws_session_token = s3cret"),
                "/file: [ops] aws_session_token: makes the key a temporary one, and STS gives sessions only for a \
                 long-term key: put the access key of an IAM user (AKIA…) here, and remove the token",
            ),
            (
                format!("[ops]\n{PAIR} s3cret"),
                "/file: [ops] aws_secret_access_key: must hold a secret access key alone, without its name or quotes",
            ),
            (
                format!("[ops]\n{PAIR}s3cret"),
                "/file:4: is neither a [section] nor `key = value`; write one of them, or begin the line with #",
            ),
        ] {
            assert_eq!(message(&content), format!("long-term key: {expected}"));
        }
    }

    #[test]
    fn a_file_that_cannot_be_trusted_is_refused() {
        let missing = SharedCredentials::new(PathBuf::from("/nowhere/f"), Form::Config, String::from("x"));
        let error = missing.read_blocking().err().unwrap().to_string();
        assert_eq!(
            error,
            "long-term key: /nowhere/f: does not exist; create it, or name another place"
        );
        assert_eq!(
            message(&"#".repeat((1 << 20) + 1)),
            "long-term key: /file: is larger than 1048576 bytes; make it smaller"
        );
    }
}
