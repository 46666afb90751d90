use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use hyper::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};

use super::stream::Stream;
use crate::clock::BootInstant;

/// What a connection's socket is in the middle of, as its bytes tell. The route answers without waiting, so that bytes
/// that came in and brought no reply are a head that is not whole yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// Every byte that came in has been answered.
    Idle,
    /// A part of a head has come in; or, on a new connection, nothing yet.
    Head,
    /// A reply is being made, or is on its way and the peer does not take it.
    Answering,
}

/// The socket's side, the timer's, and that of whoever seeks a connection to close.
#[derive(Clone)]
pub(super) struct Shared(Arc<State>);

struct State {
    bits: AtomicU8,
    /// In nanoseconds since boot, as is `turn`.
    since: AtomicU64,
    turn: AtomicU64,
}

const UNANSWERED: u8 = 1;
const ANSWERING: u8 = 2;
/// Something came in since the timer's keeper last looked.
const MOVED: u8 = 4;
/// A known token has been shown.
const RECOGNISED: u8 = 8;
/// A reply is being made.
const MAKING: u8 = 16;
/// Something has come in.
const HEARD: u8 = 32;

impl Shared {
    /// A new connection: its first head is awaited.
    pub(super) fn new(now: BootInstant) -> Self {
        Self(Arc::new(State {
            bits: AtomicU8::new(UNANSWERED),
            since: AtomicU64::new(now.nanoseconds()),
            turn: AtomicU64::new(now.nanoseconds()),
        }))
    }

    /// The connection's task has its turn.
    pub(super) fn begin_turn(&self, now: BootInstant) {
        self.0.turn.store(now.nanoseconds(), Ordering::Relaxed);
    }

    /// When the task's turn began: what is asked in it came then.
    pub(super) fn turn(&self) -> BootInstant {
        BootInstant::from_nanoseconds(self.0.turn.load(Ordering::Relaxed))
    }

    /// What is going on, and whether anything came in since the last look.
    pub(super) fn look(&self) -> (Activity, bool) {
        let state = self.0.bits.fetch_and(!MOVED, Ordering::Relaxed);
        let activity = if state & (ANSWERING | MAKING) != 0 {
            Activity::Answering
        } else if state & UNANSWERED != 0 {
            Activity::Head
        } else {
            Activity::Idle
        };
        (activity, state & MOVED != 0)
    }

    /// When what is going on began.
    pub(super) fn since(&self, since: BootInstant) {
        self.0.since.store(since.nanoseconds(), Ordering::Relaxed);
    }

    /// When that was, or when the last request was answered since which there is nothing. In nanoseconds since boot.
    pub(super) fn began(&self) -> u64 {
        self.0.since.load(Ordering::Relaxed)
    }

    /// Takes in a reply's status. The credentials listener gives these three only to whoever showed a known token.
    pub(super) fn answered(&self, status: StatusCode) {
        use StatusCode as Code;
        if matches!(status, Code::OK | Code::NOT_FOUND | Code::SERVICE_UNAVAILABLE) {
            self.0.bits.fetch_or(RECOGNISED, Ordering::Relaxed);
        }
    }

    /// Whether such a reply was ever given.
    pub(super) fn is_recognised(&self) -> bool {
        self.0.bits.load(Ordering::Relaxed) & RECOGNISED != 0
    }

    pub(super) fn read(&self) {
        self.0.bits.fetch_or(UNANSWERED | MOVED | HEARD, Ordering::Relaxed);
    }

    /// Whether anything has ever come in.
    pub(super) fn is_heard(&self) -> bool {
        self.0.bits.load(Ordering::Relaxed) & HEARD != 0
    }

    pub(super) fn wrote(&self) {
        self.0.bits.fetch_and(!(UNANSWERED | ANSWERING), Ordering::Relaxed);
    }

    /// What had been written is taken; a head that has begun since is not.
    pub(super) fn flushed(&self) {
        self.0.bits.fetch_and(!ANSWERING, Ordering::Relaxed);
    }

    /// A whole head has come in, and its reply takes time: on the credentials listener whoever showed a known token.
    pub(super) fn making(&self) {
        self.0.bits.fetch_or(MAKING, Ordering::Relaxed);
    }

    pub(super) fn made(&self) {
        self.0.bits.fetch_and(!MAKING, Ordering::Relaxed);
    }

    pub(super) fn is_making(&self) -> bool {
        self.0.bits.load(Ordering::Relaxed) & MAKING != 0
    }

    /// A reply is there, and the peer does not take it.
    pub(super) fn answering(&self) {
        self.0.bits.fetch_or(ANSWERING, Ordering::Relaxed);
    }
}

/// A stream that notes what passes through it; with TLS, what peers say within it.
pub(super) struct Watched {
    stream: Stream,
    shared: Shared,
}

impl Watched {
    pub(super) fn new(stream: Stream, shared: Shared) -> Self {
        Self { stream, shared }
    }

    fn note<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(_) => self.shared.wrote(),
            Poll::Pending => self.shared.answering(),
        }
        written
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        self.shared.read();
        Poll::Ready(read)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if self.stream.holds_back() {
            match flushed {
                Poll::Ready(_) => self.shared.flushed(),
                Poll::Pending => self.shared.answering(),
            }
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bytes_tell_what_is_going_on() {
        let shared = Shared::new(BootInstant::from_boot(Duration::ZERO));
        assert_eq!(shared.look(), (Activity::Head, false), "the first head is awaited");
        shared.read();
        shared.wrote();
        assert_eq!(shared.look(), (Activity::Idle, true), "a whole request in one poll");
        shared.read();
        assert_eq!(shared.look(), (Activity::Head, true));
        assert_eq!(shared.look(), (Activity::Head, false));
        shared.answering();
        assert_eq!(shared.look(), (Activity::Answering, false));
        shared.wrote();
        assert_eq!(shared.look(), (Activity::Idle, false));
    }

    #[test]
    fn a_flush_ends_a_reply_and_no_head() {
        let shared = Shared::new(BootInstant::from_boot(Duration::ZERO));
        shared.read();
        shared.flushed();
        assert_eq!(shared.look(), (Activity::Head, true), "nothing was answered");
        shared.wrote();
        shared.answering();
        assert_eq!(
            shared.look(),
            (Activity::Answering, false),
            "TLS took it in, the socket did not"
        );
        shared.flushed();
        assert_eq!(shared.look(), (Activity::Idle, false));
    }
}
