use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::header::{ALLOW, AUTHORIZATION, HeaderValue};
use hyper::{Method, Request, StatusCode};
use tower::Service;

use super::answer::Answer;
use super::consumers::{Admission, Consumers, Granted, Known};
use super::document;
use super::peer::Peer;
use super::refusals::Refusals;
use super::reply::{self, Reply};
use crate::clock::{BootInstant, Clock};
use crate::metrics::{Metrics, Reason, Route};

/// The container-credentials endpoint: what `AWS_CONTAINER_CREDENTIALS_FULL_URI` points at, and where it is wanted
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
pub struct Credentials {
    /// What is served, and to whom.
    pub consumers: Arc<Consumers>,
    /// Tells when credentials have died.
    pub clock: Arc<dyn Clock>,
    /// What counts.
    pub metrics: Arc<Metrics>,
    /// Whether each serving is a line in the log, under [`AUDIT`](super::AUDIT).
    pub audit: bool,
}

impl Credentials {
    pub(super) fn into_service(self, refusals: Arc<Refusals>) -> CredentialsService {
        CredentialsService(Arc::new(Inner {
            consumers: self.consumers,
            clock: self.clock,
            refusals,
        }))
    }
}

/// What a path asks for.
pub(super) fn route(path: &str) -> Route {
    let below = path.strip_prefix("/v2").unwrap_or(path).strip_prefix("/credentials");
    match below {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Route::Credentials,
        _ => Route::Other,
    }
}

#[derive(Clone)]
pub(super) struct CredentialsService(Arc<Inner>);

struct Inner {
    consumers: Arc<Consumers>,
    clock: Arc<dyn Clock>,
    refusals: Arc<Refusals>,
}

impl<B> Service<Request<B>> for CredentialsService {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        match self.0.answer(&request) {
            Some(reply) => reply.into(),
            None => Answer::Waiting(Box::pin(Arc::clone(&self.0).answer_in_a_while(request.map(drop)))),
        }
    }
}

impl Inner {
    /// None while the kernel is being asked who the peer is.
    fn answer<B>(&self, request: &Request<B>) -> Option<Reply> {
        let (known, now) = (self.consumers.load(), self.clock.boot());
        let peer = request.extensions().get::<Arc<Peer>>();
        // The token comes before the peer, so that nobody without one learns whom a profile is for; and both before the path,
        // so that nobody else learns a profile's name.
        let refused = match asked(&known, request, now) {
            Err(reason) => reason,
            Ok((granted, is_its_path)) => match granted.admits(peer, now) {
                Admission::Granted if is_its_path => return Some(document::of(&known, granted.profile, now, peer)),
                Admission::Granted => Reason::Path,
                Admission::Sought => return None,
                Admission::Unasked => return Some(reply::on_another_connection()),
                Admission::Refused => Reason::Uid,
            },
        };
        Some(self.refuse(refused))
    }

    async fn answer_in_a_while(self: Arc<Self>, request: Request<()>) -> Reply {
        if let Some(peer) = request.extensions().get::<Arc<Peer>>() {
            peer.settled_first(&*self.clock).await;
        }
        self.answer(&request).unwrap_or_else(|| self.refuse(Reason::Uid))
    }

    fn refuse(&self, reason: Reason) -> Reply {
        self.refusals.add(reason);
        refusal(reason)
    }
}

/// The profile that the request's secret opens, and whether it is asked for by its own path.
fn asked<'k, B>(known: &'k Known, request: &Request<B>, now: BootInstant) -> Result<(Granted<'k>, bool), Reason> {
    if request.method() != Method::GET {
        return Err(Reason::Method);
    }
    let path = request.uri().path();
    if let Some(id) = known.id(path) {
        let granted = known.by_id(id, now).ok_or(Reason::TokenUnknown)?;
        return Ok((granted, true));
    }
    let presented = request.headers().get(AUTHORIZATION).ok_or(Reason::TokenMissing)?;
    let granted = known.by_token(presented.as_bytes(), now).ok_or(Reason::TokenUnknown)?;
    let profile = granted.profile.name.as_str();
    let is_its_path = asks_for(path, profile, known.is_one()) || known.relative_name(path) == Some(profile);
    Ok((granted, is_its_path))
}

/// Whether the path is `/credentials/<profile>`, or `/credentials` for the only profile; with one slash more or without.
fn asks_for(path: &str, profile: &str, only: bool) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    match path.strip_prefix("/credentials") {
        Some("") => only,
        Some(rest) => rest.strip_prefix('/') == Some(profile),
        None => false,
    }
}

fn refusal(reason: Reason) -> Reply {
    match reason {
        Reason::Method => {
            let message = "credentials are asked for with GET";
            let mut reply = reply::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            reply::closing(reply)
        }
        Reason::Path => {
            let message = "this token is for another path: check AWS_CONTAINER_CREDENTIALS_FULL_URI";
            reply::error(StatusCode::NOT_FOUND, "NotFound", message)
        }
        Reason::Uid => {
            let message = "this process's user may not have these credentials: let its UID be in the profile's allowed_uids, \
                           or run it as a user whose is";
            reply::closing(reply::error(StatusCode::FORBIDDEN, "Forbidden", message))
        }
        // A missing token, a wrong one and a wrong id look the same, and no reply says which profiles there are.
        _ => {
            let message = "the Authorization header must be the content of the profile's token file, or the path that of its \
                           relative_uri file: check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
            reply::closing(reply::error(StatusCode::UNAUTHORIZED, "Unauthorized", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_profile_and_nothing_else() {
        for path in ["/credentials/ops", "/credentials/ops/"] {
            assert!(asks_for(path, "ops", true), "{path}");
            assert!(asks_for(path, "ops", false), "{path}");
        }
        for path in ["/credentials", "/credentials/"] {
            assert!(asks_for(path, "ops", true), "{path}");
            assert!(!asks_for(path, "ops", false), "{path}");
        }
        for path in [
            "",
            "/",
            "/credentials//",
            "/credentials//ops",
            "/credentials/ops//",
            "/credentials/OPS",
            "/Credentials/ops",
            "/credentials/deploy",
            "/credentials/ops/x",
            "/credentialsops",
            "//credentials/ops",
            "/credentials/../ops",
            "/credentials/%6fps",
            "/credentials/ops;x",
            "/x/credentials/ops",
            "/credentials/op",
            "/credentials/opss",
        ] {
            assert!(!asks_for(path, "ops", true), "{path}");
        }
    }

    #[test]
    fn routes_of_the_counters() {
        for path in [
            "/credentials",
            "/credentials/",
            "/credentials/ops",
            "/credentials/x/y",
            "/v2/credentials/x",
            "/v2/credentials",
        ] {
            assert_eq!(route(path), Route::Credentials, "{path}");
        }
        for path in [
            "/",
            "/credentialsx",
            "/v2/",
            "/v2/v2/credentials/x",
            "/latest/meta-data/",
        ] {
            assert_eq!(route(path), Route::Other, "{path}");
        }
    }
}
