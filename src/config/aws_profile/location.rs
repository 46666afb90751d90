//! Which STS is asked: the region and, where there is one, another address.

use std::ffi::OsString;

use url::Url;

use super::files::Files;
use super::settings::{AwsProfile, Setting};
use crate::aws::{Endpoint, Invalid, Region};
use crate::config::endpoint::{Conflict, Environment, PLAIN_HTTP_NEVER, Said, Settings, boolean, check, legacy_global};
use crate::config::mistake::Reported;
use crate::config::{Env, echo};

/// Which STS a profile asks.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) region: Region,
    pub(super) endpoint: Endpoint,
    settings: Settings,
}

/// The environment's, else a profile's own, else that of the profile whose source it is: the SDKs ask one STS for the whole
/// chain. Only of the region the environment's comes last.
pub(super) fn of(
    profile: &AwsProfile<'_>,
    asking: Option<&Result<Location, Reported>>,
    files: &Files,
    env: Env<'_>,
    environment: &Environment<'_>,
) -> Result<Location, Reported> {
    let region = region(profile, asking, files, env);
    let settings = settings(profile, asking, files, environment);
    let (region, settings) = (region?, settings?);
    let endpoint = settings.endpoint(&region);
    Ok(Location {
        endpoint: endpoint.map_err(|conflict| report(&conflict, profile, environment))?,
        region,
        settings,
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

/// The first that is set to something.
fn variable(names: &[&'static str], env: Env<'_>) -> Option<(&'static str, OsString)> {
    let set = |&name: &&'static str| Some((name, env(name).filter(|value| !value.is_empty())?));
    names.iter().find_map(set)
}

fn settings(
    profile: &AwsProfile<'_>,
    asking: Option<&Result<Location, Reported>>,
    files: &Files,
    environment: &Environment<'_>,
) -> Result<Settings, Reported> {
    let asking = asking.map(|asking| asking.as_ref().map_err(|&reported| reported));
    let asking = asking.transpose()?.map(|asking| &asking.settings);
    let inherited = asking.cloned().unwrap_or_default();
    let url = match asking {
        None => url(profile, files, environment),
        Some(asking) => url_of_source(profile, asking, files, environment),
    };
    let own = |key, parse: fn(&str) -> Result<bool, &'static str>| {
        let setting = profile.setting(key);
        let value = setting.map(|setting| setting.parse(|text| parse(text).map_err(Invalid)));
        value.map(|value| value.map(Said::by_profile)).transpose()
    };
    let fips = first(environment.fips(), own("use_fips_endpoint", boolean), inherited.fips);
    let dual_stack = first(
        environment.dual_stack(),
        own("use_dualstack_endpoint", boolean),
        inherited.dual_stack,
    );
    let legacy = first(
        environment.legacy_global(),
        own("sts_regional_endpoints", legacy_global),
        inherited.legacy_global,
    );
    Ok(Settings {
        url: url?,
        fips: fips?,
        dual_stack: dual_stack?,
        legacy_global: legacy?,
    })
}

/// What is wrong in the file is told even where the environment comes before it.
fn first<T>(
    of_environment: Result<Option<T>, Reported>,
    own: Result<Option<T>, Reported>,
    inherited: Option<T>,
) -> Result<Option<T>, Reported> {
    let (of_environment, own) = (of_environment?, own?);
    Ok(of_environment.or(own).or(inherited))
}

/// The SDKs' order: what is for STS alone before what is for every service, within the environment and within the file.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
fn url(profile: &AwsProfile<'_>, files: &Files, environment: &Environment<'_>) -> Result<Option<Said<Url>>, Reported> {
    if is_ignored(profile, environment)? {
        return Ok(None);
    }
    match environment.url_over_tls(PLAIN_HTTP_NEVER)? {
        None => own_url(profile, files),
        given => Ok(given),
    }
}

/// The environment's address counts for the whole chain, and so does the wish to have none.
fn url_of_source(
    profile: &AwsProfile<'_>,
    asking: &Settings,
    files: &Files,
    environment: &Environment<'_>,
) -> Result<Option<Said<Url>>, Reported> {
    if is_ignored(profile, environment)? || environment.url()?.is_some() {
        return Ok(asking.url.clone());
    }
    Ok(own_url(profile, files)?.or_else(|| asking.url.clone()))
}

fn is_ignored(profile: &AwsProfile<'_>, environment: &Environment<'_>) -> Result<bool, Reported> {
    let own = profile.setting("ignore_configured_endpoint_urls");
    let own = own.map(|setting| setting.parse(|text| boolean(text).map_err(Invalid)));
    let by_environment = environment.is_ignored()?;
    Ok(own.transpose()?.unwrap_or(false) || by_environment)
}

fn own_url(profile: &AwsProfile<'_>, files: &Files) -> Result<Option<Said<Url>>, Reported> {
    if let Some(setting) = profile.setting("services")
        && let Some(url) = url_of_services(&setting, files)?
    {
        return Ok(Some(Said::by_profile(url)));
    }
    let setting = profile.setting("endpoint_url");
    let url = setting.map(|setting| setting.parse(checked)).transpose()?;
    Ok(url.map(Said::by_profile))
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
    checked(url.value.expose()).map(Some).map_err(refuse)
}

fn checked(text: &str) -> Result<Url, Invalid> {
    check(text, Some(PLAIN_HTTP_NEVER)).map_err(Invalid)
}

/// At the setting that asks for AWS's own, wherever that is.
fn report(conflict: &Conflict, profile: &AwsProfile<'_>, environment: &Environment<'_>) -> Reported {
    let rule = conflict.rule();
    match (conflict.variable, profile.setting(conflict.key.name())) {
        (Some(variable), _) => environment.report(variable, &rule),
        (None, Some(setting)) => setting.report(rule),
        (None, None) => profile.report(&format!("has its {} from elsewhere, which {rule}", conflict.key.name())),
    }
}
