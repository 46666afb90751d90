use std::fmt;
use std::str::from_utf8;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::VERSION;
use super::refusal::Refusal;
use crate::aws::{ProfileName, SerialNumber, TokenCode};

/// The longest request, in bytes, without its line feed. A profile's name and a code take a tenth of it.
pub(super) const LIMIT: usize = 4096;

/// What is asked. It may hold a code, so it cannot be shown.
pub(super) enum Request {
    Status,
    Reload {
        rotate_tokens: bool,
    },
    Submit {
        profile: Option<ProfileName>,
        code: TokenCode,
    },
    Reserve {
        device: SerialNumber,
    },
}

/// The one line of a request, once it is whole.
pub(super) fn line(received: &[u8]) -> Option<Result<&[u8], Refusal>> {
    match received.iter().position(|byte| *byte == b'\n') {
        Some(end) if end > LIMIT => Some(Err(Refusal::TOO_LONG)),
        Some(end) if end + 1 < received.len() => Some(Err(Refusal::SEVERAL_LINES)),
        Some(end) => Some(Ok(&received[..end])),
        None if received.len() > LIMIT => Some(Err(Refusal::TOO_LONG)),
        None => None,
    }
}

/// Reads a line. Nothing of it is copied but the code, into memory that is wiped, and the profile's name.
pub(super) fn parse(line: &[u8]) -> Result<Request, Refusal> {
    let text = from_utf8(line).map_err(|_| Refusal::malformed("the request is not UTF-8"))?;
    let members: Members<'_> = serde_json::from_str(text)
        .map_err(|_| Refusal::malformed("the request is not a JSON object with text for keys"))?;
    members.no_key_twice()?;
    // First of all: another version may have other keys.
    if members.get("version") != Some(VERSION_TEXT) {
        return Err(Refusal::new(
            "unsupported_version",
            "`version` must be 1; use the valetkey command of the version that the daemon has",
        ));
    }
    match members.string("command") {
        Some("status") => members.only(&[]).map(|()| Request::Status),
        Some("reload") => {
            members.only(&["rotate_tokens"])?;
            let rotate_tokens = members.boolean("rotate_tokens")?;
            Ok(Request::Reload { rotate_tokens })
        }
        Some("mfa_submit") => {
            members.only(&["profile", "code"])?;
            Ok(Request::Submit {
                profile: members.profile()?,
                code: members.code()?,
            })
        }
        Some("mfa_reserve") => {
            members.only(&["serial"])?;
            let device = members.device()?;
            Ok(Request::Reserve { device })
        }
        _ => Err(Refusal::new(
            "unknown_command",
            "`command` must be \"status\", \"reload\", \"mfa_submit\" or \"mfa_reserve\"",
        )),
    }
}

const VERSION_TEXT: &str = "1";
const _: () = assert!(VERSION == 1);

/// The members of an object, as they stand in the text.
struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'t> Members<'t> {
    fn get(&self, name: &str) -> Option<&'t str> {
        let member = self.0.iter().find(|(key, _)| unquoted(key.get()) == Some(name));
        member.map(|(_, value)| value.get())
    }

    fn string(&self, name: &str) -> Option<&'t str> {
        self.get(name).and_then(unquoted)
    }

    /// Escaped keys are none of ours, so that texts tell whether two are the same.
    fn no_key_twice(&self) -> Result<(), Refusal> {
        let mut keys: Vec<_> = self.0.iter().map(|(key, _)| key.get()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::malformed("a key is given twice"));
        }
        Ok(())
    }

    fn only(&self, more: &[&str]) -> Result<(), Refusal> {
        let known = |key: &str| key == "version" || key == "command" || more.contains(&key);
        if self.0.iter().all(|(key, _)| unquoted(key.get()).is_some_and(known)) {
            return Ok(());
        }
        Err(Refusal::malformed("a key is none of this command's"))
    }

    /// Whether it says `true`; left out, it says `false`.
    fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::malformed("`rotate_tokens` must be true or false")),
        }
    }

    fn profile(&self) -> Result<Option<ProfileName>, Refusal> {
        let Some(_) = self.get("profile") else {
            return Ok(None);
        };
        let name = self.string("profile").and_then(|name| name.parse().ok());
        let wrong = Refusal::malformed("`profile` must be a profile's name");
        name.map(Some).ok_or(wrong)
    }

    fn device(&self) -> Result<SerialNumber, Refusal> {
        let device = self.string("serial").and_then(|serial| serial.parse().ok());
        device.ok_or(Refusal::malformed(
            "`serial` must be the serial number or ARN of an MFA device",
        ))
    }

    fn code(&self) -> Result<TokenCode, Refusal> {
        let code = self.string("code").map(str::to_owned);
        let code = code.and_then(|code| TokenCode::try_from(code).ok());
        code.ok_or(Refusal::malformed("`code` must be six digits in quotes"))
    }
}

/// What stands between the quotes of a JSON string without escapes, of which no word of ours needs one.
fn unquoted(json: &str) -> Option<&str> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &str) -> (&'static str, String) {
        match parse(line.as_bytes()) {
            Ok(_) => ("ok", String::new()),
            Err(refusal) => (refusal.reason, refusal.message.into_owned()),
        }
    }

    #[test]
    fn a_line_ends_with_a_line_feed_and_nothing_follows() {
        assert_eq!(line(b"{}"), None);
        assert_eq!(line(b"{}\n"), Some(Ok(&b"{}"[..])));
        assert_eq!(line(b"\n"), Some(Ok(&b""[..])));
        assert_eq!(line(b"{}\n{"), Some(Err(Refusal::SEVERAL_LINES)));
        let long = vec![b' '; LIMIT];
        assert_eq!(line(&long), None);
        assert_eq!(line(&[&long[..], b"\n"].concat()), Some(Ok(&long[..])));
        assert_eq!(line(&[&long[..], b" "].concat()), Some(Err(Refusal::TOO_LONG)));
        assert_eq!(line(&[&long[..], b" \n"].concat()), Some(Err(Refusal::TOO_LONG)));
    }

    #[test]
    fn the_four_commands_are_read() {
        assert!(matches!(
            parse(br#"{"version":1,"command":"status"}"#),
            Ok(Request::Status)
        ));
        assert!(matches!(
            parse(b" {\"command\":\"reload\",\t\"version\":1}\r"),
            Ok(Request::Reload { rotate_tokens: false })
        ));
        for (value, rotates) in [("true", true), ("false", false)] {
            let line = format!(r#"{{"version":1,"command":"reload","rotate_tokens":{value}}}"#);
            let parsed = parse(line.as_bytes());
            assert!(matches!(parsed, Ok(Request::Reload { rotate_tokens }) if rotate_tokens == rotates));
        }
        let parsed = parse(br#"{"version":1,"command":"mfa_submit","profile":"ops","code":"005924"}"#);
        assert!(matches!(
            parsed,
            Ok(Request::Submit { profile: Some(profile), code }) if profile.as_str() == "ops" && code.expose() == "005924"
        ));
        let parsed = parse(br#"{"version":1,"command":"mfa_submit","code":"005924"}"#);
        assert!(matches!(parsed, Ok(Request::Submit { profile: None, .. })));
        let parsed = parse(br#"{"version":1,"command":"mfa_reserve","serial":"arn:aws:iam::123456789012:mfa/ops"}"#);
        assert!(matches!(parsed, Ok(Request::Reserve { device }) if device.as_str().ends_with("mfa/ops")));
    }

    #[test]
    fn everything_else_is_refused_and_never_repeated() {
        let code = "481516";
        for (line, expected) in [
            ("", "malformed"),
            ("481516", "malformed"),
            ("[481516]", "malformed"),
            ("\"481516\"", "malformed"),
            (r#"{"version":1,"command":"status"} 481516"#, "malformed"),
            (r#"{"version":1,"command":"status"#, "malformed"),
            (r#"{"version":1,"version":1,"command":"status"}"#, "malformed"),
            (r#"{"version":1,"command":"status","481516":1}"#, "malformed"),
            (r#"{"version":1,"command":"status","code":"481516"}"#, "malformed"),
            (r#"{"version":1,"command":"reload","profile":"ops"}"#, "malformed"),
            (
                r#"{"version":1,"command":"reload","rotate_tokens":"true"}"#,
                "malformed",
            ),
            (
                r#"{"version":1,"command":"reload","rotate_tokens":481516}"#,
                "malformed",
            ),
            (r#"{"version":1,"command":"status","rotate_tokens":true}"#, "malformed"),
            (r#"{"version":1,"\u0063ommand":"status"}"#, "unknown_command"),
            (
                r#"{"version":1,"command":"status","\u0063ommand":"status"}"#,
                "malformed",
            ),
            (r#"{"command":"status"}"#, "unsupported_version"),
            (r#"{"version":"1","command":"status"}"#, "unsupported_version"),
            (r#"{"version":1.0,"command":"status"}"#, "unsupported_version"),
            (
                r#"{"version":2,"command":"status","more":481516}"#,
                "unsupported_version",
            ),
            (r#"{"version":1}"#, "unknown_command"),
            (r#"{"version":1,"command":481516}"#, "unknown_command"),
            (r#"{"version":1,"command":"481516"}"#, "unknown_command"),
            (r#"{"version":1,"command":"Status"}"#, "unknown_command"),
            (r#"{"version":1,"command":"mfa_submit"}"#, "malformed"),
            (r#"{"version":1,"command":"mfa_reserve"}"#, "malformed"),
            (
                r#"{"version":1,"command":"mfa_reserve","serial":"481516"}"#,
                "malformed",
            ),
            (
                r#"{"version":1,"command":"mfa_reserve","serial":"GAHT12345678","code":"481516"}"#,
                "malformed",
            ),
            (r#"{"version":1,"command":"mfa_submit","code":481516}"#, "malformed"),
            (r#"{"version":1,"command":"mfa_submit","code":"481 516"}"#, "malformed"),
            (r#"{"version":1,"command":"mfa_submit","code":"4815162"}"#, "malformed"),
            (
                r#"{"version":1,"command":"mfa_submit","code":"48151\u0036"}"#,
                "malformed",
            ),
            (r#"{"version":1,"command":"mfa_submit","code":["481516"]}"#, "malformed"),
            (
                r#"{"version":1,"command":"mfa_submit","profile":"../481516","code":"481516"}"#,
                "malformed",
            ),
            (
                r#"{"version":1,"command":"mfa_submit","profile":null,"code":"481516"}"#,
                "malformed",
            ),
        ] {
            let (reason, message) = reason(line);
            assert_eq!(reason, expected, "{line}");
            assert!(!message.is_empty() && !message.contains(code), "{line}: {message}");
        }
        let not_text = parse(b"{\"version\":1,\"command\":\"\xff\"}").err().unwrap();
        assert_eq!(not_text.message, "the request is not UTF-8");
        assert_eq!(reason(&"[".repeat(LIMIT)).0, "malformed", "depth costs nothing");
    }
}
