use std::fmt;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::aws::{is_loopback, parse_url};
use crate::config::Env;
use crate::sts::setup::SetupError;

/// The way to an endpoint, for a line in the log: never a proxy's user or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// No proxy.
    Direct,
    /// Through this proxy, `scheme://host:port`.
    Proxy(String),
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Proxy(proxy) => write!(f, "through the proxy {proxy}"),
        }
    }
}

/// The proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` for what these two leave, `NO_PROXY`; each
/// also in lower case. The upper-case one counts first, an empty one as none.
pub(super) struct Proxies {
    https: Option<Url>,
    http: Option<Url>,
    /// The rules of `NO_PROXY` as curl has them: its targets stand for "some proxy".
    allowed: Matcher,
}

impl Proxies {
    pub(super) fn new(env: Env<'_>) -> Result<Self, SetupError> {
        let all = proxy(env, ["ALL_PROXY", "all_proxy"])?;
        let https = proxy(env, ["HTTPS_PROXY", "https_proxy"])?;
        let http = proxy(env, ["HTTP_PROXY", "http_proxy"])?;
        let exempt = first(env, ["NO_PROXY", "no_proxy"])?;
        Ok(Self {
            https: https.or_else(|| all.clone()),
            http: http.or(all),
            allowed: Matcher::builder()
                .all("http://proxy.invalid")
                .no(exempt.map(|(_, hosts)| hosts).unwrap_or_default())
                .build(),
        })
    }

    /// The proxy for a request to `url`, user and password included. This machine's loopback has none, whatever the
    /// environment says: an emulator beside us is not reachable from a proxy.
    pub(super) fn intercept(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            "http" => self.http.as_ref(),
            _ => None,
        }?;
        let uri = url.as_str().parse().ok()?;
        (!is_loopback(url) && self.allowed.intercept(&uri).is_some()).then_some(proxy)
    }

    pub(super) fn route(&self, url: &Url) -> Route {
        self.intercept(url).map_or(Route::Direct, |proxy| {
            let (host, port) = (proxy.host_str(), proxy.port_or_known_default());
            let (host, port) = (host.unwrap_or_default(), port.unwrap_or_default());
            Route::Proxy(format!("{}://{host}:{port}", proxy.scheme()))
        })
    }
}

type Named = (&'static str, String);

fn first(env: Env<'_>, names: [&'static str; 2]) -> Result<Option<Named>, SetupError> {
    let value = |name| Some((name, env(name).filter(|value| !value.is_empty())?));
    let Some((name, value)) = names.into_iter().find_map(value) else {
        return Ok(None);
    };
    let problem = |_| SetupError::proxy(name, "is not UTF-8");
    Ok(Some((name, value.into_string().map_err(problem)?)))
}

fn proxy(env: Env<'_>, names: [&'static str; 2]) -> Result<Option<Url>, SetupError> {
    let Some((name, value)) = first(env, names)? else {
        return Ok(None);
    };
    parse(value.trim())
        .map(Some)
        .map_err(|problem| SetupError::proxy(name, problem))
}

/// A proxy's URL; `host:port` alone means `http://`, as for curl. The value may hold a password, so no error repeats it.
fn parse(value: &str) -> Result<Url, &'static str> {
    const FORM: &str = "is not a proxy's URL";
    let url = match value.split_once("://") {
        Some((scheme, _)) if scheme.to_ascii_lowercase().starts_with("socks") => {
            return Err("names a SOCKS proxy, and SOCKS is not supported");
        }
        Some(_) => parse_url(value),
        None => parse_url(&format!("http://{value}")),
    };
    let url = url.ok_or(FORM)?;
    let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    // The client takes the URL apart once more, by other rules, and would go without a proxy if it could not.
    let understood = Matcher::builder().all(url.as_str()).build();
    let understood = understood.intercept(&Uri::from_static("http://sts.invalid")).is_some();
    if plain && url.fragment().is_none() && understood {
        Ok(url)
    } else {
        Err(FORM)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn proxies(environment: &[(&str, &str)]) -> Result<Proxies, SetupError> {
        Proxies::new(&|name| {
            let found = environment.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn route(environment: &[(&str, &str)], url: &str) -> String {
        let url = Url::parse(url).unwrap();
        proxies(environment).ok().unwrap().route(&url).to_string()
    }

    const STS: &str = "https://sts.eu-west-1.amazonaws.com";

    #[test]
    fn the_scheme_chooses_and_all_proxy_fills_the_gaps() {
        let both = [("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2")];
        assert_eq!(route(&both, STS), "through the proxy http://a:1");
        assert_eq!(route(&both, "http://sts.example"), "through the proxy http://b:2");
        let all = [("ALL_PROXY", "https://c"), ("HTTPS_PROXY", "")];
        assert_eq!(route(&all, STS), "through the proxy https://c:443");
        assert_eq!(route(&all, "http://sts.example"), "through the proxy https://c:443");
        assert_eq!(
            route(&[("https_proxy", "a:1"), ("HTTPS_PROXY", "A:2")], STS),
            "through the proxy http://a:2"
        );
        assert_eq!(route(&[("http_proxy", "b:2")], STS), "direct");
        assert_eq!(route(&[], STS), "direct");
    }

    #[test]
    fn no_proxy_exempts_hosts_domains_and_networks() {
        for (exempt, url, expected) in [
            ("sts.eu-west-1.amazonaws.com", STS, "direct"),
            ("example, .amazonaws.com", STS, "direct"),
            ("amazonaws.com", STS, "direct"),
            ("*", STS, "direct"),
            ("amazonaws.co", STS, "through the proxy http://p:1"),
            ("notamazonaws.com", STS, "through the proxy http://p:1"),
            ("10.0.0.0/8", "https://10.2.3.4:8443", "direct"),
            ("10.0.0.0/8", "https://11.2.3.4:8443", "through the proxy http://p:1"),
        ] {
            assert_eq!(
                route(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", exempt)], url),
                expected,
                "{exempt} {url}"
            );
            assert_eq!(
                route(&[("HTTPS_PROXY", "p:1"), ("no_proxy", exempt)], url),
                expected,
                "{exempt} {url}"
            );
        }
    }

    #[test]
    fn loopback_has_no_proxy() {
        for url in ["http://127.0.0.1:1", "https://localhost", "http://[::1]:9"] {
            assert_eq!(route(&[("ALL_PROXY", "http://p:1")], url), "direct", "{url}");
        }
    }

    #[test]
    fn a_password_is_used_and_never_shown() {
        let with_password = [("HTTPS_PROXY", "http://user:p%40ss@w@proxy.example:3128/")];
        assert_eq!(
            route(&with_password, STS),
            "through the proxy http://proxy.example:3128"
        );
        let proxies = proxies(&with_password).ok().unwrap();
        let proxy = proxies.intercept(&Url::parse(STS).unwrap()).unwrap();
        assert_eq!((proxy.username(), proxy.password()), ("user", Some("p%40ss%40w")));
        let bare = [("HTTPS_PROXY", "user:secret@proxy.example:3128")];
        assert_eq!(route(&bare, STS), "through the proxy http://proxy.example:3128");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_that_does_not_show_it() {
        for value in [
            "http://",
            "http://user:secret@",
            "http://user:secret@host:99999",
            "http://user:secret@ho st:1",
            "ftp://user:secret@host:1",
            "http://host:1/secret",
            "http://host:1/?secret",
            "http://host:1/#secret",
            "socks5://user:secret@host:1",
            "SOCKS5H://user:secret@host:1",
            "://secret",
            "user:secret",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
                let error = proxies(&[(name, value)]).err().expect(value).to_string();
                assert!(error.starts_with(name) && !error.contains("secret"), "{value}: {error}");
                assert_eq!(
                    error.contains("SOCKS"),
                    value.to_lowercase().starts_with("socks"),
                    "{error}"
                );
            }
        }
        let latin = Proxies::new(&|name| (name == "NO_PROXY").then(|| OsString::from_vec(vec![0xe9])));
        assert!(latin.err().unwrap().to_string().starts_with("NO_PROXY is not UTF-8"));
    }
}
