use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::Request;
use tower::{Layer, Service};

use super::reply::Reply;
use crate::clock::{BootInstant, Clock};
use crate::metrics::{Http, Route};

/// The outermost layer: counts and times every reply, also the refusals of the layers below.
#[derive(Clone)]
pub(super) struct Observe(Arc<Shared>);

struct Shared {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    route: fn(&str) -> Route,
}

impl Observe {
    /// `route` names what a path asks for.
    pub(super) fn new(http: Arc<Http>, clock: Arc<dyn Clock>, route: fn(&str) -> Route) -> Self {
        Self(Arc::new(Shared { http, clock, route }))
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        let shared = Arc::clone(&self.0);
        Observed { shared, inner }
    }
}

#[derive(Clone)]
pub(super) struct Observed<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S, B> Service<Request<B>> for Observed<S>
where
    S: Service<Request<B>, Response = Reply, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let started = self.shared.clock.boot();
        let route = (self.shared.route)(request.uri().path());
        Timed {
            inner: self.inner.call(request),
            shared: Arc::clone(&self.shared),
            route,
            started,
        }
    }
}

/// A reply to come.
pub(super) struct Timed<F> {
    inner: F,
    shared: Arc<Shared>,
    route: Route,
    started: BootInstant,
}

impl<F> Future for Timed<F>
where
    F: Future<Output = Result<Reply, Infallible>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Ok(reply) = ready!(Pin::new(&mut self.inner).poll(cx));
        let elapsed = self.shared.clock.boot().since(self.started);
        self.shared.http.answered(self.route, reply.status().as_u16(), elapsed);
        Poll::Ready(Ok(reply))
    }
}
