use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

use crate::BoxFuture;

/// A reply as the layers hand it up, small enough to be moved for nothing. What its body is made of is ready.
pub(super) struct Reply {
    status: StatusCode,
    content_type: &'static HeaderValue,
    /// Beside those that every reply has.
    others: Option<Box<HeaderMap>>,
    body: Bytes,
}

/// Exactly this value: Go and Kotlin SDKs read an error only when no charset follows.
static JSON: HeaderValue = HeaderValue::from_static("application/json");
static TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// More headers than SDKs send.
const FEW_HEADERS: usize = 24;

impl Reply {
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// For headers that other replies do not have.
    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.others.get_or_insert_default()
    }

    /// As hyper sends it. The reply's headers take the place of the request's, which nobody needs any more, so that
    /// neither needs memory of its own; hyper does the same with the next request's.
    #[inline]
    pub(super) fn into_response(self, request: &mut HeaderMap) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // Whoever once sent many headers does not keep their memory for as long as the connection is open.
        if request.capacity() <= FEW_HEADERS {
            mem::swap(headers, request);
            headers.clear();
        }
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if let Some(others) = self.others {
            headers.extend(*others);
        }
        response
    }
}

/// JSON that no cache keeps and no browser takes for something else.
pub(super) fn json(status: StatusCode, body: Bytes) -> Reply {
    with_type(status, &JSON, body)
}

/// An error that every SDK can show: some read `Code` and `Message`, others `code` and `message`. One short line.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({ "Code": code, "Message": message, "code": code, "message": message });
    json(status, body.to_string().into())
}

/// What cannot be decided on this connection can be on the next, and SDKs try again after 503.
pub(super) fn on_another_connection() -> Reply {
    let message = "which user asks was not found out when this connection was opened: try again on another one";
    closing(error(StatusCode::SERVICE_UNAVAILABLE, "TryAgain", message))
}

/// Plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    with_type(status, &TEXT, body.into())
}

/// The reply under another `Content-Type`.
pub(super) fn with_type(status: StatusCode, content_type: &'static HeaderValue, body: Bytes) -> Reply {
    Reply {
        status,
        content_type,
        others: None,
        body,
    }
}

/// The same reply as the connection's last: whoever broke a rule does not get to try many on one connection.
pub(super) fn closing(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// A reply that is there, or one that takes time.
pub(super) enum Answer<R = Reply> {
    /// Taken when it is polled.
    Now(Option<R>),
    Later(BoxFuture<'static, R>),
}

impl<R> Answer<R> {
    pub(super) fn later(reply: impl Future<Output = R> + Send + 'static) -> Self {
        Self::Later(Box::pin(reply))
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Now(Some(reply))
    }
}

impl<R: Unpin> Future for Answer<R> {
    type Output = Result<R, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(reply) => reply.take().map_or(Poll::Pending, |reply| Poll::Ready(Ok(reply))),
            Self::Later(reply) => reply.as_mut().poll(cx).map(Ok),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{ALLOW, HeaderName};

    use super::*;

    #[test]
    fn headers_of_the_request_give_way_to_those_of_the_reply() {
        let mut request = HeaderMap::new();
        for name in [CONTENT_TYPE, CONNECTION] {
            request.append(&name, HeaderValue::from_static("the request's"));
            request.append(name, HeaderValue::from_static("the same again"));
        }
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "no");
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        let response = closing(reply).into_response(&mut request);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        let text = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        let mut sent: Vec<_> = response.headers().iter().map(text).collect();
        sent.sort_unstable();
        let expected = [
            "allow: GET",
            "cache-control: no-store",
            "connection: close",
            "content-type: text/plain; charset=utf-8",
            "x-content-type-options: nosniff",
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn memory_of_many_headers_is_given_back() {
        for (headers, is_kept) in [(1, true), (12, true), (100, false)] {
            let mut request = HeaderMap::new();
            for number in 0..headers {
                let name: HeaderName = format!("x-{number}").parse().unwrap();
                request.insert(name, HeaderValue::from_static("x"));
            }
            let before = request.capacity();
            let after = text(StatusCode::OK, "")
                .into_response(&mut request)
                .headers()
                .capacity();
            assert_eq!(after == before, is_kept, "{headers} headers: {before} and {after}");
        }
    }
}
