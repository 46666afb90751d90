use std::error::Error as StdError;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::handle::Handle;
use super::message::{Request, Response};
use crate::clock::Clock;

/// STS answers 413 to a longer body.
const MAX_BODY: usize = 10_000_000;

/// Serves this emulator in plain HTTP/1.1 until `shutdown` is done; connections end with it.
pub async fn serve(listener: TcpListener, handle: Handle, clock: Arc<dyn Clock>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, handle.clone(), Arc::clone(&clock)));
                }
                // Out of file descriptors, most likely: a pause, rather than a busy loop.
                Err(_) => sleep(&*clock, Duration::from_millis(10)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, handle: Handle, clock: Arc<dyn Clock>) {
    // Only a matter of speed, so a socket that refuses is served all the same.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| exchange(request, &handle, &*clock));
    // The date is the emulator's own, which may be skewed. No timer: under a test's paused time it would go off while
    // the client is thinking. Whatever ends the connection is the client's affair.
    let _ = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error closes the connection without an answer.
async fn exchange(
    request: hyper::Request<Incoming>,
    handle: &Handle,
    clock: &dyn Clock,
) -> Result<hyper::Response<Full<Bytes>>, Box<dyn StdError + Send + Sync>> {
    let Some(request) = read(request).await? else {
        return to_hyper(Response::empty(413));
    };
    let outcome = handle.handle(&request, clock.wall());
    if !outcome.delay.is_zero() {
        sleep(clock, outcome.delay).await;
    }
    match outcome.response {
        Some(response) => to_hyper(response),
        None => Err("the connection is closed without an answer".into()),
    }
}

/// `None` for a body whose length is too much; one that does not tell its length is cut off.
async fn read(request: hyper::Request<Incoming>) -> Result<Option<Request>, Box<dyn StdError + Send + Sync>> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(None);
    }
    let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Some(Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body: body.to_vec(),
    }))
}

fn to_hyper(response: Response) -> Result<hyper::Response<Full<Bytes>>, Box<dyn StdError + Send + Sync>> {
    let mut reply = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        reply = reply.header(name, value);
    }
    Ok(reply.body(Full::new(Bytes::from(response.body)))?)
}

async fn sleep(clock: &dyn Clock, duration: Duration) {
    clock.sleep_until(clock.boot() + duration).await;
}
