use url::Url;

use super::{Conflict, Environment, PLAIN_HTTP, Said, Settings, check, legacy_global};
use crate::aws::{Endpoint, Region};
use crate::config::keys::{
    ENDPOINT_URL, INSECURE_ENDPOINT, Key, STS_REGIONAL_ENDPOINTS, USE_DUALSTACK_ENDPOINT, USE_FIPS_ENDPOINT,
};
use crate::config::mistake::Reported;
use crate::config::table::Table;

/// That of a `[profile.<name>]`. What the file says comes before the environment, which fills in only what is left out:
/// a variable that is not needed is not looked at.
pub(in crate::config) fn of_profile(
    profile: &Table<'_>,
    region: Result<&Region, Reported>,
    environment: &Environment<'_>,
) -> Result<Endpoint, Reported> {
    let url = url(profile, environment);
    let fips = boolean(profile, &USE_FIPS_ENDPOINT, || environment.fips());
    let dual_stack = boolean(profile, &USE_DUALSTACK_ENDPOINT, || environment.dual_stack());
    let legacy = profile.string(&STS_REGIONAL_ENDPOINTS, legacy_global);
    let legacy = own_or(legacy, || environment.legacy_global());
    let settings = Settings {
        url: url?,
        fips: fips?,
        dual_stack: dual_stack?,
        legacy_global: legacy?,
    };
    let endpoint = settings.endpoint(region?);
    endpoint.map_err(|conflict| report(&conflict, profile, environment))
}

fn url(profile: &Table<'_>, environment: &Environment<'_>) -> Result<Option<Said<Url>>, Reported> {
    let insecure = profile.boolean(&INSECURE_ENDPOINT);
    // Where the permission itself is wrong, that is the mistake to report.
    let http_allowed = !matches!(insecure, Ok(None | Some(false)));
    let refusal = (!http_allowed).then_some(PLAIN_HTTP);
    let url = own_or(profile.string(&ENDPOINT_URL, |text| check(text, refusal)), || {
        environment.url()
    });
    insecure?;
    let url = url?;
    if let Some(Said {
        value,
        variable: Some(variable),
    }) = &url
    {
        check(value.as_str(), refusal)
            .map_err(|rule| profile.report(&ENDPOINT_URL, format!("is left out, and {variable} {rule}")))?;
    }
    Ok(url)
}

fn boolean(
    profile: &Table<'_>,
    key: &Key,
    of_environment: impl FnOnce() -> Result<Option<Said<bool>>, Reported>,
) -> Result<Option<Said<bool>>, Reported> {
    own_or(profile.boolean(key), of_environment)
}

fn own_or<T>(
    own: Result<Option<T>, Reported>,
    of_environment: impl FnOnce() -> Result<Option<Said<T>>, Reported>,
) -> Result<Option<Said<T>>, Reported> {
    match own? {
        Some(value) => Ok(Some(Said::by_profile(value))),
        None => of_environment(),
    }
}

/// At a key of the file, unless only variables are at odds.
fn report(conflict: &Conflict, profile: &Table<'_>, environment: &Environment<'_>) -> Reported {
    match (conflict.variable, conflict.url_variable) {
        (None, _) => profile.report(&conflict.key, conflict.rule()),
        (Some(variable), Some(_)) => environment.report(variable, &conflict.rule()),
        (Some(variable), None) => {
            let key = conflict.key.name();
            let text = format!(
                "names another STS, but {variable} asks for an endpoint of AWS; remove this, or set {key} = false beside it"
            );
            profile.report(&ENDPOINT_URL, text)
        }
    }
}
