use url::Url;

use crate::aws::{is_loopback, parse_url};
use crate::config::keys::ENDPOINT_URL;

/// What is said of plain http beyond loopback where a configuration file could allow it.
pub(in crate::config) const PLAIN_HTTP: &str = "must begin with https://: plain http would show the credentials on the \
     way (where that is acceptable, set insecure_endpoint = true in the configuration file)";

/// What is said of it where nothing could.
pub(in crate::config) const PLAIN_HTTP_NEVER: &str =
    "must begin with https://: plain http would show the credentials on the way";

/// `http_refusal` is what is said of plain http beyond loopback, unless that is allowed.
pub(in crate::config) fn check(text: &str, http_refusal: Option<&'static str>) -> Result<Url, &'static str> {
    if !text.is_ascii() {
        return Err("must be ASCII; write the host's name in its xn-- form");
    }
    let url = parse_url(text).ok_or(ENDPOINT_URL.must)?;
    let rules = [
        (
            matches!(url.scheme(), "https" | "http"),
            "must begin with https://, or with http:// for loopback",
        ),
        (
            url.username().is_empty() && url.password().is_none(),
            "must have no user or password: a request to STS is signed instead",
        ),
        (
            url.query().is_none(),
            "must have no query; end it after the host and port",
        ),
        (
            url.fragment().is_none(),
            "must have no fragment; end it after the host and port",
        ),
        (url.path() == "/", "must have no path; end it after the host and port"),
        (
            url.scheme() == "https" || is_loopback(&url) || http_refusal.is_none(),
            http_refusal.unwrap_or_default(),
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(url),
        Some((_, rule)) => Err(rule),
    }
}
