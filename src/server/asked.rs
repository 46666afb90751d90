use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::Extensions;
use hyper::http::request::Parts;
use hyper::{Method, Request, Uri};
use tower::Service;

use super::peer::Peer;
use super::recognised::Recognised;
use super::reply::{Answer, Reply};
use crate::clock::BootInstant;

/// A request as the layers see it: they look at it, and none of them takes it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) request: RequestHead<'r>,
    /// When it came: the one look at the clock that decides what is valid, and from which its time is counted.
    pub(super) at: BootInstant,
    /// What stands in `Authorization`: admission has seen every header.
    pub(super) authorization: Option<&'r HeaderValue>,
    /// Which token its connection showed last.
    pub(super) recognised: &'r RefCell<Recognised>,
}

/// A request's head where it is: to take it apart would be to copy it.
#[derive(Clone, Copy)]
pub(super) struct RequestHead<'r> {
    pub(super) method: &'r Method,
    pub(super) uri: &'r Uri,
    /// That of the URI.
    pub(super) path: &'r str,
    pub(super) headers: &'r HeaderMap,
    pub(super) extensions: &'r Extensions,
}

impl<'r, B> From<&'r Request<B>> for RequestHead<'r> {
    fn from(request: &'r Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            path: request.uri().path(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}

impl<'r> From<&'r Parts> for RequestHead<'r> {
    fn from(request: &'r Parts) -> Self {
        Self {
            method: &request.method,
            uri: &request.uri,
            path: request.uri.path(),
            headers: &request.headers,
            extensions: &request.extensions,
        }
    }
}

impl Asked<'_> {
    /// The request, to be asked again.
    pub(super) fn waiting(self) -> Waiting {
        let RequestHead {
            method,
            uri,
            headers,
            extensions,
            ..
        } = self.request;
        let (mut request, ()) = Request::new(()).into_parts();
        request.method.clone_from(method);
        request.uri.clone_from(uri);
        request.headers.clone_from(headers);
        request.extensions.clone_from(extensions);
        Waiting {
            request,
            authorization: self.authorization.cloned(),
        }
    }
}

/// A request that has to wait for what decides on it.
pub(super) struct Waiting {
    request: Parts,
    authorization: Option<HeaderValue>,
}

impl Waiting {
    pub(super) fn peer(&self) -> Option<&Arc<Peer>> {
        self.request.extensions.get()
    }

    /// Asks as if it came at this instant.
    pub(super) fn ask<R>(&self, at: BootInstant, answer: impl FnOnce(Asked<'_>) -> R) -> R {
        answer(Asked {
            request: (&self.request).into(),
            at,
            authorization: self.authorization.as_ref(),
            recognised: &RefCell::default(),
        })
    }
}

/// A layer, or the route below them. All of them answer in the same form, which borrows nothing of the request.
pub(super) trait Answers:
    for<'r> Service<Asked<'r>, Response = Reply, Error = Infallible, Future = Answer>
{
}

impl<S> Answers for S where S: for<'r> Service<Asked<'r>, Response = Reply, Error = Infallible, Future = Answer> {}
