//! What a consumer and a scraper reach: the container-credentials endpoint, the IMDSv2 endpoint and the ops endpoint.
//!
//! A request passes three layers: **observe** counts and times it, **admit** holds its head against a list of rules,
//! and the **route** answers from what is published. None of them waits, but for the kernel to say who asks where a profile is
//! for certain users. Around them stands one accept loop a listener, which bounds how many connections are open and how long
//! each may take.

mod activity;
mod admit;
mod asked;
mod audit;
mod connection;
mod consumers;
mod credentials;
mod document;
#[cfg(fuzzing)]
#[allow(missing_docs, reason = "not part of the library")]
pub mod fuzzing;
mod imds;
mod limits;
mod listen;
mod observe;
mod ops;
mod page;
mod peer;
mod recognised;
mod refusals;
mod reply;
mod room;
mod stream;
mod tls;
mod tokens;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tower::{Layer, Service};

pub use audit::AUDIT;
pub use consumers::{Access, Consumers};
pub use credentials::Credentials;
pub use imds::Imds;
pub use limits::Limits;
pub use ops::Ops;
pub use tls::{Reread, Tls};
pub use tokens::{Fresh, Issued, TokenError, Tokens, Written, inspect, prepare};

use crate::clock::Clock;
use crate::metrics::{Http, Listener};
use admit::Admit;
use asked::Asked;
use credentials::CredentialsService;
use imds::ImdsService;
use listen::Services;
use observe::Observe;
use ops::OpsService;
use peer::Peers;
use refusals::Refusals;
use reply::{Answer, Reply};

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
    let consumed = Consumed::credentials(listener.local_addr()?, endpoint);
    consumed.serve(listener, limits, shutdown).await;
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
    let consumed = Consumed::imds(listener.local_addr()?, endpoint)?;
    consumed.serve(listener, limits, shutdown).await;
    Ok(())
}

/// Serves metrics and probes, like [`serve_credentials`]. Any address may reach it: it tells no secret.
pub async fn serve_ops(listener: TcpListener, endpoint: Ops, limits: Limits, shutdown: impl Future<Output = ()>) {
    let (http, clock) = (endpoint.metrics.http(Listener::Ops), endpoint.clock.clone());
    let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
    let observe = Observe::new(http.clone(), clock.clone(), ops::route);
    let form = Form::Ops(endpoint.into_service(refusals.clone()));
    let service = observe.layer(Admit::ops(refusals.clone()).layer(form));
    let services = Services {
        standing: service.clone(),
        seated: service,
    };
    let context = listen::Context::new(limits, clock, http, refusals, None, None);
    listen::run(listener, services, context, shutdown).await;
}

/// What a listener for consumers is made of.
struct Consumed {
    admit: Admit,
    observe: Observe,
    form: Form,
    audit: bool,
    tls: Option<Arc<Tls>>,
    consumers: Arc<Consumers>,
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    refusals: Arc<Refusals>,
}

impl Consumed {
    fn credentials(address: SocketAddr, endpoint: Credentials) -> Self {
        let (http, clock) = (endpoint.metrics.http(Listener::Credentials), endpoint.clock.clone());
        let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
        Self {
            admit: Admit::credentials(address, endpoint.tls.clone(), refusals.clone()),
            observe: Observe::new(http.clone(), clock.clone(), credentials::route),
            audit: endpoint.audit,
            tls: endpoint.tls.clone(),
            consumers: Arc::clone(&endpoint.consumers),
            form: Form::Container(endpoint.into_service(refusals.clone())),
            http,
            clock,
            refusals,
        }
    }

    fn imds(address: SocketAddr, endpoint: Imds) -> io::Result<Self> {
        let (http, clock) = (endpoint.metrics.http(Listener::Imds), endpoint.clock.clone());
        let refusals = Arc::new(Refusals::new(http.clone(), clock.clone()));
        Ok(Self {
            admit: Admit::imds(address, refusals.clone()),
            observe: Observe::new(http.clone(), clock.clone(), imds::route),
            audit: endpoint.audit,
            tls: None,
            consumers: Arc::clone(&endpoint.consumers),
            form: Form::Imds(endpoint.into_service(refusals.clone())?),
            http,
            clock,
            refusals,
        })
    }

    /// Runs the listener, and beside it whatever makes lines of what was served, if that is wanted.
    async fn serve(self, listener: TcpListener, limits: Limits, shutdown: impl Future<Output = ()>) {
        let (records, journal) = self
            .audit
            .then(|| audit::audit(self.http.listener(), &self.clock))
            .unzip();
        let peers = Peers::new(self.consumers, records, &self.clock);
        let lines = async {
            if let Some(journal) = journal {
                journal.run().await;
            }
        };
        let layered = |form| self.observe.layer(self.admit.layer(form));
        let services = Services {
            standing: layered(self.form.standing()),
            seated: layered(self.form),
        };
        let context = listen::Context::new(limits, self.clock, self.http, self.refusals, Some(peers), self.tls);
        tokio::join!(listen::run(listener, services, context, shutdown), lines);
    }
}

/// What is asked for. One type for all listeners, so that hyper's connection is compiled once for them.
#[derive(Clone)]
enum Form {
    Container(CredentialsService),
    Imds(ImdsService),
    Ops(OpsService),
}

impl Form {
    /// The same for those whom the listener has no room for.
    fn standing(&self) -> Self {
        match self {
            Self::Container(service) => Self::Container(service.standing()),
            same => same.clone(),
        }
    }
}

impl Service<Asked<'_>> for Form {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: Asked<'_>) -> Answer {
        match self {
            Self::Container(service) => service.call(asked),
            Self::Imds(service) => service.call(asked),
            Self::Ops(service) => service.call(asked),
        }
    }
}
