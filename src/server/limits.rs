use std::time::Duration;

use hyper::server::conn::http1;

/// What one listener allows, so that no peer can take what others need.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections; for one more, another that is worth less is closed, or else itself.
    pub connections: usize,
    /// Connections beyond these, where none was worth less, whose requests are answered all the same: with 503 where they
    /// would have been served.
    pub standing: usize,
    /// How long the head of a request may take: from the accept for the first, from its first byte for later ones.
    pub header: Duration,
    /// How long a connection may stay open without a request.
    pub idle: Duration,
    /// How long a peer may take to accept its reply, counted from the head's first byte.
    pub request: Duration,
    /// How long open connections may go on once shutdown has begun.
    pub grace: Duration,
}

impl Limits {
    /// For the credentials listener.
    pub const CREDENTIALS: Self = Self {
        connections: 512,
        standing: 64,
        header: Duration::from_secs(5),
        idle: Duration::from_secs(30),
        request: Duration::from_secs(10),
        grace: Duration::from_secs(5),
    };

    /// For the IMDS listener.
    pub const IMDS: Self = Self {
        standing: 0,
        ..Self::CREDENTIALS
    };

    /// For the ops listener.
    pub const OPS: Self = Self {
        connections: 64,
        standing: 0,
        idle: Duration::from_secs(10),
        ..Self::CREDENTIALS
    };

    /// How HTTP/1.1 is spoken. The number of headers stays at hyper's own limit of 100: any other limit would cost two
    /// allocations a request. hyper's header timeout stays off: it would also end idle connections, and cost a timer a
    /// request; `connection` keeps these limits with one timer a connection.
    pub fn http1() -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD).header_read_timeout(None);
        builder
    }
}

/// How many bytes the head of a request may have.
const MAX_HEAD: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_is_promised() {
        let seconds = |limits: Limits| [limits.header, limits.idle, limits.request, limits.grace].map(|d| d.as_secs());
        assert_eq!(
            (Limits::CREDENTIALS.connections, Limits::CREDENTIALS.standing),
            (512, 64)
        );
        assert_eq!(seconds(Limits::CREDENTIALS), [5, 30, 10, 5]);
        assert_eq!(Limits::OPS.connections, 64);
        assert_eq!(seconds(Limits::OPS), [5, 10, 10, 5]);
    }
}
