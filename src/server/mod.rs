//! What a consumer and a scraper reach: the container-credentials endpoint, the IMDSv2 endpoint and the ops endpoint.
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
mod document;
mod imds;
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
pub use imds::Imds;
pub use limits::Limits;
pub use ops::Ops;
pub use tokens::{TokenError, Tokens, inspect, prepare};

use crate::clock::Clock;
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
    let audit = endpoint.audit;
    let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
    let admit = Admit::credentials(listener.local_addr()?, refusals.clone());
    let observe = Observe::new(http.clone(), clock.clone(), credentials::route);
    let service = observe.layer(admit.layer(endpoint.into_service(refusals.clone())));
    let context = |audit| listen::Context::new(limits, clock.clone(), http, refusals, audit);
    run_audited(audit, &clock, context, |context| {
        listen::run(listener, service, context, shutdown)
    })
    .await;
    Ok(())
}

/// Serves one profile's credentials in the form of EC2's metadata service, like [`serve_credentials`]: to whoever reaches
/// the listener.
///
/// # Errors
/// The listener has no address, or the system gives no random numbers.
pub async fn serve_imds(
    listener: TcpListener,
    endpoint: Imds,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (http, clock) = (endpoint.metrics.http(Listener::Imds), endpoint.clock.clone());
    let audit = endpoint.audit;
    let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
    let admit = Admit::imds(listener.local_addr()?, refusals.clone());
    let observe = Observe::new(http.clone(), clock.clone(), imds::route);
    let service = observe.layer(admit.layer(endpoint.into_service(refusals.clone())?));
    let context = |audit| listen::Context::new(limits, clock.clone(), http, refusals, audit);
    run_audited(audit, &clock, context, |context| {
        listen::run(listener, service, context, shutdown)
    })
    .await;
    Ok(())
}

/// Runs a listener, and beside it whatever makes lines of what was served, if that is wanted.
async fn run_audited<F: Future<Output = ()>>(
    wanted: bool,
    clock: &Arc<dyn Clock>,
    context: impl FnOnce(Option<audit::Audit>) -> listen::Context,
    run: impl FnOnce(listen::Context) -> F,
) {
    let (audit, journal) = wanted.then(|| audit::audit(clock)).unzip();
    let lines = async {
        if let Some(journal) = journal {
            journal.run().await;
        }
    };
    tokio::join!(run(context(audit)), lines);
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
