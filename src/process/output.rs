use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;
use zeroize::Zeroizing;

use super::error::Reason;

/// What is read at once.
const PIECE: usize = 4 * 1024;

/// Where the bytes of a pipe go.
pub(super) trait Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Reason>;
}

/// Reads to the end, unless the sink has enough.
pub(super) async fn read_all(mut pipe: Receiver, sink: &mut impl Sink) -> Result<(), Reason> {
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    loop {
        let read = read(&mut pipe, &mut piece).await.map_err(|_| Reason::Internal)?;
        if read == 0 {
            return Ok(());
        }
        sink.take(&piece[..read])?;
    }
}

async fn read(pipe: &mut Receiver, piece: &mut [u8]) -> io::Result<usize> {
    let mut buffer = ReadBuf::new(piece);
    poll_fn(|cx| Pin::new(&mut *pipe).poll_read(cx, &mut buffer)).await?;
    Ok(buffer.filled().len())
}

/// Standard output, whole. Its room is taken once: a buffer that grows leaves copies behind that nobody wipes.
pub(super) struct Answer {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
}

impl Answer {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(limit)),
            limit,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn text(&self) -> Result<&str, Reason> {
        str::from_utf8(&self.bytes).map_err(|_| Reason::NotText)
    }
}

impl Sink for Answer {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let room = self.limit - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return Err(Reason::TooMuch(self.limit));
        }
        Ok(())
    }
}

/// The end of standard error, however much comes.
pub(super) struct Tail {
    kept: Zeroizing<Vec<u8>>,
    limit: usize,
    cut: bool,
}

impl Tail {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            kept: Zeroizing::new(Vec::with_capacity(limit + PIECE)),
            limit,
            cut: false,
        }
    }

    /// Whole lines only: half a secret looks like none.
    pub(super) fn lines(&self) -> &[u8] {
        if !self.cut {
            return &self.kept;
        }
        let first = self.kept.iter().position(|b| *b == b'\n').unwrap_or(self.kept.len());
        &self.kept[first..]
    }
}

impl Sink for Tail {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        self.kept.extend_from_slice(bytes);
        let surplus = self.kept.len().saturating_sub(self.limit);
        if surplus > 0 {
            self.kept.copy_within(surplus.., 0);
            self.kept.truncate(self.limit);
            self.cut = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_limit_and_never_moves() {
        let mut answer = Answer::new(8);
        let place = answer.bytes().as_ptr();
        assert_eq!(answer.take(b"12345678"), Ok(()));
        assert_eq!(answer.take(b"9"), Err(Reason::TooMuch(8)));
        assert_eq!((answer.text(), answer.bytes().as_ptr()), (Ok("12345678"), place));
        let mut answer = Answer::new(8);
        answer.take(b"\xff").unwrap();
        assert_eq!(answer.text(), Err(Reason::NotText));
    }

    #[test]
    fn of_a_long_complaint_the_last_whole_lines_are_kept() {
        let mut tail = Tail::new(8);
        let place = tail.kept.as_ptr();
        tail.take(b"ab\ncd\n").unwrap();
        assert_eq!(tail.lines(), b"ab\ncd\n");
        tail.take(b"efghi").unwrap();
        assert_eq!(tail.lines(), b"\nefghi", "\"cd\" may be the end of a longer line");
        tail.take(&[b'x'; PIECE]).unwrap();
        assert_eq!((tail.lines(), tail.kept.len()), (&b""[..], 8));
        assert_eq!(tail.kept.as_ptr(), place);
    }
}
