use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a connection's socket is in the middle of, as its bytes tell. The route answers without waiting, so that bytes
/// that came in and brought no reply are a head that is not whole yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// Every byte that came in has been answered.
    Idle,
    /// A part of a head has come in; or, on a new connection, nothing yet.
    Head,
    /// A reply is on its way and the peer does not take it.
    Stalled,
}

/// The socket's side, and the timer's.
#[derive(Clone)]
pub(super) struct Shared(Arc<AtomicU8>);

const UNANSWERED: u8 = 1;
const STALLED: u8 = 2;
/// Something came in since the timer's keeper last looked.
const MOVED: u8 = 4;

impl Shared {
    /// A new connection: its first head is awaited.
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(UNANSWERED)))
    }

    /// What is going on, and whether anything came in since the last look.
    pub(super) fn look(&self) -> (Activity, bool) {
        let state = self.0.fetch_and(!MOVED, Ordering::Relaxed);
        let activity = if state & STALLED != 0 {
            Activity::Stalled
        } else if state & UNANSWERED != 0 {
            Activity::Head
        } else {
            Activity::Idle
        };
        (activity, state & MOVED != 0)
    }

    fn read(&self) {
        self.0.fetch_or(UNANSWERED | MOVED, Ordering::Relaxed);
    }

    fn wrote(&self) {
        self.0.fetch_and(MOVED, Ordering::Relaxed);
    }

    fn stalled(&self) {
        self.0.fetch_or(STALLED, Ordering::Relaxed);
    }
}

/// A socket that notes what passes through it.
pub(super) struct Watched {
    io: TokioIo<TcpStream>,
    shared: Shared,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, shared: Shared) -> Self {
        let io = TokioIo::new(stream);
        Self { io, shared }
    }

    fn note<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(_) => self.shared.wrote(),
            Poll::Pending => self.shared.stalled(),
        }
        written
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buffer));
        self.shared.read();
        Poll::Ready(read)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_what_is_going_on() {
        let shared = Shared::new();
        assert_eq!(shared.look(), (Activity::Head, false), "the first head is awaited");
        shared.read();
        shared.wrote();
        assert_eq!(shared.look(), (Activity::Idle, true), "a whole request in one poll");
        shared.read();
        assert_eq!(shared.look(), (Activity::Head, true));
        assert_eq!(shared.look(), (Activity::Head, false));
        shared.stalled();
        assert_eq!(shared.look(), (Activity::Stalled, false));
        shared.wrote();
        assert_eq!(shared.look(), (Activity::Idle, false));
    }
}
