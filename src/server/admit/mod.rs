//! Whether a request may be answered at all: one list of rules over its head.

mod head;
mod hosts;
mod rules;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::asked::{Answers, Asked};
use super::refusals::Refusals;
use super::reply::{self, Answer, Reply};
use super::tls::Tls;
use head::Head;
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

impl<S: Answers> Service<Asked<'_>> for Admitted<S> {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: Asked<'_>) -> Answer {
        let head = Head::of(asked.request, &self.shared.hosts);
        match head.broken(self.shared.rules) {
            None => self.inner.call(Asked {
                authorization: head.authorization,
                ..asked
            }),
            Some(rule) => {
                self.shared.refusals.add(rule.reason);
                let refusal = reply::error(rule.status, "RequestRefused", rule.message);
                reply::closing(refusal).into()
            }
        }
    }
}
