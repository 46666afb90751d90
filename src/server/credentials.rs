use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use tower::Service;

use super::asked::{Asked, Waiting};
use super::consumers::{Admission, Consumers, Granted, Known, Watch};
use super::document;
use super::peer::Peer;
use super::refusals::Refusals;
use super::reply::{self, Answer, Reply};
use super::tls::Tls;
use crate::clock::Clock;
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
    /// With what it speaks TLS, and TLS alone, if it does.
    pub tls: Option<Arc<Tls>>,
}

impl Credentials {
    pub(super) fn into_service(self, refusals: Arc<Refusals>) -> CredentialsService {
        CredentialsService {
            inner: Arc::new(Inner {
                consumers: self.consumers,
                clock: self.clock,
                refusals,
            }),
            known: None,
            standing: false,
        }
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
pub(super) struct CredentialsService {
    inner: Arc<Inner>,
    /// Since the first request of a connection: the listener has none, which would keep what was known at its start.
    known: Option<Watch>,
    /// Whether the listener has no room for whoever asks.
    standing: bool,
}

struct Inner {
    consumers: Arc<Consumers>,
    clock: Arc<dyn Clock>,
    refusals: Arc<Refusals>,
}

impl CredentialsService {
    /// The same for those whom the listener has no room for.
    pub(super) fn standing(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            known: None,
            standing: true,
        }
    }
}

impl Service<Asked<'_>> for CredentialsService {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: Asked<'_>) -> Answer {
        let known = self.known.get_or_insert_with(|| self.inner.consumers.watch());
        match self.inner.answer(known.load(), asked, self.standing) {
            Some(reply) => reply.into(),
            None => Answer::later(Arc::clone(&self.inner).answer_in_a_while(asked.waiting())),
        }
    }
}

impl Inner {
    /// None while the kernel is being asked who the peer is. Whoever stands is told to come back, or what is wrong, and for
    /// the last time on this connection.
    fn answer(&self, known: &Known, asked: Asked<'_>, standing: bool) -> Option<Reply> {
        let peer = asked.request.extensions.get::<Arc<Peer>>();
        // The token comes before the peer, so that nobody without one learns whom a profile is for; and both before the path,
        // so that nobody else learns a profile's name.
        let reply = match opened(known, asked) {
            Err(reason) => self.refuse(reason),
            Ok(_) if standing => no_room(),
            Ok((granted, is_its_path)) => match granted.admits(peer, asked.at) {
                Admission::Granted if is_its_path => document::of(known, granted.profile, asked.at, peer),
                Admission::Granted => self.refuse(Reason::Path),
                Admission::Sought => return None,
                Admission::Unasked => reply::on_another_connection(),
                Admission::Refused => self.refuse(Reason::Uid),
            },
        };
        Some(if standing { reply::closing(reply) } else { reply })
    }

    async fn answer_in_a_while(self: Arc<Self>, waiting: Waiting) -> Reply {
        if let Some(peer) = waiting.peer() {
            peer.settled_first(&*self.clock).await;
        }
        let known = self.consumers.load();
        let reply = waiting.ask(self.clock.boot(), |asked| self.answer(&known, asked, false));
        reply.unwrap_or_else(reply::on_another_connection)
    }

    fn refuse(&self, reason: Reason) -> Reply {
        self.refusals.add(reason);
        refusal(reason)
    }
}

/// The profile that the request's secret opens, and whether it is asked for by its own path.
fn opened<'k>(known: &'k Known, asked: Asked<'_>) -> Result<(Granted<'k>, bool), Reason> {
    if *asked.request.method != Method::GET {
        return Err(Reason::Method);
    }
    let path = asked.request.path;
    if let Some(id) = known.id(path) {
        let granted = known.by_id(id, asked.at).ok_or(Reason::TokenUnknown)?;
        return Ok((granted, true));
    }
    let shown = asked.authorization.ok_or(Reason::TokenMissing)?;
    let granted = known.by_token(shown.as_bytes(), &mut asked.recognised.borrow_mut(), asked.at);
    let granted = granted.ok_or(Reason::TokenUnknown)?;
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

/// Not 429, after which the SDKs for Rust and Java do not ask again.
fn no_room() -> Reply {
    let message = "as many connections as allowed are open: ask again, and let clients of one process share one";
    let mut reply = reply::error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
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
