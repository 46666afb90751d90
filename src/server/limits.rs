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
        grace: Duration::from_secs(1),
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

    /// With how many files open at once all listeners have the room that they ask for.
    pub const DESCRIPTORS: u64 = (ALL + OWN) as u64;

    /// The same with fewer connections where the process may open no more files than this: those of one listener must leave some to
    /// the others, to STS and to keys.
    #[must_use]
    pub fn within(self, descriptors: Option<u64>) -> Self {
        let descriptors = descriptors.unwrap_or(Self::DESCRIPTORS).min(Self::DESCRIPTORS);
        // It is a small number by now.
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let left = descriptors - OWN.min(descriptors / 2);
        let part = |connections: usize| connections * left / ALL;
        Self {
            connections: part(self.connections).max(FEWEST),
            standing: part(self.standing),
            ..self
        }
    }

    const fn places(self) -> usize {
        self.connections + self.standing
    }

    /// How HTTP/1.1 is spoken. The number of headers stays at hyper's own limit of 100: any other limit would cost two
    /// allocations a request. hyper's header timeout stays off: it would also end idle connections, and cost a timer a
    /// request; `connection` keeps these limits with one timer a connection.
    pub fn http1() -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD).header_read_timeout(None);
        builder
    }
}

/// What all listeners hold when they are full.
const ALL: usize = Limits::CREDENTIALS.places() + Limits::IMDS.places() + Limits::OPS.places();

/// What is open beside their connections: listeners, the control socket and who asks there, calls to STS, keys, what is kept.
const OWN: usize = 128;

/// A probe, a scraper, and who comes in their stead.
const FEWEST: usize = 4;

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
        assert_eq!(seconds(Limits::CREDENTIALS), [5, 30, 10, 1]);
        assert_eq!(Limits::OPS.connections, 64);
        assert_eq!(seconds(Limits::OPS), [5, 10, 10, 1]);
    }

    #[test]
    fn few_descriptors_are_shared() {
        let listeners = [Limits::CREDENTIALS, Limits::IMDS, Limits::OPS];
        let places = |descriptors| listeners.map(|limits| limits.within(descriptors).places());
        for enough in [None, Some(u64::MAX), Some(4_096), Some(Limits::DESCRIPTORS)] {
            assert_eq!(places(enough), [576, 512, 64]);
        }
        assert_eq!(places(Some(1_024)), [447, 398, 49]);
        assert_eq!(places(Some(64)), [15, 14, 4]);
        assert_eq!(places(Some(0)), [4, 4, 4]);
    }
}
