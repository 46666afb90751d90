//! What a consumer and a scraper reach: the container-credentials endpoint and the ops endpoint.
//!
//! A request passes three layers: **observe** counts and times it, **admit** holds its head against a list of rules,
//! and the **route** answers from what is published. None of them waits. Around them stands one accept loop a listener,
//! which bounds how many connections are open and how long each may take.

mod activity;
mod admit;
mod audit;
mod connection;
mod consumers;
mod credentials;
mod limits;
mod listen;
mod observe;
mod ops;
mod page;
mod peer;
mod refusals;
mod reply;
mod room;
mod tokens;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tower::Layer;

pub use audit::AUDIT;
pub use consumers::Consumers;
pub use credentials::Credentials;
pub use limits::Limits;
pub use ops::Ops;
pub use tokens::{TokenError, Tokens, inspect, prepare};

use crate::metrics::Listener;
use admit::Admit;
use observe::Observe;
use refusals::Refusals;

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
    let (http, clock) = (endpoint.metrics.http(Listener::Credentials), endpoint.clock.clone());
    let audited = endpoint.audit;
    let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
    let admit = Admit::credentials(listener.local_addr()?, refusals.clone());
    let observe = Observe::new(http.clone(), clock.clone(), credentials::route);
    let service = observe.layer(admit.layer(endpoint.into_service(refusals.clone())));
    let (audit, journal) = audited.then(|| audit::audit(&clock)).unzip();
    let context = listen::Context::new(limits, clock, http, refusals, audit);
    let lines = async {
        if let Some(journal) = journal {
            journal.run().await;
        }
    };
    tokio::join!(listen::run(listener, service, context, shutdown), lines);
    Ok(())
}

/// Serves metrics and probes, like [`serve_credentials`]. Any address may reach it: it tells no secret.
pub async fn serve_ops(listener: TcpListener, endpoint: Ops, limits: Limits, shutdown: impl Future<Output = ()>) {
    let (http, clock) = (endpoint.metrics.http(Listener::Ops), endpoint.clock.clone());
    let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
    let observe = Observe::new(http.clone(), clock.clone(), ops::route);
    let service = observe.layer(Admit::ops(refusals.clone()).layer(endpoint.into_service(refusals.clone())));
    let context = listen::Context::new(limits, clock, http, refusals, None);
    listen::run(listener, service, context, shutdown).await;
}
