use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::pair::{self, Half};
use super::{Error, Source};
use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::clock::SystemClock;
use crate::process::{self, Command, Limits};
use crate::secret::Secret;

/// A command that prints the key in the JSON of a `credential_process`:
/// `{"Version": 1, "AccessKeyId": "AKIA…", "SecretAccessKey": "…"}`.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>
#[derive(Debug, Clone)]
pub struct Process {
    command: Command,
}

impl Process {
    /// The key that `command` prints.
    pub fn new(command: Command) -> Self {
        Self { command }
    }

    async fn ask(&self) -> Result<LongTermKey, Error> {
        let answer = process::run(&self.command, &[], &SystemClock, Limits::default()).await?;
        self.key(answer.expose())
    }

    pub(super) fn key(&self, json: &str) -> Result<LongTermKey, Error> {
        if json.trim_ascii().is_empty() {
            return Err(
                self.breaks("printed nothing to standard output; let it print the JSON of a credential_process")
            );
        }
        let document: Document<'_> = serde_json::from_str(json).map_err(|_| {
            self.breaks(
                "must print the JSON of a credential_process, each member once, and nothing else, to standard output",
            )
        })?;
        if document.version.map(RawValue::get) != Some("1") {
            return Err(self.breaks("must print \"Version\": 1 in the JSON of a credential_process"));
        }
        if document.session_token.is_some_and(is_given) {
            return Err(self.breaks(
                "printed a SessionToken, which belongs to temporary credentials, and STS gives sessions only for a \
                 long-term key: let it print the access key of an IAM user (AKIA…)",
            ));
        }
        let id = self.half("AccessKeyId", document.access_key_id)?;
        pair::key(&id, self.half("SecretAccessKey", document.secret_access_key)?)
    }

    fn half(&self, name: &'static str, value: Option<&RawValue>) -> Result<Half, Error> {
        let place = format!("{}: {name}", self.command);
        match value.filter(|value| is_given(value)).map(text) {
            Some(Some(text)) => Ok(Half { place, text }),
            Some(None) => Err(Error::Content {
                path: place,
                rule: "must be a string of printable ASCII",
            }),
            None => Err(Error::Content {
                path: place,
                rule: "is missing from what it printed",
            }),
        }
    }

    fn breaks(&self, rule: &'static str) -> Error {
        Error::Content {
            path: self.command.to_string(),
            rule,
        }
    }
}

impl Source for Process {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, Error>> {
        Box::pin(self.ask())
    }

    /// The process has a limit of its own, whose message says more.
    fn patience(&self) -> Duration {
        Limits::default().timeout + Duration::from_secs(5)
    }
}

/// Slices of the answer: decoded strings would stand in buffers that nobody wipes. `Expiration` and members that are
/// not known say nothing of a long-term key.
#[derive(Default)]
struct Document<'a> {
    version: Option<&'a RawValue>,
    access_key_id: Option<&'a RawValue>,
    secret_access_key: Option<&'a RawValue>,
    session_token: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut document = Document::default();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let member = match name.as_str() {
                "Version" => &mut document.version,
                "AccessKeyId" => &mut document.access_key_id,
                "SecretAccessKey" => &mut document.secret_access_key,
                "SessionToken" => &mut document.session_token,
                _ => continue,
            };
            if member.replace(value).is_some() {
                return Err(A::Error::custom("a member that is there twice"));
            }
        }
        Ok(document)
    }
}

/// In the SDKs an empty string and `null` are the same as nothing.
fn is_given(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "\"\"")
}

/// The text of a JSON string, if it can be half of a key. Of the escapes only `\/` and `\u00XX` (some encoders write
/// `+`, `/` and `=` so) stand for a character that a key may have.
fn text(value: &RawValue) -> Option<Secret> {
    let mut rest = value.get().strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let (character, length) = match escape.as_bytes().first()? {
            b'/' => ('/', 1),
            b'u' => (char::from_u32(u32::from_str_radix(escape.get(1..5)?, 16).ok()?)?, 5),
            _ => return None,
        };
        text.push(character);
        rest = escape.get(length..)?;
    }
    text.push_str(rest);
    Some(Secret::from(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = r#""Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s3cr/t+=""#;

    fn source(script: &str) -> Process {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        Process::new(Command::new(argv, vec![]).unwrap())
    }

    fn shown(key: Result<LongTermKey, Error>) -> String {
        match key {
            Ok(key) => format!("{} {}", key.access_key_id.as_str(), key.secret_access_key.expose()),
            Err(error) => error.to_string(),
        }
    }

    fn read(json: &str) -> String {
        shown(source("").key(json))
    }

    #[tokio::test]
    async fn the_command_is_asked_each_time() {
        let source = source(&format!("echo '{{{PAIR}}}'"));
        for _ in 0..2 {
            assert_eq!(shown(source.read().await), "AKIAIOSFODNN7EXAMPLE s3cr/t+=");
        }
        let failing = self::source(&format!("echo '{{{PAIR}}}'; echo 'bad s3cr/t+=' >&2; exit 1"));
        assert_eq!(
            shown(failing.read().await),
            "long-term key: /bin/sh: ended with status 1; run it by hand as the user that runs valetkey; it said: bad \
             [redacted]"
        );
    }

    #[test]
    fn what_the_sdks_take_is_taken() {
        for json in [
            format!("{{{PAIR}}}"),
            format!(" \r\n{{ {PAIR} }}\n\n"),
            format!(r#"{{{PAIR},"SessionToken":"","Expiration":"2020-01-01T00:00:00Z"}}"#),
            format!(r#"{{{PAIR},"SessionToken":null,"Other":[{{"a":1}}],"Other":2}}"#),
            format!("{{{PAIR}}}").replace('/', r"\/"),
            format!("{{{PAIR}}}").replace('+', r"\u002b"),
        ] {
            assert_eq!(read(&json), "AKIAIOSFODNN7EXAMPLE s3cr/t+=", "{json}");
        }
    }

    #[test]
    fn temporary_credentials_are_refused_with_the_reason() {
        for token in ["\"t0ken\"", "7", "{}"] {
            let message = read(&format!(r#"{{{PAIR},"SessionToken":{token}}}"#));
            let expected = "long-term key: /bin/sh: printed a SessionToken, which belongs to temporary credentials, ";
            assert!(message.starts_with(expected) && !message.contains("t0ken"), "{message}");
        }
        let message = read(&format!("{{{PAIR}}}").replace("AKIA", "ASIA"));
        let expected = "long-term key: /bin/sh: AccessKeyId: holds the id of temporary credentials (ASIA…), ";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn what_is_wrong_is_told_without_what_was_printed() {
        let pair = format!("{{{PAIR}}}");
        for (json, expected) in [
            (String::new(), "printed nothing to standard output; "),
            ("\n".to_owned(), "printed nothing to standard output; "),
            (
                format!("{pair} s3cr/t"),
                "must print the JSON of a credential_process, each member once, ",
            ),
            (
                format!("key: {pair}"),
                "must print the JSON of a credential_process, each member once, ",
            ),
            (
                format!("[{pair}]"),
                "must print the JSON of a credential_process, each member once, ",
            ),
            (
                pair[..pair.len() - 1].to_owned(),
                "must print the JSON of a credential_process, each member once, ",
            ),
            (
                format!("{{{PAIR},{PAIR}}}"),
                "must print the JSON of a credential_process, each member once, ",
            ),
            (pair.replace(":1", ":2"), "must print \"Version\": 1 "),
            (pair.replace(":1", ":\"1\""), "must print \"Version\": 1 "),
            (pair.replace(":1", ":1.0"), "must print \"Version\": 1 "),
            (pair.replace("Version", "version"), "must print \"Version\": 1 "),
            (
                pair.replace("AccessKeyId", "accessKeyId"),
                "AccessKeyId: is missing from what it printed",
            ),
            (
                pair.replace("AKIAIOSFODNN7EXAMPLE", ""),
                "AccessKeyId: is missing from what it printed",
            ),
            (
                pair.replace("\"s3cr/t+=\"", "null"),
                "SecretAccessKey: is missing from what it printed",
            ),
            (
                pair.replace("\"s3cr/t+=\"", "7"),
                "SecretAccessKey: must be a string of printable ASCII",
            ),
            (
                pair.replace("cr/", r"\n"),
                "SecretAccessKey: must be a string of printable ASCII",
            ),
            (
                pair.replace("cr/", r"\ud83d"),
                "SecretAccessKey: must be a string of printable ASCII",
            ),
            (
                pair.replace("cr/", "é"),
                "SecretAccessKey: must hold a secret access key alone, ",
            ),
            (
                pair.replace("AKIA", " AKIA"),
                "AccessKeyId: must hold an access key id alone, ",
            ),
        ] {
            let message = read(&json);
            assert!(
                message.starts_with(&format!("long-term key: /bin/sh: {expected}")),
                "{json}: {message}"
            );
            assert!(!message.contains("s3"), "{message}");
        }
    }
}
