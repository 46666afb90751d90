use std::cell::RefCell;
use std::convert::Infallible;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use tower::Service;

use super::recognised::Recognised;
use super::reply::{Answer, Reply};
use crate::clock::BootInstant;

/// A request as the layers see it: they look at it, and none of them takes it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) request: &'r Request<Incoming>,
    /// When it came: the one look at the clock that decides what is valid, and from which its time is counted.
    pub(super) at: BootInstant,
    /// What stands in `Authorization`: admission has seen every header.
    pub(super) authorization: Option<&'r HeaderValue>,
    /// Which token its connection showed last.
    pub(super) recognised: &'r RefCell<Recognised>,
}

/// A layer, or the route below them. All of them answer in the same form, which borrows nothing of the request.
pub(super) trait Answers:
    for<'r> Service<Asked<'r>, Response = Reply, Error = Infallible, Future = Answer>
{
}

impl<S> Answers for S where S: for<'r> Service<Asked<'r>, Response = Reply, Error = Infallible, Future = Answer> {}
