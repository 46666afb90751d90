//! The credentials that a daemon serves, asked for as an SDK asks.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use url::{Host, Url};

use super::advice;
use crate::aws::{Credentials, ProfileName, is_loopback, parse_url};
use crate::cli::{Exit, Failed, http};
use crate::config::{Env, Server};
use crate::sanitise::{LONGEST, without_controls};
use crate::secret::Secret;
use crate::secret_file;

/// A local answer takes far less.
const TIMEOUT: Duration = Duration::from_secs(5);

const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

/// Where credentials are served, and by which token.
pub(super) struct Container {
    address: SocketAddr,
    host: String,
    target: String,
    token: Token,
}

enum Token {
    None,
    File(PathBuf),
    Given(Secret),
}

impl Container {
    /// That of a profile of the daemon with these settings.
    pub(super) fn of_profile(server: &Server, profile: &ProfileName) -> Self {
        Self {
            address: http::reachable(server.credentials),
            host: http::reachable(server.credentials).to_string(),
            target: format!("/credentials/{profile}"),
            token: Token::File(server.token_dir.join(profile.as_str()).join("token")),
        }
    }

    /// That of the environment, if it names one.
    pub(super) fn of_environment(env: Env<'_>) -> Result<Option<Self>, Failed> {
        let set = |name| env(name).filter(|value| !value.is_empty());
        let Some(uri) = set(URI) else {
            return Ok(None);
        };
        let url = uri.to_str().and_then(parse_url);
        let place = url.and_then(|url| Some((address(&url)?, url)));
        let Some((address, url)) = place else {
            return Err(Failed::new(
                Exit::Usage,
                &format_args!(
                    "{URI} must be an address of credentials on this machine, such as http://127.0.0.1:7411/credentials/ops"
                ),
            ));
        };
        let token = match (set(TOKEN_FILE), set(TOKEN)) {
            (Some(file), _) => Token::File(file.into()),
            (None, Some(token)) => Token::Given(Secret::from(token.to_string_lossy().into_owned())),
            (None, None) => Token::None,
        };
        Ok(Some(Self {
            address,
            host: url[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
            target: url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            token,
        }))
    }

    /// What is served there now.
    pub(super) async fn credentials(&self) -> Result<Credentials, Failed> {
        let read = match &self.token {
            Token::File(path) => Some(token(path)?),
            Token::None | Token::Given(_) => None,
        };
        let token = match &self.token {
            Token::Given(token) => Some(token),
            Token::File(_) | Token::None => read.as_ref(),
        };
        let asked = http::get(self.address, &self.host, &self.target, token);
        let place = format!("http://{}{}", self.host, shown(&self.target));
        let unavailable = |problem: String| Failed::new(Exit::Unavailable, &format_args!("{place}: {problem}"));
        let answer = tokio::time::timeout(TIMEOUT, asked).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())));
        let (status, body) = answer.map_err(|problem| {
            unavailable(format!(
                "no credentials ({problem}); is the daemon running, and is this where it serves? --long-term-key does without"
            ))
        })?;
        match status {
            200 => credentials(&body).ok_or_else(|| unavailable("this is no document of credentials".to_owned())),
            401 => Err(unavailable(
                "401: the daemon does not know the token; it may be that of another daemon".to_owned(),
            )),
            403 => {
                let why = message(&body).unwrap_or_else(|| "is it the daemon?".to_owned());
                Err(unavailable(format!("403: {why}")))
            }
            404 => Err(unavailable(
                "404: the daemon serves no such profile by this token".to_owned(),
            )),
            503 => {
                let why = message(&body).unwrap_or_else(|| "503: there are no credentials yet".to_owned());
                Err(Failed::new(Exit::TryAgain, &format_args!("{place}: {why}")))
            }
            status => Err(unavailable(format!("the answer is {status}; is it the daemon?"))),
        }
    }
}

/// A path without what may be the secret that opens a profile.
fn shown(target: &str) -> &str {
    const RELATIVE: &str = "/v2/credentials/";
    if target.starts_with(RELATIVE) { RELATIVE } else { target }
}

/// Of what the SDKs take in plain HTTP: loopback, and the addresses that ECS and EKS have for credentials.
fn address(url: &Url) -> Option<SocketAddr> {
    const OF_AWS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    let ip = match url.host()? {
        Host::Ipv4(ip) => IpAddr::V4(ip),
        Host::Ipv6(ip) => IpAddr::V6(ip),
        Host::Domain(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let is_local = is_loopback(url) || OF_AWS.iter().any(|of_aws| of_aws.parse() == Ok(ip));
    let address = SocketAddr::new(ip, url.port_or_known_default()?);
    (url.scheme() == "http" && is_local).then_some(address)
}

fn token(path: &Path) -> Result<Secret, Failed> {
    secret_file::read(path).map_err(|error| {
        let advice = advice(Some(&error));
        Failed::new(
            Exit::Unavailable,
            &format_args!(
                "the authorization token: {error}{advice}; the daemon makes it when it starts; --long-term-key does without"
            ),
        )
    })
}

fn credentials(body: &[u8]) -> Option<Credentials> {
    let document = document(body)?;
    let text = |name| string(&document, name);
    let expiration = text("Expiration").and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    Some(Credentials {
        access_key_id: text("AccessKeyId")?.parse().ok()?,
        secret_access_key: text("SecretAccessKey")?.into(),
        session_token: text("Token")?.into(),
        expiration: expiration.map_or(DateTime::<Utc>::MAX_UTC, Into::into),
    })
}

fn message(body: &[u8]) -> Option<String> {
    let mut message = one_line(&string(&document(body)?, "message")?);
    if let Some((end, _)) = message.char_indices().nth(2 * LONGEST) {
        message.truncate(end);
    }
    Some(message)
}

/// What serves there may be another program: what it says neither ends the line nor turns its direction around.
fn one_line(text: &str) -> String {
    let turns_or_ends =
        |c| matches!(c, '\n' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    without_controls(text).replace(turns_or_ends, "?")
}

/// Slices of the answer, so that what is decoded is what is kept.
fn document(body: &[u8]) -> Option<HashMap<&str, &RawValue>> {
    serde_json::from_slice(body).ok()
}

fn string(document: &HashMap<&str, &RawValue>, name: &str) -> Option<String> {
    serde_json::from_str(document.get(name)?.get()).ok()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Container>, Failed> {
        let env = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Container::of_environment(&env)
    }

    #[test]
    fn the_environment_names_an_address_on_this_machine() {
        for (uri, address, host, target) in [
            (
                "http://127.0.0.1:7411/credentials/ops",
                "127.0.0.1:7411",
                "127.0.0.1:7411",
                "/credentials/ops",
            ),
            ("http://localhost/x?y=z", "127.0.0.1:80", "localhost", "/x?y=z"),
            ("http://[::1]:99", "[::1]:99", "[::1]:99", "/"),
            (
                "http://169.254.170.23/v1/credentials",
                "169.254.170.23:80",
                "169.254.170.23",
                "/v1/credentials",
            ),
        ] {
            let container = of(&[(URI, uri)]).ok().flatten().unwrap();
            assert_eq!(container.address, address.parse().unwrap());
            assert_eq!((container.host.as_str(), container.target.as_str()), (host, target));
        }
        for uri in [
            "http://10.0.0.1/x",
            "http://example.com/",
            "https://127.0.0.1/",
            "nonsense",
        ] {
            let failed = of(&[(URI, uri)]).err().unwrap();
            assert_eq!(failed.exit, Exit::Usage, "{uri}");
            assert!(!failed.message.contains(uri));
        }
        assert!(of(&[]).is_ok_and(|none| none.is_none()));
        assert!(of(&[(URI, "")]).is_ok_and(|none| none.is_none()));
    }

    #[test]
    fn a_path_that_may_be_a_secret_is_not_shown() {
        assert_eq!(
            shown("/v2/credentials/0123456789abcdef0123456789abcdef"),
            "/v2/credentials/"
        );
        assert_eq!(shown("/credentials/ops"), "/credentials/ops");
    }

    #[test]
    fn a_file_of_the_token_comes_before_the_token() {
        let uri = (URI, "http://127.0.0.1:7411/credentials");
        let token = |variables: &[_]| of(variables).ok().flatten().unwrap().token;
        assert!(matches!(token(&[uri]), Token::None));
        assert!(matches!(token(&[uri, (TOKEN, "t")]), Token::Given(token) if token.expose() == "t"));
        let file = token(&[uri, (TOKEN, "t"), (TOKEN_FILE, "/run/token")]);
        assert!(matches!(file, Token::File(path) if path == Path::new("/run/token")));
    }

    #[test]
    fn the_document_is_that_of_an_sdk() {
        let document = br#"{"Code":"Success","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"a\/b","Token":"t=","Expiration":"2026-01-02T03:04:05Z"}"#;
        let found = credentials(document).unwrap();
        assert_eq!(
            (found.secret_access_key.expose(), found.session_token.expose()),
            ("a/b", "t=")
        );
        assert_eq!(found.expiration.timestamp(), 1_767_323_045);
        assert!(credentials(b"{}").is_none() && credentials(b"[]").is_none());
        assert_eq!(
            message(br#"{"code":"x","message":"wait\u001b\nvaletkey: \u202eno\u2066w"}"#).as_deref(),
            Some("wait??valetkey: ?no?w")
        );
    }
}
