use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::Plan;

/// The bound addresses, given to [`super::App::run`].
pub struct Listeners {
    /// The container-credentials endpoint.
    pub credentials: TcpListener,
    /// Metrics and probes.
    pub ops: TcpListener,
}

/// An address could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("[server] {key}: {address} cannot be bound: {error}; {remedy}", remedy = remedy(error))]
pub struct BindError {
    key: &'static str,
    address: SocketAddr,
    error: io::Error,
}

impl Listeners {
    /// Binds what the plan names. Within a runtime.
    pub async fn bind(plan: &Plan) -> Result<Self, BindError> {
        Ok(Self {
            credentials: bind("credentials", plan.server.credentials).await?,
            ops: bind("ops", plan.server.ops).await?,
        })
    }
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| BindError { key, address, error })
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another process listens there; end it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "this host does not have the address; choose one that it has",
        io::ErrorKind::PermissionDenied => "a port below 1024 needs CAP_NET_BIND_SERVICE; choose a higher one",
        _ => "choose another address",
    }
}
