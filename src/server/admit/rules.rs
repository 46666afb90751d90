use hyper::StatusCode;

use super::head::{self, Marks};
use crate::metrics::Reason;

/// A rule over the head of a request: what breaks it, and what is said then.
pub(super) struct Rule {
    pub(super) reason: Reason,
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    pub(super) broken_by: Marks,
}

const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

/// What no listener takes.
pub(super) const OPS: &[Rule] = &[TARGET, TARGET_SIZE, FRAMING, UPGRADE];

/// What the credentials listener takes from nobody, whatever token comes with it.
pub(super) const CREDENTIALS: &[Rule] = &[
    TARGET,
    TARGET_SIZE,
    NON_ASCII,
    PATH_FORM,
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
    TARGET_SIZE,
    NON_ASCII,
    PATH_FORM_OF_IMDS,
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
    broken_by: head::NO_PATH,
};

/// <https://www.rfc-editor.org/rfc/rfc9110#section-15.5.15>
const TARGET_SIZE: Rule = Rule {
    reason: Reason::TargetSize,
    status: StatusCode::URI_TOO_LONG,
    message: "the request target has more than 2048 bytes",
    broken_by: head::LONG_TARGET,
};

/// What two programs on the way could read in different ways: bytes beyond ASCII have no meaning in a head
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.5>).
const NON_ASCII: Rule = Rule {
    reason: Reason::NonAscii,
    status: BAD_REQUEST,
    message: "a request here is written in ASCII",
    broken_by: head::BEYOND_ASCII,
};

/// A path that passes another program's filter in one spelling must not be understood here in another. No path here needs an escape
/// (<https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2>).
const PATH_FORM: Rule = Rule {
    reason: Reason::PathForm,
    status: BAD_REQUEST,
    message: PLAIN_PATH,
    broken_by: head::ODD_PATH | head::EMPTY_SEGMENT,
};

/// Some SDKs begin the path with two slashes where the endpoint is configured with one at its end.
const PATH_FORM_OF_IMDS: Rule = Rule {
    broken_by: head::ODD_PATH,
    ..PATH_FORM
};

const PLAIN_PATH: &str =
    "the path must be written plainly: without escapes, parameters, empty segments and segments of dots";

/// No request here has a body, and whatever a proxy and this server could read differently is refused.
const FRAMING: Rule = Rule {
    reason: Reason::Framing,
    status: BAD_REQUEST,
    message: "a request here has no body",
    broken_by: head::BODY,
};

const UPGRADE: Rule = Rule {
    reason: Reason::Upgrade,
    status: BAD_REQUEST,
    message: "only HTTP/1.1 is spoken here",
    broken_by: head::UPGRADES,
};

/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2> asks for 400.
const ONE_HOST: Rule = Rule {
    reason: Reason::Host,
    status: BAD_REQUEST,
    message: "a request needs exactly one Host header",
    broken_by: head::NOT_ONE_HOST,
};

/// A name that a stranger's DNS points at this listener arrives as `Host`.
const OWN_HOST: Rule = Rule {
    reason: Reason::Host,
    status: FORBIDDEN,
    message: "the Host header must be this listener's own address, such as 127.0.0.1, or over TLS a name that its certificate is for",
    broken_by: head::FOREIGN_HOST,
};

const ORIGIN: Rule = Rule {
    reason: Reason::Origin,
    status: FORBIDDEN,
    message: "browsers are not served",
    broken_by: head::HAS_ORIGIN,
};

/// <https://www.w3.org/TR/fetch-metadata/>: no script can leave these headers out.
const FETCH_METADATA: Rule = Rule {
    reason: Reason::FetchMetadata,
    status: FORBIDDEN,
    message: "browsers are not served",
    broken_by: head::OF_A_BROWSER,
};

/// As EC2's metadata service does: whoever forwards speaks for somebody else.
const FORWARDED: Rule = Rule {
    reason: Reason::Forwarded,
    status: FORBIDDEN,
    message: "proxies are not served: let the SDK reach this address directly (NO_PROXY)",
    broken_by: head::FORWARDS,
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
    broken_by: head::AUTHORIZATIONS,
};

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::super::head::Head;
    use super::super::hosts::Hosts;
    use super::*;

    fn refused(rules: &'static [Rule], target: &str, headers: &[(&str, &str)]) -> Option<(Reason, u16)> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hosts = Hosts::of("127.0.0.1:7411".parse().unwrap());
        let request = request.body(()).unwrap();
        let rule = Head::of((&request).into(), &hosts).broken(rules);
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
    fn the_order_is_the_one_that_the_architecture_shows() {
        let page = include_str!("../../../ARCHITECTURE.md");
        let (_, table) = page.split_once("| reason | status |").unwrap();
        let rows = table.lines().skip(3).take_while(|line| line.starts_with('|'));
        let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
        for (column, rules) in [(4, CREDENTIALS), (5, IMDS), (6, OPS)] {
            let shown = rows.iter().filter(|row| row[column] == "x");
            let shown: Vec<_> = shown.map(|row| row[1].trim_matches('`').to_owned()).collect();
            let mut rules: Vec<_> = rules.iter().map(|rule| rule.reason.as_str()).collect();
            rules.dedup();
            assert_eq!(shown, rules, "{column}");
        }
    }

    #[test]
    fn paths_are_written_in_one_way() {
        let form = |rules, path| refused(rules, path, &[("host", "127.0.0.1")]).map(|(reason, _)| reason);
        for path in ["/", "/credentials/ops", "/credentials/a.b/", "/x?a//b=%2e;c", "/a..b"] {
            assert_eq!(form(CREDENTIALS, path), None, "{path}");
            assert_eq!(form(IMDS, path), None, "{path}");
        }
        for path in ["//", "/a//b", "/a//"] {
            assert_eq!(form(CREDENTIALS, path), Some(Reason::PathForm), "{path}");
            assert_eq!(form(IMDS, path), None, "{path}");
        }
        for path in [
            "/.", "/..", "/a/./b", "/a/../b", "/a/..", "/.a", "/%61", "/a;b", "/a\\b", "/%",
        ] {
            for rules in [CREDENTIALS, IMDS] {
                assert_eq!(form(rules, path), Some(Reason::PathForm), "{path}");
            }
            assert_eq!(form(OPS, path), None, "{path}: it is not found there");
        }
    }

    #[test]
    fn targets_have_2048_bytes_at_most() {
        for (length, broken) in [(2_047, None), (2_048, None), (2_049, Some((Reason::TargetSize, 414)))] {
            for rules in [CREDENTIALS, IMDS, OPS] {
                let host = [("host", "127.0.0.1")];
                let path = format!("/{}", "x".repeat(length - 1));
                assert_eq!(refused(rules, &path, &host), broken, "{length}");
                let query = format!("/?{}", "x".repeat(length - 2));
                assert_eq!(refused(rules, &query, &host), broken, "{length}");
            }
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
