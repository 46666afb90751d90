use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A host that a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// As it stands in the certificate.
    Dns(Box<str>),
    /// `.example` of `*.example`: whatever has one label before it.
    Below(Box<str>),
    Ip(IpAddr),
}

impl Name {
    /// None for what no host is called, and for wildcards that clients do not take.
    pub(super) fn of_dns(text: &str) -> Option<Self> {
        let (name, wild) = text.strip_prefix('*').map_or((text, false), |rest| (rest, true));
        let labels = if wild { name.strip_prefix('.')? } else { name };
        let is_of_label = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_name = labels
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(is_of_label));
        is_name.then(|| {
            if wild {
                Self::Below(name.into())
            } else {
                Self::Dns(name.into())
            }
        })
    }

    /// Whether a `Host` is for this name, with any port: what stands between may map it.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9525#section-6>
    pub(super) fn is(&self, host: &str) -> bool {
        match (self, host.strip_prefix('[')) {
            (Self::Ip(IpAddr::V6(ip)), Some(rest)) => rest
                .split_once(']')
                .is_some_and(|(text, port)| is_port(port) && text.parse::<Ipv6Addr>().as_ref() == Ok(ip)),
            (_, Some(_)) => false,
            (name, None) => {
                let end = host.find(':').unwrap_or(host.len());
                let (host, port) = host.split_at(end);
                is_port(port) && name.is_without_port(host)
            }
        }
    }

    fn is_without_port(&self, host: &str) -> bool {
        match self {
            Self::Dns(name) => name.eq_ignore_ascii_case(host),
            Self::Below(parent) => host.find('.').is_some_and(|first| {
                let (label, rest) = host.split_at(first);
                !label.is_empty() && parent.eq_ignore_ascii_case(rest)
            }),
            Self::Ip(ip) => ip.is_ipv4() && host.parse().as_ref() == Ok(ip),
        }
    }
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or("0");
    (1..=5).contains(&digits.len())
        && (text.is_empty() || text.starts_with(':'))
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// As a URL has it.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Below(parent) => write!(f, "*{parent}"),
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_of_the_certificate_with_any_port_or_none() {
        let dns = |text| Name::of_dns(text).unwrap();
        let ip = |text: &str| Name::Ip(text.parse().unwrap());
        for (name, own, other) in [
            (
                dns("valetkey.example"),
                &["valetkey.example", "VALETKEY.Example:8443", "valetkey.example:1"][..],
                &[
                    "",
                    "valetkey.example.",
                    "valetkey.example:",
                    "valetkey.example:x",
                    "valetkey.example:123456",
                    "valetkey.example:1:2",
                    "x.valetkey.example",
                    "[valetkey.example]",
                    "user@valetkey.example",
                    "valetkey.example ",
                ][..],
            ),
            (
                dns("*.pods.example"),
                &["a.pods.example", "A.PODS.example:443"],
                &[
                    "pods.example",
                    ".pods.example",
                    "a.b.pods.example",
                    "*.pods",
                    "apods.example",
                ],
            ),
            (
                ip("10.0.0.7"),
                &["10.0.0.7", "10.0.0.7:8443"],
                &[
                    "10.0.7",
                    "010.0.0.7",
                    "10.0.0.70",
                    "[10.0.0.7]",
                    "[::ffff:10.0.0.7]",
                    "167772167",
                ],
            ),
            (
                ip("fd00::7"),
                &["[fd00::7]", "[FD00:0:0::7]:8443"],
                &[
                    "fd00::7",
                    "[fd00::7",
                    "[fd00::7]x",
                    "[fd00::7]:",
                    "[fd00::8]",
                    "[fd00::7%25lo]",
                ],
            ),
        ] {
            for host in own {
                assert!(name.is(host), "{name} {host}");
            }
            for host in other {
                assert!(!name.is(host), "{name} {host}");
            }
        }
    }

    #[test]
    fn what_no_host_is_called_is_no_name() {
        for text in [
            "",
            "*",
            "*.",
            "*example",
            "a*.example",
            "*.*.example",
            "a..b",
            "a.",
            "a b",
            "ä",
            "a:1",
            "a\n",
        ] {
            assert_eq!(Name::of_dns(text), None, "{text}");
        }
        for (text, shown) in [("a_b.example", "a_b.example"), ("*.example", "*.example")] {
            assert_eq!(Name::of_dns(text).unwrap().to_string(), shown);
        }
        assert_eq!(Name::Ip("fd00::7".parse().unwrap()).to_string(), "[fd00::7]");
    }
}
