use std::cell::OnceCell;

use url::Url;

use super::{Said, Settings, boolean, check, legacy_global};
use crate::config::Env;
use crate::config::mistake::Reported;

/// What the environment says of the STS to ask, in the variables of the SDKs. An empty one counts as one that is not set.
///
/// Each is read when it is first needed, since what a file says may come before it, and its mistake is told once.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>
pub(in crate::config) struct Environment<'e> {
    env: Env<'e>,
    report: Report<'e>,
    is_ignored: OnceCell<Read<bool>>,
    url: OnceCell<Read<Url>>,
    fips: OnceCell<Read<bool>>,
    dual_stack: OnceCell<Read<bool>>,
    legacy_global: OnceCell<Read<bool>>,
}

/// Takes a mistake: the variable, and the rule that it breaks.
pub(in crate::config) type Report<'e> = &'e dyn Fn(&str, &str) -> Reported;

type Read<T> = Result<Option<Said<T>>, Reported>;

/// That of STS alone comes first.
const URLS: [&str; 2] = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];

impl<'e> Environment<'e> {
    pub(in crate::config) fn new(env: Env<'e>, report: Report<'e>) -> Self {
        Self {
            env,
            report,
            is_ignored: OnceCell::new(),
            url: OnceCell::new(),
            fips: OnceCell::new(),
            dual_stack: OnceCell::new(),
            legacy_global: OnceCell::new(),
        }
    }

    /// Whether endpoints that are configured shall be ignored, by `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`.
    pub(in crate::config) fn is_ignored(&self) -> Result<bool, Reported> {
        let read = || self.read("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", boolean);
        let said = *self.is_ignored.get_or_init(read);
        Ok(said?.is_some_and(|said| said.value))
    }

    /// Another STS, unless such are to be ignored. Whether it may be asked in plain http is left to the caller.
    pub(in crate::config) fn url(&self) -> Read<Url> {
        if self.is_ignored()? {
            return Ok(None);
        }
        let read = || {
            let mut set = URLS.into_iter().filter(|name| self.is_set(name));
            set.next()
                .map_or(Ok(None), |name| self.read(name, |text| check(text, None)))
        };
        self.url.get_or_init(read).clone()
    }

    /// `AWS_USE_FIPS_ENDPOINT`
    pub(in crate::config) fn fips(&self) -> Read<bool> {
        let read = || self.read("AWS_USE_FIPS_ENDPOINT", boolean);
        *self.fips.get_or_init(read)
    }

    /// `AWS_USE_DUALSTACK_ENDPOINT`
    pub(in crate::config) fn dual_stack(&self) -> Read<bool> {
        let read = || self.read("AWS_USE_DUALSTACK_ENDPOINT", boolean);
        *self.dual_stack.get_or_init(read)
    }

    /// `AWS_STS_REGIONAL_ENDPOINTS`
    pub(in crate::config) fn legacy_global(&self) -> Read<bool> {
        let read = || self.read("AWS_STS_REGIONAL_ENDPOINTS", legacy_global);
        *self.legacy_global.get_or_init(read)
    }

    /// All of them; `http_refusal` is what is said of plain http beyond loopback.
    pub(in crate::config) fn settings(&self, http_refusal: &'static str) -> Result<Settings, Reported> {
        let url = self.url_over_tls(http_refusal);
        let (fips, dual_stack, legacy_global) = (self.fips(), self.dual_stack(), self.legacy_global());
        Ok(Settings {
            url: url?,
            fips: fips?,
            dual_stack: dual_stack?,
            legacy_global: legacy_global?,
        })
    }

    /// [`url`](Self::url), where nothing can allow plain http beyond loopback.
    pub(in crate::config) fn url_over_tls(&self, http_refusal: &'static str) -> Read<Url> {
        let url = self.url()?;
        if let Some(Said {
            value,
            variable: Some(variable),
        }) = &url
        {
            check(value.as_str(), Some(http_refusal)).map_err(|rule| self.report(variable, rule))?;
        }
        Ok(url)
    }

    /// A mistake in a variable.
    pub(in crate::config) fn report(&self, variable: &str, rule: &str) -> Reported {
        (self.report)(variable, rule)
    }

    fn read<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, &'static str>) -> Read<T> {
        let Some(value) = (self.env)(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or("must be UTF-8");
        let value = text.and_then(parse).map_err(|rule| self.report(name, rule))?;
        let variable = Some(name);
        Ok(Some(Said { value, variable }))
    }

    fn is_set(&self, name: &str) -> bool {
        (self.env)(name).is_some_and(|value| !value.is_empty())
    }
}
