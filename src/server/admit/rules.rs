use hyper::{Request, StatusCode};

use super::hosts::Hosts;
use crate::metrics::Reason;

/// A rule over the head of a request: what breaks it, and what is said then.
pub(super) struct Rule {
    pub(super) reason: Reason,
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    breaks: fn(&Head) -> bool,
}

/// The first rule that a request breaks.
pub(super) fn broken<B>(rules: &'static [Rule], request: &Request<B>, hosts: &Hosts) -> Option<&'static Rule> {
    let head = Head::of(request, hosts);
    rules.iter().find(|rule| (rule.breaks)(&head))
}

/// What the rules need to know of a head, gathered in one pass over it. A header counts even when it is empty.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a header that is there or not")]
struct Head {
    is_path: bool,
    hosts: u32,
    own_host: bool,
    authorizations: u32,
    body: bool,
    upgrade: bool,
    origin: bool,
    fetch_metadata: bool,
    forwarded: bool,
}

impl Head {
    fn of<B>(request: &Request<B>, hosts: &Hosts) -> Self {
        let uri = request.uri();
        let mut head = Self {
            is_path: uri.authority().is_none() && uri.path().starts_with('/'),
            ..Self::default()
        };
        for (name, value) in request.headers() {
            // hyper has lower-cased the names.
            match name.as_str() {
                "host" => {
                    head.hosts += 1;
                    head.own_host = hosts.include(value.as_bytes());
                }
                "authorization" => head.authorizations += 1,
                "content-length" => head.body |= value != "0",
                "transfer-encoding" => head.body = true,
                "upgrade" => head.upgrade = true,
                "origin" => head.origin = true,
                "forwarded" | "via" | "x-real-ip" => head.forwarded = true,
                name if name.starts_with("x-forwarded-") => head.forwarded = true,
                name if name.starts_with("sec-fetch-") => head.fetch_metadata = true,
                _ => {}
            }
        }
        head
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

/// The same, where the certificate's names are its own, too.
pub(super) const CREDENTIALS_OVER_TLS: &[Rule] = &[
    TARGET,
    FRAMING,
    UPGRADE,
    ONE_HOST,
    CERTIFIED_HOST,
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
    breaks: |head| !head.is_path,
};

/// No request here has a body, and whatever a proxy and this server could read differently is refused.
const FRAMING: Rule = Rule {
    reason: Reason::Framing,
    status: BAD_REQUEST,
    message: "a request here has no body",
    breaks: |head| head.body,
};

const UPGRADE: Rule = Rule {
    reason: Reason::Upgrade,
    status: BAD_REQUEST,
    message: "only HTTP/1.1 is spoken here",
    breaks: |head| head.upgrade,
};

/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2> asks for 400.
const ONE_HOST: Rule = Rule {
    reason: Reason::Host,
    status: BAD_REQUEST,
    message: "a request needs exactly one Host header",
    breaks: |head| head.hosts != 1,
};

/// A name that a stranger's DNS points at this listener arrives as `Host`.
const OWN_HOST: Rule = Rule {
    reason: Reason::Host,
    status: FORBIDDEN,
    message: "the Host header must be this listener's own address, such as 127.0.0.1",
    breaks: |head| !head.own_host,
};

const CERTIFIED_HOST: Rule = Rule {
    message: "the Host header must be a name that this listener's certificate is for, or its own address",
    ..OWN_HOST
};

const ORIGIN: Rule = Rule {
    reason: Reason::Origin,
    status: FORBIDDEN,
    message: "browsers are not served",
    breaks: |head| head.origin,
};

/// <https://www.w3.org/TR/fetch-metadata/>: no script can leave these headers out.
const FETCH_METADATA: Rule = Rule {
    reason: Reason::FetchMetadata,
    status: FORBIDDEN,
    message: "browsers are not served",
    breaks: |head| head.fetch_metadata,
};

/// As EC2's metadata service does: whoever forwards speaks for somebody else.
const FORWARDED: Rule = Rule {
    reason: Reason::Forwarded,
    status: FORBIDDEN,
    message: "proxies are not served: let the SDK reach this address directly (NO_PROXY)",
    breaks: |head| head.forwarded,
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
    breaks: |head| head.authorizations > 1,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rules: &'static [Rule], target: &str, headers: &[(&str, &str)]) -> Option<(Reason, u16)> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hosts = Hosts::of("127.0.0.1:7411".parse().unwrap());
        let rule = broken(rules, &request.body(()).unwrap(), &hosts);
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
