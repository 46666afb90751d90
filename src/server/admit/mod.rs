//! Whether a request may be answered at all: one list of rules over its head.

mod head;
mod hosts;
mod rules;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Request;
use tower::{Layer, Service};

use super::refusals::Refusals;
use super::reply::{self, Reply};
use super::tls::Tls;
use hosts::Hosts;
use rules::Rule;

/// The middle layer: refuses what breaks a rule, with the rule's status, and closes the connection.
#[derive(Clone)]
pub(super) struct Admit(Arc<Shared>);

struct Shared {
    rules: &'static [Rule],
    hosts: Hosts,
    refusals: Arc<Refusals>,
}

impl Admit {
    /// For a listener that gives credentials away: no browser, no proxy, no other name than its own.
    pub(super) fn credentials(address: SocketAddr, tls: Option<Arc<Tls>>, refusals: Arc<Refusals>) -> Self {
        Self(Arc::new(Shared {
            rules: rules::CREDENTIALS,
            hosts: match tls {
                None => Hosts::of(address),
                Some(tls) => Hosts::over_tls(address, tls),
            },
            refusals,
        }))
    }

    /// For a listener in the form of EC2's metadata service: the same, but that its names are EC2's, too.
    pub(super) fn imds(address: SocketAddr, refusals: Arc<Refusals>) -> Self {
        Self(Arc::new(Shared {
            rules: rules::IMDS,
            hosts: Hosts::imds(address),
            refusals,
        }))
    }

    /// For a listener without secrets: any name and any proxy, but one well-formed request after the other.
    pub(super) fn ops(refusals: Arc<Refusals>) -> Self {
        Self(Arc::new(Shared {
            rules: rules::OPS,
            hosts: Hosts::default(),
            refusals,
        }))
    }
}

impl<S> Layer<S> for Admit {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Admitted<S> {
        let shared = Arc::clone(&self.0);
        Admitted { shared, inner }
    }
}

#[derive(Clone)]
pub(super) struct Admitted<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S, B> Service<Request<B>> for Admitted<S>
where
    S: Service<Request<B>, Response = Reply, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Verdict<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match rules::broken(self.shared.rules, &request, &self.shared.hosts) {
            None => Verdict::Admitted(self.inner.call(request)),
            Some(rule) => {
                self.shared.refusals.add(rule.reason);
                let refusal = reply::error(rule.status, "RequestRefused", rule.message);
                Verdict::Refused(Some(reply::closing(refusal)))
            }
        }
    }
}

/// The inner reply, or a refusal.
pub(super) enum Verdict<F> {
    Admitted(F),
    /// Taken when it is polled.
    Refused(Option<Reply>),
}

impl<F> Future for Verdict<F>
where
    F: Future<Output = Result<Reply, Infallible>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match &mut *self {
            Self::Admitted(inner) => Pin::new(inner).poll(cx),
            Self::Refused(reply) => reply.take().map_or(Poll::Pending, |reply| Poll::Ready(Ok(reply))),
        }
    }
}
