use url::Url;

use super::keys::{ENDPOINT_URL, INSECURE_ENDPOINT};
use super::mistake::Reported;
use super::table::Table;
use crate::aws::{Endpoint, Region, is_loopback};

/// What is said of plain http beyond loopback.
pub(super) const PLAIN_HTTP: &str = "must begin with https://: plain http would show the credentials on the way \
     (where that is acceptable, set insecure_endpoint = true in the configuration file)";

/// The profile's own `endpoint_url`, if it has one.
pub(super) fn url(profile: &Table<'_>) -> Result<Option<Url>, Reported> {
    let insecure = profile.boolean(&INSECURE_ENDPOINT);
    // Where the permission itself is wrong, that is the mistake to report.
    let http_allowed = !matches!(insecure, Ok(None | Some(false)));
    let refusal = (!http_allowed).then_some(PLAIN_HTTP);
    let url = profile.string(&ENDPOINT_URL, |text| check(text, refusal));
    insecure.and(url)
}

/// Signed for the profile's region, whatever the host is called.
pub(super) fn of(url: Option<Url>, region: &Region) -> Endpoint {
    match url {
        None => Endpoint::regional(region),
        Some(url) => Endpoint {
            url,
            signing_region: region.clone(),
        },
    }
}

/// `http_refusal` is what is said of plain http beyond loopback, unless that is allowed.
pub(super) fn check(text: &str, http_refusal: Option<&'static str>) -> Result<Url, &'static str> {
    let url: Url = text.parse().map_err(|_| ENDPOINT_URL.must)?;
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
