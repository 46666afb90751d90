use std::net::SocketAddr;

use hyper::header::HeaderValue;
use hyper::{Request, StatusCode};

use crate::metrics::Reason;

/// A rule over the head of a request: what breaks it, and what is said then.
pub(super) struct Rule {
    pub(super) reason: Reason,
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    broken_by: Marks,
}

/// What the rules need to know of a head, gathered in one pass over it.
pub(super) struct Head<'r> {
    marks: Marks,
    pub(super) authorization: Option<&'r HeaderValue>,
}

/// What is odd about a head, a bit each; nothing about most. A header counts even when it is empty.
type Marks = u16;

const NO_PATH: Marks = 1;
const BODY: Marks = 1 << 1;
const UPGRADES: Marks = 1 << 2;
const NOT_ONE_HOST: Marks = 1 << 3;
const FOREIGN_HOST: Marks = 1 << 4;
const HAS_ORIGIN: Marks = 1 << 5;
const OF_A_BROWSER: Marks = 1 << 6;
const FORWARDS: Marks = 1 << 7;
const AUTHORIZATIONS: Marks = 1 << 8;

impl<'r> Head<'r> {
    pub(super) fn of<B>(request: &'r Request<B>, hosts: &Hosts) -> Self {
        let uri = request.uri();
        let is_path = uri.authority().is_none() && uri.path().starts_with('/');
        let mut head = Self {
            marks: if is_path { 0 } else { NO_PATH },
            authorization: None,
        };
        let mut has_host = false;
        for (name, value) in request.headers() {
            // hyper has lower-cased the names. Compared as bytes, for which a tree of lengths and letters is compiled.
            head.marks |= match name.as_str().as_bytes() {
                b"host" => {
                    let second = if has_host { NOT_ONE_HOST } else { 0 };
                    has_host = true;
                    second
                        | if hosts.include(value.as_bytes()) {
                            0
                        } else {
                            FOREIGN_HOST
                        }
                }
                b"authorization" => match head.authorization.replace(value) {
                    Some(_) => AUTHORIZATIONS,
                    None => 0,
                },
                b"content-length" if value == "0" => 0,
                b"content-length" | b"transfer-encoding" => BODY,
                b"upgrade" => UPGRADES,
                b"origin" => HAS_ORIGIN,
                b"forwarded" | b"via" | b"x-real-ip" => FORWARDS,
                [b'x', name @ ..] if name.starts_with(b"-forwarded-") => FORWARDS,
                [b's', name @ ..] if name.starts_with(b"ec-fetch-") => OF_A_BROWSER,
                _ => 0,
            };
        }
        if !has_host {
            head.marks |= NOT_ONE_HOST | FOREIGN_HOST;
        }
        head
    }

    /// The first rule that the request breaks.
    pub(super) fn broken(&self, rules: &'static [Rule]) -> Option<&'static Rule> {
        if self.marks == 0 {
            return None;
        }
        rules.iter().find(|rule| self.marks & rule.broken_by != 0)
    }
}

const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

/// What no listener takes.
pub(super) const OPS: &[Rule] = &[TARGET, FRAMING, UPGRADE];

/// What the credentials listener takes from nobody, whatever token comes with it.
pub(super) const CREDENTIALS: &[Rule] = &[
    TARGET,
    FRAMING,
    UPGRADE,
    ONE_HOST,
    OWN_HOST,
    ORIGIN,
    FETCH_METADATA,
    FORWARDED,
    AUTHORIZATION,
];

/// What the IMDS listener takes from nobody. Only tokens of its own are looked at.
pub(super) const IMDS: &[Rule] = &[
    TARGET,
    FRAMING,
    UPGRADE,
    ONE_HOST,
    OWN_HOST,
    ORIGIN,
    FETCH_METADATA,
    FORWARDED_TO_IMDS,
];

const TARGET: Rule = Rule {
    reason: Reason::Target,
    status: BAD_REQUEST,
    message: "the request target must be a path",
    broken_by: NO_PATH,
};

/// No request here has a body, and whatever a proxy and this server could read differently is refused.
const FRAMING: Rule = Rule {
    reason: Reason::Framing,
    status: BAD_REQUEST,
    message: "a request here has no body",
    broken_by: BODY,
};

const UPGRADE: Rule = Rule {
    reason: Reason::Upgrade,
    status: BAD_REQUEST,
    message: "only HTTP/1.1 is spoken here",
    broken_by: UPGRADES,
};

/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2> asks for 400.
const ONE_HOST: Rule = Rule {
    reason: Reason::Host,
    status: BAD_REQUEST,
    message: "a request needs exactly one Host header",
    broken_by: NOT_ONE_HOST,
};

/// A name that a stranger's DNS points at this listener arrives as `Host`.
const OWN_HOST: Rule = Rule {
    reason: Reason::Host,
    status: FORBIDDEN,
    message: "the Host header must be this listener's own address, such as 127.0.0.1",
    broken_by: FOREIGN_HOST,
};

const ORIGIN: Rule = Rule {
    reason: Reason::Origin,
    status: FORBIDDEN,
    message: "browsers are not served",
    broken_by: HAS_ORIGIN,
};

/// <https://www.w3.org/TR/fetch-metadata/>: no script can leave these headers out.
const FETCH_METADATA: Rule = Rule {
    reason: Reason::FetchMetadata,
    status: FORBIDDEN,
    message: "browsers are not served",
    broken_by: OF_A_BROWSER,
};

/// As EC2's metadata service does: whoever forwards speaks for somebody else.
const FORWARDED: Rule = Rule {
    reason: Reason::Forwarded,
    status: FORBIDDEN,
    message: "proxies are not served: let the SDK reach this address directly (NO_PROXY)",
    broken_by: FORWARDS,
};

/// EC2 gives no token to a request with `X-Forwarded-For`, and does not say with which status. 400 ends an SDK's attempt; after
/// 403 most ask without a token, some of them from then on.
const FORWARDED_TO_IMDS: Rule = Rule {
    status: BAD_REQUEST,
    ..FORWARDED
};

const AUTHORIZATION: Rule = Rule {
    reason: Reason::Authorization,
    status: BAD_REQUEST,
    message: "a request has at most one Authorization header",
    broken_by: AUTHORIZATIONS,
};

/// The `Host` values of a listener: its address and the names of loopback, each with and without the port (some SDKs
/// leave it out).
#[derive(Default)]
pub(super) struct Hosts(Box<[Box<str>]>);

impl Hosts {
    pub(super) fn of(address: SocketAddr) -> Self {
        let own = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned(), "[::1]".to_owned()];
        if !address.ip().is_unspecified() && !names.contains(&own) {
            names.push(own);
        }
        let with_port = names.iter().map(|name| format!("{name}:{}", address.port()));
        let with_port: Vec<_> = with_port.collect();
        Self(with_port.into_iter().chain(names).map(String::into_boxed_str).collect())
    }

    /// Those of EC2's metadata service, too: packets to its addresses may be led here.
    pub(super) fn imds(address: SocketAddr) -> Self {
        let ports = [address.port(), 80].map(|port| format!(":{port}"));
        let names = ["169.254.169.254", "[fd00:ec2::254]"];
        let of_ec2 = names.iter().flat_map(|name| {
            let ports = ports.iter().map(String::as_str).chain([""]);
            ports.map(move |port| format!("{name}{port}").into_boxed_str())
        });
        Self(Self::of(address).0.into_iter().chain(of_ec2).collect())
    }

    fn include(&self, host: &[u8]) -> bool {
        let mut known = self.0.iter().map(|known| known.as_bytes());
        known.any(|known| known == host || known.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rules: &'static [Rule], target: &str, headers: &[(&str, &str)]) -> Option<(Reason, u16)> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hosts = Hosts::of("127.0.0.1:7411".parse().unwrap());
        let request = request.body(()).unwrap();
        let rule = Head::of(&request, &hosts).broken(rules);
        rule.map(|rule| (rule.reason, rule.status.as_u16()))
    }

    fn with_host(name: &str, value: &str) -> Option<(Reason, u16)> {
        refused(CREDENTIALS, "/credentials/ops", &[("host", "127.0.0.1"), (name, value)])
    }

    #[test]
    fn hosts_are_the_listeners_own() {
        let host = |value| refused(CREDENTIALS, "/credentials/ops", &[("host", value)]);
        for own in [
            "127.0.0.1:7411",
            "127.0.0.1",
            "localhost",
            "LocalHost:7411",
            "[::1]",
            "[::1]:7411",
        ] {
            assert_eq!(host(own), None, "{own}");
        }
        for other in [
            "",
            "evil.example",
            "127.0.0.1:7412",
            "127.0.0.1:",
            "127.0.0.1:07411",
            "127.0.0.1.",
            "0.0.0.0",
            "127.0.0.2",
            "127.1",
            "localhost.",
            "user@127.0.0.1",
            "127.0.0.1, 127.0.0.1",
            "::1",
            "[::1%25lo]",
            "[::]",
            " 127.0.0.1",
            "127.0.0.1.evil.example",
            "2130706433",
        ] {
            assert_eq!(host(other), Some((Reason::Host, 403)), "{other}");
        }
        assert_eq!(refused(CREDENTIALS, "/x", &[]), Some((Reason::Host, 400)));
        assert_eq!(with_host("host", "127.0.0.1"), Some((Reason::Host, 400)), "two");
    }

    #[test]
    fn a_listeners_address_is_a_host_unless_it_is_any_address() {
        let own = |address: &str, host: &str| Hosts::of(address.parse().unwrap()).include(host.as_bytes());
        assert!(own("127.0.0.2:80", "127.0.0.2:80"));
        assert!(own("[fd00::7]:80", "[fd00::7]"));
        assert!(!own("0.0.0.0:80", "0.0.0.0"));
        assert!(!own("[::]:80", "[::]:80"));
    }

    #[test]
    fn hosts_in_the_imds_form_are_ec2s_too() {
        let hosts = Hosts::imds("127.0.0.1:7413".parse().unwrap());
        for own in [
            "127.0.0.1:7413",
            "localhost",
            "169.254.169.254",
            "169.254.169.254:80",
            "169.254.169.254:7413",
            "[fd00:ec2::254]",
            "[FD00:EC2::254]:80",
        ] {
            assert!(hosts.include(own.as_bytes()), "{own}");
        }
        for other in [
            "169.254.169.254:7412",
            "169.254.169.253",
            "fd00:ec2::254",
            "127.0.0.1:80",
            ":80",
            "",
        ] {
            assert!(!hosts.include(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn browsers_and_proxies_are_refused_even_when_the_header_is_empty() {
        for (name, reason) in [
            ("Origin", Reason::Origin),
            ("Sec-Fetch-Site", Reason::FetchMetadata),
            ("sec-fetch-user", Reason::FetchMetadata),
            ("X-Forwarded-For", Reason::Forwarded),
            ("x-forwarded-anything", Reason::Forwarded),
            ("Forwarded", Reason::Forwarded),
            ("Via", Reason::Forwarded),
            ("X-Real-IP", Reason::Forwarded),
        ] {
            for value in ["", "none", "null"] {
                assert_eq!(with_host(name, value), Some((reason, 403)), "{name}: {value}");
                assert_eq!(refused(OPS, "/metrics", &[(name, value)]), None, "{name}: {value}");
            }
        }
        for harmless in [
            "Accept",
            "User-Agent",
            "Connection",
            "X-Forward",
            "Sec-Other",
            "Referer",
            "Expect",
        ] {
            assert_eq!(with_host(harmless, "x"), None, "{harmless}");
        }
    }

    #[test]
    fn a_request_is_a_path_without_a_body_on_every_listener() {
        for rules in [CREDENTIALS, IMDS, OPS] {
            let host = ("host", "127.0.0.1");
            for target in ["http://127.0.0.1/credentials/ops", "127.0.0.1:7411", "*"] {
                assert_eq!(refused(rules, target, &[host]), Some((Reason::Target, 400)), "{target}");
            }
            for (name, value, reason) in [
                ("transfer-encoding", "chunked", Reason::Framing),
                ("transfer-encoding", "", Reason::Framing),
                ("content-length", "1", Reason::Framing),
                ("upgrade", "h2c", Reason::Upgrade),
            ] {
                let headers = [host, (name, value)];
                assert_eq!(refused(rules, "/metrics", &headers), Some((reason, 400)), "{name}");
            }
            assert_eq!(refused(rules, "/metrics", &[host, ("content-length", "0")]), None);
            assert_eq!(refused(rules, "/credentials/ops?a=b", &[host]), None);
        }
    }

    #[test]
    fn one_authorization_at_most() {
        let one = ("authorization", "t");
        let host = ("host", "localhost");
        assert_eq!(refused(CREDENTIALS, "/x", &[host, one]), None);
        assert_eq!(
            refused(CREDENTIALS, "/x", &[host, one, one]),
            Some((Reason::Authorization, 400))
        );
    }

    #[test]
    fn every_reason_is_counted_for_its_listener() {
        use crate::metrics::Listener;
        for (rules, listener) in [
            (CREDENTIALS, Listener::Credentials),
            (IMDS, Listener::Imds),
            (OPS, Listener::Ops),
        ] {
            for rule in rules {
                assert!(listener.reasons().contains(&rule.reason), "{}", rule.reason.as_str());
                assert!(listener.codes().contains(&rule.status.as_u16()));
            }
        }
    }
}
