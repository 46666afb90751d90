use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::asked::{Answers, Asked};
use super::reply::{Answer, Reply};
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

impl Shared {
    fn answered(&self, route: Route, reply: &Reply, asked_at: BootInstant) {
        let elapsed = self.clock.boot().since(asked_at);
        self.http.answered(route, reply.status().as_u16(), elapsed);
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

impl<S: Answers> Service<Asked<'_>> for Observed<S> {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: Asked<'_>) -> Answer {
        let route = (self.shared.route)(asked.request.path);
        match self.inner.call(asked) {
            Answer::Later(reply) => {
                let shared = Arc::clone(&self.shared);
                Answer::later(async move {
                    let reply = reply.await;
                    shared.answered(route, &reply, asked.at);
                    reply
                })
            }
            answer @ Answer::Now(_) => {
                if let Answer::Now(Some(reply)) = &answer {
                    self.shared.answered(route, reply, asked.at);
                }
                answer
            }
        }
    }
}
