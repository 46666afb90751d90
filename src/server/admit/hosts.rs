use std::net::SocketAddr;
use std::sync::Arc;

use crate::server::tls::Tls;

/// The `Host` values of a listener: its address and the names of loopback, each with and without the port (some SDKs
/// leave it out).
#[derive(Default)]
pub(super) struct Hosts {
    own: Box<[Box<str>]>,
    /// What has more of them, with any port.
    tls: Option<Arc<Tls>>,
}

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
        let with_port = |name: &String| format!("{name}:{}", address.port());
        let own = names.into_iter().flat_map(|name| [with_port(&name), name]);
        let own = own.map(String::into_boxed_str);
        Self {
            own: own.collect(),
            tls: None,
        }
    }

    /// Those of the certificate in use, too.
    pub(super) fn over_tls(address: SocketAddr, tls: Arc<Tls>) -> Self {
        Self {
            tls: Some(tls),
            ..Self::of(address)
        }
    }

    /// Those of EC2's metadata service, too: packets to its addresses may be led here.
    pub(super) fn imds(address: SocketAddr) -> Self {
        let ports = [address.port(), 80].map(|port| format!(":{port}"));
        let names = ["169.254.169.254", "[fd00:ec2::254]"];
        let of_ec2 = names.iter().flat_map(|name| {
            let ports = ports.iter().map(String::as_str).chain([""]);
            ports.map(move |port| format!("{name}{port}").into_boxed_str())
        });
        let own = Self::of(address).own;
        Self {
            own: own.into_iter().chain(of_ec2).collect(),
            tls: None,
        }
    }

    pub(super) fn include(&self, host: &[u8]) -> bool {
        let own = || self.own.iter().map(|known| known.as_bytes());
        own().any(|known| known == host)
            || own().any(|known| known.eq_ignore_ascii_case(host))
            || self.tls.as_ref().is_some_and(|tls| tls.is_for(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
