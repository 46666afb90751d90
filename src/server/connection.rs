use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::activity::{Activity, Shared, Watched};
use super::asked::{Answers, Asked};
use super::limits::Limits;
use super::listen::Context;
use super::peer::Peer;
use super::recognised::Recognised;
use super::reply::Answer;
use super::stream::Stream;
use super::tls::handshake;
use crate::BoxFuture;
use crate::clock::BootInstant;
use crate::metrics::Reason;

/// Serves one connection until its peer, a limit or the shutdown ends it.
pub(super) async fn serve<S>(
    stream: TcpStream,
    peer: Option<Arc<Peer>>,
    shared: Shared,
    service: S,
    context: Arc<Context>,
) where
    S: Answers,
{
    // Replies leave in one write; without the option, pipelined ones would wait for acknowledgements.
    let _ = stream.set_nodelay(true);
    let mut patience = Patience::new(context.limits, context.clock.boot());
    let stream = match &context.tls {
        None => Stream::Plain(TokioIo::new(stream)),
        // In a box, so that plain connections have no room for it.
        Some(tls) => match Box::pin(handshake(stream, tls, &context, patience.deadline())).await {
            Ok(stream) => Stream::Tls(TokioIo::new(stream)),
            Err(reason) => return reason.into_iter().for_each(|reason| context.refusals.add(reason)),
        },
    };
    let watched = Watched::new(stream, shared.clone());
    let eager = Eager::new(service, peer, shared.clone());
    let mut connection = pin!(Limits::http1().serve_connection(watched, eager));
    let mut stop = pin!(context.stop.wait());
    let (mut told, mut stopping) = (false, false);
    let clock = &context.clock;
    let mut timer: Option<(BootInstant, BoxFuture<'_, ()>)> = None;

    let refused = poll_fn(|cx| {
        let now = clock.boot();
        shared.begin_turn(now);
        told = told || stop.as_mut().poll(cx).is_ready();
        // hyper would close at once what it has heard nothing of, and the request may be on its way.
        if told && !stopping && shared.is_heard() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(end) = connection.as_mut().poll(cx) {
            return Poll::Ready(end.err().as_ref().and_then(refusal));
        }
        let (activity, moved) = shared.look();
        if told && !stopping && moved {
            cx.waker().wake_by_ref();
        }
        let deadline = patience.look(activity, moved, now);
        shared.since(patience.since);
        if now >= deadline {
            return Poll::Ready(patience.reason());
        }
        // A timer that is too early is left alone until it fires: most requests then touch no timer at all. It was
        // polled once, and its waker is this task's for good.
        let fires = |(at, timer): &mut (BootInstant, BoxFuture<'_, ()>)| {
            deadline < *at || now >= *at || (!moved && timer.as_mut().poll(cx).is_ready())
        };
        if timer.as_mut().is_none_or(fires) {
            let (_, timer) = timer.insert((deadline, clock.sleep_until(deadline)));
            if timer.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    });
    if let Some(reason) = refused.await {
        context.refusals.add(reason);
    }
}

/// What hyper refused by itself.
pub(super) fn refusal(error: &hyper::Error) -> Option<Reason> {
    if error.is_parse_too_large() {
        Some(Reason::HeaderSize)
    } else {
        error.is_parse().then_some(Reason::Malformed)
    }
}

/// Calls the layers at once. `hyper_util`'s adapter would call them one poll later; until then the request keeps hold of
/// the read buffer, and hyper makes another one of 8 kB, for every request. The layers here are always ready.
pub(super) struct Eager<S> {
    /// Called while no other call is under way.
    service: RefCell<S>,
    /// None where nobody wants to know.
    peer: Option<Arc<Peer>>,
    shared: Shared,
    recognised: RefCell<Recognised>,
}

impl<S> Eager<S> {
    pub(super) fn new(service: S, peer: Option<Arc<Peer>>, shared: Shared) -> Self {
        Self {
            service: RefCell::new(service),
            peer,
            shared,
            recognised: RefCell::default(),
        }
    }
}

impl<S: Answers> Service<Request<Incoming>> for Eager<S> {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer<Self::Response>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(peer) = &self.peer {
            request.extensions_mut().insert(Arc::clone(peer));
        }
        let asked = Asked {
            request: (&request).into(),
            at: self.shared.turn(),
            authorization: None,
            recognised: &self.recognised,
        };
        match self.service.borrow_mut().call(asked) {
            Answer::Now(Some(reply)) => {
                self.shared.answered(reply.status());
                Answer::Now(Some(reply.into_response(request.headers_mut())))
            }
            Answer::Now(None) => Answer::Now(None),
            Answer::Later(reply) => {
                self.shared.making();
                let shared = self.shared.clone();
                Answer::later(async move {
                    let reply = reply.await;
                    shared.made();
                    shared.answered(reply.status());
                    reply.into_response(&mut HeaderMap::new())
                })
            }
        }
    }
}

/// Knows when a connection has taken too long. A pure function of what the socket does.
struct Patience {
    limits: Limits,
    activity: Activity,
    since: BootInstant,
}

impl Patience {
    fn new(limits: Limits, now: BootInstant) -> Self {
        Self {
            limits,
            activity: Activity::Head,
            since: now,
        }
    }

    /// Takes in what the socket does now, and returns when that has taken too long.
    fn look(&mut self, activity: Activity, moved: bool, now: BootInstant) -> BootInstant {
        let begins = match (self.activity, activity) {
            (Activity::Idle, Activity::Idle) => moved,
            (Activity::Idle, Activity::Head | Activity::Answering) | (_, Activity::Idle) => true,
            // One request: its time is counted from its first byte.
            (Activity::Head | Activity::Answering, Activity::Head | Activity::Answering) => false,
        };
        if begins {
            self.since = now;
        }
        self.activity = activity;
        self.deadline()
    }

    fn deadline(&self) -> BootInstant {
        let limit = match self.activity {
            Activity::Idle => self.limits.idle,
            Activity::Head => self.limits.header,
            Activity::Answering => self.limits.request,
        };
        self.since + limit
    }

    /// What the deadline is called; closing an idle connection is no refusal.
    fn reason(&self) -> Option<Reason> {
        match self.activity {
            Activity::Idle => None,
            Activity::Head => Some(Reason::HeaderTimeout),
            Activity::Answering => Some(Reason::RequestTimeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    #[test]
    fn a_head_has_five_seconds_however_often_a_byte_of_it_comes() {
        let mut patience = Patience::new(Limits::CREDENTIALS, at(100));
        assert_eq!(patience.deadline(), at(105));
        assert_eq!(patience.look(Activity::Head, true, at(103)), at(105));
        assert_eq!(patience.reason(), Some(Reason::HeaderTimeout));
    }

    #[test]
    fn idle_time_begins_anew_with_every_request_and_with_nothing_else() {
        let mut patience = Patience::new(Limits::CREDENTIALS, at(100));
        assert_eq!(patience.look(Activity::Idle, true, at(101)), at(131));
        assert_eq!(
            patience.look(Activity::Idle, false, at(120)),
            at(131),
            "a spurious poll"
        );
        assert_eq!(patience.look(Activity::Idle, true, at(125)), at(155));
        assert_eq!(patience.reason(), None);
        assert_eq!(
            patience.look(Activity::Head, true, at(150)),
            at(155),
            "later heads have 5 s too"
        );
    }

    #[test]
    fn a_reply_must_be_taken_within_ten_seconds_of_the_first_byte() {
        let mut patience = Patience::new(Limits::CREDENTIALS, at(100));
        assert_eq!(patience.look(Activity::Answering, true, at(104)), at(110));
        assert_eq!(
            patience.look(Activity::Answering, true, at(109)),
            at(110),
            "not prolonged by a drip"
        );
        assert_eq!(patience.reason(), Some(Reason::RequestTimeout));
        assert_eq!(patience.look(Activity::Idle, false, at(109)), at(139));
    }
}
