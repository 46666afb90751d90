use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use tower::Service;

use super::asked::Asked;
use super::consumers::{Consumers, Known};
use super::document;
use super::refusals::Refusals;
use super::reply::{self, Answer, Reply};
use super::tls::Tls;
use crate::clock::Clock;
use crate::metrics::{Metrics, Reason, Route};
use crate::renew::Published;

/// The container-credentials endpoint: what `AWS_CONTAINER_CREDENTIALS_FULL_URI` points at.
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
                refusals,
            }),
            standing: false,
        }
    }
}

/// What a path asks for.
pub(super) fn route(path: &str) -> Route {
    match path.strip_prefix("/credentials") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Route::Credentials,
        _ => Route::Other,
    }
}

#[derive(Clone)]
pub(super) struct CredentialsService {
    inner: Arc<Inner>,
    /// Whether the listener has no room for whoever asks.
    standing: bool,
}

struct Inner {
    consumers: Arc<Consumers>,
    refusals: Arc<Refusals>,
}

impl CredentialsService {
    /// The same for those whom the listener has no room for.
    pub(super) fn standing(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
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
        let known = self.inner.consumers.load();
        let reply = match profile(&known, asked) {
            Ok(_) if self.standing => no_room(),
            Ok(profile) => document::of(&known, profile, asked.at, asked.request.extensions().get()),
            Err(reason) => {
                self.inner.refusals.add(reason);
                refusal(reason)
            }
        };
        let reply = if self.standing { reply::closing(reply) } else { reply };
        reply.into()
    }
}

/// The profile that the request may have, asked for by its own path. The token comes before the path, so that nobody
/// without one learns a profile's name.
fn profile<'k>(known: &'k Known, asked: Asked<'_>) -> Result<&'k Published, Reason> {
    if asked.request.method() != Method::GET {
        return Err(Reason::Method);
    }
    let presented = asked.authorization.ok_or(Reason::TokenMissing)?;
    let profile = known.profile(presented.as_bytes(), &mut asked.recognised.borrow_mut());
    let profile = profile.ok_or(Reason::TokenUnknown)?;
    if asks_for(asked.request.uri().path(), profile.name.as_str(), known.is_one()) {
        Ok(profile)
    } else {
        Err(Reason::Path)
    }
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
        // A missing and a wrong token look the same, and no reply says which profiles there are.
        _ => {
            let message = "the Authorization header must be the content of the profile's token file: check \
                           AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
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
        for path in ["/credentials", "/credentials/", "/credentials/ops", "/credentials/x/y"] {
            assert_eq!(route(path), Route::Credentials, "{path}");
        }
        for path in ["/", "/credentialsx", "/latest/meta-data/"] {
            assert_eq!(route(path), Route::Other, "{path}");
        }
    }
}
