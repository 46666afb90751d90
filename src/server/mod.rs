//! What a consumer and a scraper reach: the container-credentials endpoint and the ops endpoint.
//!
//! A request passes three layers: **observe** counts and times it, **admit** holds its head against a list of rules,
//! and the **route** answers from what is published. None of them waits. Around them stands one accept loop a listener,
//! which bounds how many connections are open and how long each may take.

mod activity;
mod admit;
mod connection;
mod credentials;
mod limits;
mod listen;
mod observe;
mod ops;
mod reply;
mod tokens;

use std::io;

use tokio::net::TcpListener;
use tower::Layer;

pub use credentials::Credentials;
pub use limits::Limits;
pub use ops::Ops;
pub use tokens::{TokenError, Tokens, prepare};

use crate::metrics::Listener;
use admit::Admit;
use observe::Observe;

/// Serves credentials until `shutdown` completes and the open connections have ended, at the latest [`Limits::grace`]
/// later.
///
/// # Errors
/// The listener has no address.
pub async fn serve_credentials(
    listener: TcpListener,
    endpoint: Credentials,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let admit = Admit::credentials(listener.local_addr()?, endpoint.metrics.http(Listener::Credentials));
    let (http, clock) = (endpoint.metrics.http(Listener::Credentials), endpoint.clock.clone());
    let observe = Observe::new(http.clone(), clock.clone(), credentials::route);
    let service = observe.layer(admit.layer(endpoint.into_service()));
    listen::run(listener, service, listen::Context::new(limits, clock, http), shutdown).await;
    Ok(())
}

/// Serves metrics and probes, like [`serve_credentials`]. Any address may reach it: it tells no secret.
pub async fn serve_ops(listener: TcpListener, endpoint: Ops, limits: Limits, shutdown: impl Future<Output = ()>) {
    let (http, clock) = (endpoint.metrics.http(Listener::Ops), endpoint.clock.clone());
    let observe = Observe::new(http.clone(), clock.clone(), ops::route);
    let service = observe.layer(Admit::ops(http.clone()).layer(endpoint.into_service()));
    listen::run(listener, service, listen::Context::new(limits, clock, http), shutdown).await;
}
