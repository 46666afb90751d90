use url::Url;

use super::keys::{ENDPOINT_URL, INSECURE_ENDPOINT};
use super::mistake::Reported;
use super::table::Table;
use crate::aws::{Endpoint, Region, is_loopback};

/// The profile's own `endpoint_url`, if it has one.
pub(super) fn url(profile: &Table<'_>) -> Result<Option<Url>, Reported> {
    let insecure = profile.boolean(&INSECURE_ENDPOINT);
    // Where the permission itself is wrong, that is the mistake to report.
    let http_allowed = !matches!(insecure, Ok(None | Some(false)));
    let url = profile.string(&ENDPOINT_URL, |text| check(text, http_allowed));
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

pub(super) fn check(text: &str, http_allowed: bool) -> Result<Url, &'static str> {
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
            url.scheme() == "https" || is_loopback(&url) || http_allowed,
            "must begin with https://: plain http would show the credentials on the way \
             (where that is acceptable, set insecure_endpoint = true in the configuration file)",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(url),
        Some((_, rule)) => Err(rule),
    }
}
