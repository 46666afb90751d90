//! The door for the fuzz targets in `fuzz/`: a listener for consumers without its socket. It is in no other build.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};
use tower::Layer;

use super::activity::Shared;
use super::admit::Admitted;
use super::connection::Eager;
use super::observe::Observed;
use super::refusals::Refusals;
use super::{Consumed, Credentials, Form, Imds, Limits, connection};
use crate::clock::Clock;
use crate::metrics::{Http, Reason};

/// The very layers of a listener.
pub struct Endpoint {
    service: Observed<Admitted<Form>>,
    clock: Arc<dyn Clock>,
    http: Arc<Http>,
    refusals: Arc<Refusals>,
}

impl Endpoint {
    /// The container form.
    pub fn credentials(address: SocketAddr, endpoint: Credentials) -> Self {
        Self::of(Consumed::credentials(address, endpoint))
    }

    /// The IMDSv2 form.
    pub fn imds(address: SocketAddr, endpoint: Imds) -> io::Result<Self> {
        Consumed::imds(address, endpoint).map(Self::of)
    }

    fn of(consumed: Consumed) -> Self {
        Self {
            service: consumed.observe.layer(consumed.admit.layer(consumed.form)),
            clock: consumed.clock,
            http: consumed.http,
            refusals: consumed.refusals,
        }
    }

    /// Serves one connection. `next` is given what was answered since it was last asked, and gives what comes in once all is
    /// answered that can be; nothing is the end of it. What was answered after that is returned.
    ///
    /// # Panics
    /// The connection does not end with what comes in.
    pub fn converse(&self, next: impl FnMut(&[u8]) -> Vec<u8> + Unpin) -> Vec<u8> {
        let rest = Cell::new(false);
        let mut peer = Peer {
            next,
            rest: &rest,
            coming: Vec::new(),
            taken: 0,
            answered: Vec::new(),
        };
        let shared = Shared::new(self.clock.boot());
        let service = Eager::new(self.service.clone(), None, shared.clone());
        let woken = Arc::<Woken>::default();
        let waker = Waker::from(woken.clone());
        let end = {
            let mut connection = pin!(Limits::http1().serve_connection(&mut peer, service));
            loop {
                shared.begin_turn(self.clock.boot());
                if let Poll::Ready(end) = connection.as_mut().poll(&mut Context::from_waker(&waker)) {
                    break end;
                }
                // hyper lets others have their turn after some requests, and asks to be woken.
                if !woken.0.swap(false, Ordering::Relaxed) {
                    assert!(
                        !rest.replace(true),
                        "the connection waits for something else than its peer"
                    );
                }
            }
        };
        if let Some(reason) = end.err().as_ref().and_then(connection::refusal) {
            self.refusals.add(reason);
        }
        peer.answered
    }

    /// How often each code was answered, and each reason given.
    pub fn counted(&self) -> (Vec<(u16, u64)>, Vec<(Reason, u64)>) {
        self.http.counted()
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The other end of a connection. It sends when the connection has come to rest, as one does that waits for its reply.
struct Peer<'r, F> {
    next: F,
    rest: &'r Cell<bool>,
    coming: Vec<u8>,
    taken: usize,
    answered: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> Vec<u8> + Unpin> Read for Peer<'_, F> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let peer = &mut *self;
        if peer.taken == peer.coming.len() {
            if !peer.rest.take() {
                return Poll::Pending;
            }
            peer.coming = (peer.next)(&peer.answered);
            peer.taken = 0;
            peer.answered.clear();
        }
        let rest = &peer.coming[peer.taken..];
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..taken]);
        peer.taken += taken;
        Poll::Ready(Ok(()))
    }
}

impl<F: FnMut(&[u8]) -> Vec<u8> + Unpin> Write for Peer<'_, F> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.answered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
