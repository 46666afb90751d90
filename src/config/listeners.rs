use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::keys::{CREDENTIALS, OPS, TLS_CERTIFICATE, TLS_PRIVATE_KEY};
use super::mistake::Reported;
use super::overrides::Settings;
use super::paths::absolute;
use super::plan::Tls;

/// Where consumers and scrapers find the daemon.
pub(super) struct Listeners {
    pub(super) credentials: SocketAddr,
    pub(super) tls: Option<Tls>,
    pub(super) ops: SocketAddr,
}

pub(super) fn read(settings: &Settings<'_>) -> Result<Listeners, Reported> {
    let credentials = settings.string(&CREDENTIALS, |text| text.parse().map_err(|_| CREDENTIALS.must));
    let tls = tls(settings);
    let ops = settings.string(&OPS, |text| text.parse().map_err(|_| OPS.must));
    let credentials = credentials?.unwrap_or_else(|| loopback(7411));
    let tls = tls?;
    if tls.is_none() && !tells_uids(credentials.ip()) {
        return Err(settings.report(&CREDENTIALS, PLAIN_ELSEWHERE));
    }
    let ops = ops?.unwrap_or_else(|| loopback(7412));
    if overlap(credentials, ops) {
        return Err(settings.report(
            &OPS,
            "must be another address than `credentials`; give it a port of its own",
        ));
    }
    Ok(Listeners { credentials, tls, ops })
}

/// Both files or none.
fn tls(settings: &Settings<'_>) -> Result<Option<Tls>, Reported> {
    let certificate = settings.string(&TLS_CERTIFICATE, absolute);
    let private_key = settings.string(&TLS_PRIVATE_KEY, absolute);
    let paired = settings.pair(&TLS_CERTIFICATE, &TLS_PRIVATE_KEY);
    let paired = paired.and_then(|()| settings.pair(&TLS_PRIVATE_KEY, &TLS_CERTIFICATE));
    let (certificate, private_key) = (certificate?, private_key?);
    paired?;
    let files = certificate.zip(private_key);
    Ok(files.map(|(certificate, private_key)| Tls {
        certificate,
        private_key,
    }))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Where the SDKs take credentials in plain HTTP, beside loopback: the addresses of ECS and of EKS Pod Identity.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
const OF_CONTAINERS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

const PLAIN_ELSEWHERE: &str = "must be a loopback address such as \"127.0.0.1:7411\", or 169.254.170.2, 169.254.170.23 or \
     [fd00:ec2::23] where this host has it: credentials are served in plain HTTP, which must not leave this machine; to serve \
     others, give a certificate with `tls_certificate` and `tls_private_key`";

/// Whether all who reach it are processes of this host, whose UIDs its kernel can tell.
pub(super) fn tells_uids(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || OF_CONTAINERS.contains(&ip)
}

/// Whether the system refuses to bind both. Port 0 is a new port each time; `[::]` takes IPv4 as well.
pub(super) fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let (first, second) = (one.ip().to_canonical(), other.ip().to_canonical());
    let takes = |any: IpAddr, ip: IpAddr| any.is_unspecified() && (any.is_ipv6() || ip.is_ipv4());
    one.port() != 0 && one.port() == other.port() && (first == second || takes(first, second) || takes(second, first))
}
