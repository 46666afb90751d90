use std::io;
use std::net::SocketAddr;

use rustix::net::sockopt::{set_ip_ttl, set_ipv6_unicast_hops};
use tokio::net::{TcpListener, TcpSocket};

use crate::aws::HopLimit;
use crate::config::{Imds, Plan};
use crate::control;

/// The bound addresses, given to [`super::App::run`].
pub struct Listeners {
    /// The container-credentials endpoint.
    pub credentials: TcpListener,
    /// The IMDSv2 endpoint, unless it is off.
    pub imds: Option<TcpListener>,
    /// Metrics and probes.
    pub ops: TcpListener,
    /// The control socket.
    pub control: control::Listener,
}

/// A listener could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An address could not be.
    #[error("[server] {key}: {address} cannot be bound: {error}; {remedy}", remedy = remedy(error))]
    Address {
        /// The key that names it.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The control socket could not be.
    #[error(transparent)]
    Control(#[from] control::BindError),
}

impl Listeners {
    /// Binds what the plan names. Within a runtime.
    pub async fn bind(plan: &Plan) -> Result<Self, BindError> {
        Ok(Self {
            credentials: bind("credentials", plan.server.credentials).await?,
            imds: plan.server.imds.as_ref().map(bind_imds).transpose()?,
            ops: bind("ops", plan.server.ops).await?,
            control: control::bind(&plan.server.control_socket).await?,
        })
    }
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| BindError::Address { key, address, error })
}

fn bind_imds(imds: &Imds) -> Result<TcpListener, BindError> {
    listen(imds.address, imds.hop_limit).map_err(|error| BindError::Address {
        key: "imds",
        address: imds.address,
        error,
    })
}

/// As [`TcpListener::bind`] does, but that from the first packet on replies pass no more hosts than `hops`. Connections have that
/// from their listener.
fn listen(address: SocketAddr, hops: HopLimit) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => {
            let socket = TcpSocket::new_v4()?;
            set_ip_ttl(&socket, hops.get().into())?;
            socket
        }
        SocketAddr::V6(_) => {
            let socket = TcpSocket::new_v6()?;
            set_ipv6_unicast_hops(&socket, Some(hops.get()))?;
            socket
        }
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another process listens there; end it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "this host does not have the address; choose one that it has",
        io::ErrorKind::PermissionDenied => "a port below 1024 needs CAP_NET_BIND_SERVICE; choose a higher one",
        _ => "choose another address",
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::sockopt::{ip_ttl, ipv6_unicast_hops};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_connection_has_the_hop_limit_of_its_listener() {
        for hops in [1, 2, 64] {
            let limit = HopLimit::try_from(hops).unwrap();
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let listener = listen(address.parse().unwrap(), limit).unwrap();
                let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
                let (accepted, _) = listener.accept().await.unwrap();
                let found = if address.starts_with('[') {
                    i64::from(ipv6_unicast_hops(&accepted).unwrap())
                } else {
                    i64::from(ip_ttl(&accepted).unwrap())
                };
                assert_eq!(found, hops, "{address}");
                drop(client);
            }
        }
    }
}
