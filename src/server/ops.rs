use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};
use tokio::sync::Semaphore;
use tower::Service;

use super::asked::Asked;
use super::page::Spare;
use super::refusals::Refusals;
use super::reply::{self, Answer, Reply};
use crate::clock::{BootInstant, Clock};
use crate::metrics::{self, Metrics, Reason, Route};
use crate::renew::{Published, Table};

/// Metrics and probes. No answer depends on STS answering at that moment.
pub struct Ops {
    /// Which profiles there are and how they are.
    pub table: Arc<Table>,
    /// Tells when credentials have died.
    pub clock: Arc<dyn Clock>,
    /// What is rendered, and counts.
    pub metrics: Arc<Metrics>,
}

impl Ops {
    pub(super) fn into_service(self, refusals: Arc<Refusals>) -> OpsService {
        OpsService(Arc::new(Inner {
            ops: self,
            refusals,
            rendering: Semaphore::new(1),
            spare: Spare::default(),
        }))
    }
}

/// What a path asks for.
pub(super) fn route(path: &str) -> Route {
    match path {
        "/livez" => Route::Livez,
        "/metrics" => Route::Metrics,
        "/readyz" => Route::Readyz,
        "/startupz" => Route::Startupz,
        _ => Route::Other,
    }
}

#[derive(Clone)]
pub(super) struct OpsService(Arc<Inner>);

struct Inner {
    ops: Ops,
    refusals: Arc<Refusals>,
    /// One page at a time: each takes memory and a thread.
    rendering: Semaphore,
    spare: Spare,
}

impl Service<Asked<'_>> for OpsService {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Asked { request, at, .. }: Asked<'_>) -> Answer {
        if !matches!(*request.method, Method::GET | Method::HEAD) {
            self.0.refusals.add(Reason::Method);
            return method_not_allowed().into();
        }
        let reply = match route(request.path) {
            Route::Livez => reply::text(StatusCode::OK, "ok\n"),
            Route::Startupz => self.0.startup(),
            Route::Readyz => self.0.ready(request.uri.query(), at),
            Route::Metrics => return Answer::later(page(Arc::clone(&self.0))),
            _ => {
                let paths = "not found: /livez, /metrics, /readyz and /startupz are here\n";
                last_word(StatusCode::NOT_FOUND, paths)
            }
        };
        reply.into()
    }
}

static METRICS: HeaderValue = HeaderValue::from_static(metrics::CONTENT_TYPE);

/// Renders on another thread: the runtime's only one answers consumers meanwhile.
async fn page(inner: Arc<Inner>) -> Reply {
    // The semaphore is never closed; a permit that did not come would mean only that pages are not rendered one by one.
    let _one = inner.rendering.acquire().await;
    let (metrics, spare) = (Arc::clone(&inner.ops.metrics), inner.spare.clone());
    let render = move || spare.page(|page| metrics.render_into(page));
    match tokio::task::spawn_blocking(render).await {
        Ok(page) => reply::with_type(StatusCode::OK, &METRICS, page),
        Err(_) => reply::text(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be rendered\n"),
    }
}

impl Inner {
    fn startup(&self) -> Reply {
        self.verdict(|profile| !profile.snapshot().started)
    }

    /// Asks about one profile, also one that readiness does not wait for, or about every required one.
    fn ready(&self, query: Option<&str>, now: BootInstant) -> Reply {
        let is_not_ready = |profile: &Published| profile.snapshot().servable(now).is_none();
        // A profile's name needs no percent-encoding.
        match query.map(|query| query.strip_prefix("profile=")) {
            None => self.verdict(is_not_ready),
            Some(Some(name)) => match self.ops.table.named(name) {
                Some(profile) => verdict(std::iter::once(&*profile).filter(|profile| is_not_ready(profile))),
                None => last_word(StatusCode::NOT_FOUND, "no such profile\n"),
            },
            // Whoever misspells it must not take the answer about all for that about one.
            Some(None) => last_word(StatusCode::BAD_REQUEST, "the only query is ?profile=NAME\n"),
        }
    }

    /// About every required profile.
    fn verdict(&self, is_missing: impl Fn(&Published) -> bool) -> Reply {
        let profiles = self.ops.table.profiles();
        let required = profiles
            .iter()
            .map(|profile| &**profile)
            .filter(|profile| profile.is_required());
        verdict(required.filter(|profile| is_missing(profile)))
    }
}

fn verdict<'a>(missing: impl Iterator<Item = &'a Published>) -> Reply {
    let missing: Vec<_> = missing.map(|profile| profile.name.as_str()).collect();
    if missing.is_empty() {
        reply::text(StatusCode::OK, "ok\n")
    } else {
        let body = format!("no valid credentials: {}\n", missing.join(", "));
        reply::text(StatusCode::SERVICE_UNAVAILABLE, body)
    }
}

/// Whoever asks for what is not here does not keep a connection that a probe may need.
fn last_word(status: StatusCode, text: &'static str) -> Reply {
    reply::closing(reply::text(status, text))
}

fn method_not_allowed() -> Reply {
    let mut reply = last_word(StatusCode::METHOD_NOT_ALLOWED, "ask with GET or HEAD\n");
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    reply
}
