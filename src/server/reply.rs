use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// A reply whose bytes are ready.
pub(super) type Reply = Response<Full<Bytes>>;

/// Exactly this value: Go and Kotlin SDKs read an error only when no charset follows.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// JSON that no cache keeps and no browser takes for something else.
pub(super) fn json(status: StatusCode, body: Bytes) -> Reply {
    with_type(status, JSON, body)
}

/// An error that every SDK can show: some read `Code` and `Message`, others `code` and `message`. One short line.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({ "Code": code, "Message": message, "code": code, "message": message });
    json(status, body.to_string().into())
}

/// What cannot be decided on this connection can be on the next, and SDKs try again after 503.
pub(super) fn on_another_connection() -> Reply {
    let message =
        "who may have these credentials has changed since this connection was opened: try again on another one";
    closing(error(StatusCode::SERVICE_UNAVAILABLE, "TryAgain", message))
}

/// Plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    with_type(
        status,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        body.into(),
    )
}

/// The reply under another `Content-Type`.
pub(super) fn with_type(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    reply
}

/// The same reply as the connection's last: whoever broke a rule does not get to try many on one connection.
pub(super) fn closing(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}
