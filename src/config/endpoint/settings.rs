use url::Url;

use crate::aws::{Endpoint, Region, Variant};
use crate::config::keys::{Key, REGION, USE_DUALSTACK_ENDPOINT, USE_FIPS_ENDPOINT};

/// What is said of the STS to ask, each setting as far as it is given.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Settings {
    /// Another STS.
    pub(in crate::config) url: Option<Said<Url>>,
    pub(in crate::config) fips: Option<Said<bool>>,
    pub(in crate::config) dual_stack: Option<Said<bool>>,
    pub(in crate::config) legacy_global: Option<Said<bool>>,
}

/// A setting, and what gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Said<T> {
    pub(in crate::config) value: T,
    /// The variable of the environment; `None` for a profile.
    pub(in crate::config) variable: Option<&'static str>,
}

impl<T> Said<T> {
    pub(in crate::config) fn by_profile(value: T) -> Self {
        Self { value, variable: None }
    }
}

/// One of AWS's own endpoints is asked for, and another STS is named: the endpoint rules of AWS refuse that, since either
/// would silently be another STS than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Conflict {
    /// The key that asks for AWS's own.
    pub(in crate::config) key: Key,
    /// The variable that does, in place of the key.
    pub(in crate::config) variable: Option<&'static str>,
    /// The variable that names the other STS; `None` for `endpoint_url`.
    pub(in crate::config) url_variable: Option<&'static str>,
}

impl Settings {
    pub(in crate::config) fn endpoint(&self, region: &Region) -> Result<Endpoint, Conflict> {
        match &self.url {
            None => Ok(Endpoint::of_aws(region, self.variant())),
            Some(url) => match self.conflict_of(region, url.variable) {
                None => Ok(Endpoint::at(url.value.clone(), region)),
                Some(conflict) => Err(conflict),
            },
        }
    }

    fn variant(&self) -> Variant {
        let is_wanted = |said: Option<Said<bool>>| said.is_some_and(|said| said.value);
        Variant {
            fips: is_wanted(self.fips),
            dual_stack: is_wanted(self.dual_stack),
            legacy_global: is_wanted(self.legacy_global),
        }
    }

    fn conflict_of(&self, region: &Region, url_variable: Option<&'static str>) -> Option<Conflict> {
        let of_region = region.of_fips().map(|_| Said::by_profile(true));
        let wishes = [
            (USE_FIPS_ENDPOINT, self.fips),
            (USE_DUALSTACK_ENDPOINT, self.dual_stack),
            (REGION, of_region),
        ];
        let mut wishes = wishes.into_iter().filter_map(|(key, said)| Some((key, said?)));
        let (key, said) = wishes.find(|(_, said)| said.value)?;
        Some(Conflict {
            key,
            variable: said.variable,
            url_variable,
        })
    }
}

impl Conflict {
    /// What is said at the setting that asks for AWS's own endpoint.
    pub(in crate::config) fn rule(&self) -> String {
        let (url, remedy) = match self.url_variable {
            None => ("endpoint_url", "leave one of them out".to_owned()),
            Some(variable) => (
                variable,
                format!("unset {variable}, set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true, or leave this out"),
            ),
        };
        format!("asks for an endpoint of AWS, but {url} names another STS; {remedy}")
    }
}
