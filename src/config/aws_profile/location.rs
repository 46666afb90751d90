//! Which STS is asked: the region and, where there is one, another address.

use std::ffi::OsString;

use url::Url;

use super::files::Files;
use super::settings::{AwsProfile, Setting};
use crate::aws::{Endpoint, Invalid, Region};
use crate::config::mistake::Reported;
use crate::config::{Env, echo, endpoint};

/// Which STS a profile asks.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) region: Region,
    url: Option<Url>,
}

impl Location {
    pub(super) fn endpoint(&self) -> Endpoint {
        endpoint::of(self.url.clone(), &self.region)
    }
}

/// A profile's own, else that of the profile whose source it is: the SDKs ask one STS for the whole chain.
pub(super) fn of(
    profile: &AwsProfile<'_>,
    asking: Option<&Result<Location, Reported>>,
    files: &Files,
    env: Env<'_>,
) -> Result<Location, Reported> {
    let region = region(profile, asking, files, env);
    let url = match asking {
        None => url(profile, files, env),
        Some(asking) => url_of_source(profile, asking, files, env),
    };
    Ok(Location {
        region: region?,
        url: url?,
    })
}

fn region(
    profile: &AwsProfile<'_>,
    asking: Option<&Result<Location, Reported>>,
    files: &Files,
    env: Env<'_>,
) -> Result<Region, Reported> {
    if let Some(region) = profile.read("region")? {
        return Ok(region);
    }
    if let Some(asking) = asking {
        return asking
            .as_ref()
            .map(|asking| asking.region.clone())
            .map_err(|&reported| reported);
    }
    match variable(&["AWS_REGION", "AWS_DEFAULT_REGION"], env) {
        Some((name, text)) => {
            let region = text.to_str().unwrap_or_default().parse();
            region.map_err(|Invalid(rule)| files.environment.report_at(None, name, rule))
        }
        None => Err(profile.report("has no region; set region here, or AWS_REGION in the environment")),
    }
}

/// The environment's address counts for the whole chain, and so does the wish to have none.
fn url_of_source(
    profile: &AwsProfile<'_>,
    asking: &Result<Location, Reported>,
    files: &Files,
    env: Env<'_>,
) -> Result<Option<Url>, Reported> {
    let asking = asking.as_ref().map_err(|&reported| reported)?;
    if is_ignored(profile, env) || variable(&ENDPOINTS, env).is_some() {
        return Ok(asking.url.clone());
    }
    Ok(own_url(profile, files)?.or_else(|| asking.url.clone()))
}

const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];

/// The SDKs' order: what is for STS alone before what is for every service, within the environment and within the file.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
fn url(profile: &AwsProfile<'_>, files: &Files, env: Env<'_>) -> Result<Option<Url>, Reported> {
    if is_ignored(profile, env) {
        return refuse_variants(profile, None);
    }
    if let Some((name, text)) = variable(&ENDPOINTS, env) {
        let url = check(text.to_str().unwrap_or_default());
        return url
            .map(Some)
            .map_err(|Invalid(rule)| files.environment.report_at(None, name, rule));
    }
    refuse_variants(profile, own_url(profile, files)?)
}

fn own_url(profile: &AwsProfile<'_>, files: &Files) -> Result<Option<Url>, Reported> {
    if let Some(setting) = profile.setting("services")
        && let Some(url) = url_of_services(&setting, files)?
    {
        return Ok(Some(url));
    }
    profile
        .setting("endpoint_url")
        .map(|setting| setting.parse(check))
        .transpose()
}

fn url_of_services(setting: &Setting<'_>, files: &Files) -> Result<Option<Url>, Reported> {
    let name = setting.text()?;
    let Some(section) = files.config.content.services(name) else {
        return Err(
            setting.report("names a [services …] section that is not in the config file; add it, or remove this")
        );
    };
    let Some(url) = section.get("sts").and_then(|sts| sts.nested.get("endpoint_url")) else {
        return Ok(None);
    };
    let path = format!("[services {}] sts.endpoint_url", echo::profile(name));
    let refuse = |Invalid(rule)| files.config.mistakes.report(url.at, &path, rule);
    check(url.value.expose()).map(Some).map_err(refuse)
}

/// Another STS than the one that was asked for would be silently weaker.
fn refuse_variants(profile: &AwsProfile<'_>, url: Option<Url>) -> Result<Option<Url>, Reported> {
    let variants = [
        ("use_fips_endpoint", "sts-fips.<region>.amazonaws.com"),
        ("use_dualstack_endpoint", "sts.<region>.api.aws"),
    ];
    let wanted = variants.into_iter().find(|(key, _)| profile.is_true(key));
    match wanted.and_then(|(key, host)| Some((profile.setting(key)?, host))) {
        Some((setting, host)) if url.is_none() => Err(setting.report(format!(
            "is not supported here; set endpoint_url = https://{host} instead"
        ))),
        _ => Ok(url),
    }
}

fn check(text: &str) -> Result<Url, Invalid> {
    let plain_http = "must begin with https://: plain http would show the credentials on the way";
    endpoint::check(text, Some(plain_http)).map_err(Invalid)
}

fn is_ignored(profile: &AwsProfile<'_>, env: Env<'_>) -> bool {
    let by_environment =
        env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    by_environment || profile.is_true("ignore_configured_endpoint_urls")
}

/// The first that is set to something.
fn variable(names: &[&'static str], env: Env<'_>) -> Option<(&'static str, OsString)> {
    let set = |&name: &&'static str| Some((name, env(name).filter(|value| !value.is_empty())?));
    names.iter().find_map(set)
}
