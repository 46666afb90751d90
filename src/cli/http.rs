//! One `GET` of a daemon on this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// More than a probe answers, or credentials take.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The status and the body.
pub(super) async fn get(
    address: SocketAddr,
    host: &str,
    target: &str,
    token: Option<&Secret>,
) -> Result<(u16, Zeroizing<Vec<u8>>), String> {
    let mut request = Request::get(target).header(HOST, host);
    if let Some(token) = token {
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| "the token is none".to_owned())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|_| "this is no address of credentials".to_owned())?;
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let broken = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let reply = sender.send_request(request).await.map_err(broken)?;
    let status = reply.status().as_u16();
    let body = Limited::new(reply.into_body(), LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, Zeroizing::new(body.to_vec())))
}

/// "Any address" is where the daemon listens, not where it can be reached.
pub(super) fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_on_every_address_is_asked_on_loopback() {
        for (listening, asked) in [
            ("0.0.0.0:7412", "127.0.0.1:7412"),
            ("[::]:7412", "[::1]:7412"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(listening.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
