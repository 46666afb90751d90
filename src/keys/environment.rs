use std::ffi::OsString;
use std::future::ready;

use zeroize::Zeroizing;

use super::pair::{self, Half};
use super::{Error, Source};
use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::secret::Secret;

/// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of valetkey's own environment. An empty variable counts as one that
/// is not set, as in the AWS SDKs.
#[derive(Debug, Clone, Copy)]
pub struct Environment {
    lookup: fn(&str) -> Option<OsString>,
}

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// The second is the word of old SDKs, which botocore still reads.
const SESSION_TOKENS: [&str; 2] = ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"];

impl Environment {
    /// The environment of this process.
    pub fn new() -> Self {
        Self::of(|name| std::env::var_os(name))
    }

    /// An environment that is looked up by `lookup`.
    pub fn of(lookup: fn(&str) -> Option<OsString>) -> Self {
        Self { lookup }
    }

    fn key(self) -> Result<LongTermKey, Error> {
        let id = self.half(ACCESS_KEY_ID)?;
        let secret = self.half(SECRET_ACCESS_KEY)?;
        if let Some(name) = SESSION_TOKENS.into_iter().find(|name| self.get(name).is_some()) {
            return Err(breaks(
                name,
                "is set, so that the variables beside it are temporary credentials, and STS gives sessions only for a \
                 long-term key: unset it, and set the access key of an IAM user (AKIA…)",
            ));
        }
        pair::key(&id, secret)
    }

    fn half(self, name: &'static str) -> Result<Half, Error> {
        let value = self.get(name).ok_or_else(|| {
            breaks(
                name,
                "is not set in the environment of valetkey: set it, or name another source of the key",
            )
        })?;
        let text = str::from_utf8(&value).map_err(|_| breaks(name, "holds bytes that are not UTF-8"))?;
        Ok(Half {
            place: name.to_owned(),
            text: Secret::from(text),
        })
    }

    fn get(self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let value = Zeroizing::new((self.lookup)(name)?.into_encoded_bytes());
        (!value.is_empty()).then_some(value)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

fn breaks(name: &str, rule: &'static str) -> Error {
    Error::Content {
        path: name.to_owned(),
        rule,
    }
}

impl Source for Environment {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, Error>> {
        Box::pin(ready(self.key()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn id_and(name: &str, more: &[(&str, &str)]) -> Option<OsString> {
        let pair = [(ACCESS_KEY_ID, "AKIAIOSFODNN7EXAMPLE"), (SECRET_ACCESS_KEY, "s3cret")];
        let found = more.iter().chain(&pair).find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).into())
    }

    fn message(lookup: fn(&str) -> Option<OsString>) -> String {
        match Environment::of(lookup).key() {
            Ok(key) => format!("{} {}", key.access_key_id.as_str(), key.secret_access_key.expose()),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn the_pair_is_read_anew_each_time() {
        assert_eq!(message(|name| id_and(name, &[])), "AKIAIOSFODNN7EXAMPLE s3cret");
        assert_eq!(
            message(|name| id_and(name, &[("AWS_SESSION_TOKEN", "")])),
            "AKIAIOSFODNN7EXAMPLE s3cret"
        );
        let source = Environment::of(|name| id_and(name, &[]));
        assert!(source.read().await.is_ok() && source.read().await.is_ok());
        // The tests' own environment holds no key.
        assert!(Environment::new().read().await.is_err());
    }

    #[test]
    fn temporary_credentials_are_refused() {
        for (name, message) in [
            (
                "AWS_SESSION_TOKEN",
                message(|name| id_and(name, &[("AWS_SESSION_TOKEN", "t0ken")])),
            ),
            (
                "AWS_SECURITY_TOKEN",
                message(|name| id_and(name, &[("AWS_SECURITY_TOKEN", "t0ken")])),
            ),
        ] {
            let expected = format!("long-term key: {name}: is set, so that the variables beside it are temporary ");
            assert!(
                message.starts_with(&expected) && !message.contains("t0ken"),
                "{message}"
            );
        }
        let asia = message(|name| id_and(name, &[(ACCESS_KEY_ID, "ASIAIOSFODNN7EXAMPLE")]));
        assert!(
            asia.starts_with("long-term key: AWS_ACCESS_KEY_ID: holds the id of temporary "),
            "{asia}"
        );
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named() {
        for (name, message) in [
            (ACCESS_KEY_ID, message(|name| id_and(name, &[(ACCESS_KEY_ID, "")]))),
            (
                SECRET_ACCESS_KEY,
                message(|name| id_and(name, &[(SECRET_ACCESS_KEY, "")])),
            ),
            (ACCESS_KEY_ID, message(|_| None)),
        ] {
            let expected = format!("long-term key: {name}: is not set in the environment of valetkey: ");
            assert!(message.starts_with(&expected), "{message}");
        }
        let broken = message(|_| Some(OsString::from_vec(vec![0xff])));
        assert_eq!(
            broken,
            "long-term key: AWS_ACCESS_KEY_ID: holds bytes that are not UTF-8"
        );
    }
}
