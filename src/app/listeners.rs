use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::Plan;
use crate::control;

/// The bound addresses, given to [`super::App::run`].
pub struct Listeners {
    /// The container-credentials endpoint.
    pub credentials: TcpListener,
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

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another process listens there; end it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "this host does not have the address; choose one that it has",
        io::ErrorKind::PermissionDenied => "a port below 1024 needs CAP_NET_BIND_SERVICE; choose a higher one",
        _ => "choose another address",
    }
}
