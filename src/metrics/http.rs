#[cfg(fuzzing)]
mod fuzzing;

mod reason;

use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntGauge};
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec, Registry};

use super::names::{HTTP_CONNECTIONS, HTTP_REJECTED, HTTP_REQUEST_DURATION, HTTP_REQUESTS};
use super::registered;
pub use reason::Reason;

/// Who listens: the `listener` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The container-credentials endpoint.
    Credentials,
    /// The IMDSv2 endpoint.
    Imds,
    /// Metrics and probes.
    Ops,
}

impl Listener {
    /// Every listener, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Credentials, Self::Imds, Self::Ops];

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Imds => "imds",
            Self::Ops => "ops",
        }
    }

    /// What it answers.
    pub fn routes(self) -> &'static [Route] {
        match self {
            Self::Credentials => &[Route::Credentials, Route::Other],
            Self::Imds => &[
                Route::Credentials,
                Route::Instance,
                Route::Roles,
                Route::Token,
                Route::Other,
            ],
            Self::Ops => &[
                Route::Livez,
                Route::Metrics,
                Route::Readyz,
                Route::Startupz,
                Route::Other,
            ],
        }
    }

    /// How it answers: every status code that it can send.
    pub fn codes(self) -> &'static [u16] {
        match self {
            Self::Credentials | Self::Imds => &[200, 400, 401, 403, 404, 405, 414, 503],
            Self::Ops => &[200, 400, 404, 405, 414, 500, 503],
        }
    }

    /// Why it refuses.
    pub fn reasons(self) -> &'static [Reason] {
        match self {
            Self::Credentials => &[
                Reason::Authorization,
                Reason::Connections,
                Reason::FetchMetadata,
                Reason::Forwarded,
                Reason::Framing,
                Reason::HeaderSize,
                Reason::HeaderTimeout,
                Reason::Host,
                Reason::Malformed,
                Reason::Method,
                Reason::NonAscii,
                Reason::Origin,
                Reason::Panic,
                Reason::Path,
                Reason::PathForm,
                Reason::RequestTimeout,
                Reason::Target,
                Reason::TargetSize,
                Reason::Tls,
                Reason::TokenMissing,
                Reason::TokenUnknown,
                Reason::Uid,
                Reason::Upgrade,
            ],
            Self::Imds => &[
                Reason::Connections,
                Reason::FetchMetadata,
                Reason::Forwarded,
                Reason::Framing,
                Reason::HeaderSize,
                Reason::HeaderTimeout,
                Reason::Host,
                Reason::Malformed,
                Reason::Method,
                Reason::NonAscii,
                Reason::Origin,
                Reason::Panic,
                Reason::Path,
                Reason::PathForm,
                Reason::RequestTimeout,
                Reason::Target,
                Reason::TargetSize,
                Reason::TokenExpired,
                Reason::TokenMissing,
                Reason::TokenTtl,
                Reason::TokenUnknown,
                Reason::Uid,
                Reason::Upgrade,
            ],
            Self::Ops => &[
                Reason::Connections,
                Reason::Framing,
                Reason::HeaderSize,
                Reason::HeaderTimeout,
                Reason::Malformed,
                Reason::Method,
                Reason::Panic,
                Reason::RequestTimeout,
                Reason::Target,
                Reason::TargetSize,
                Reason::Upgrade,
            ],
        }
    }
}

/// What a request asks for: the `route` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/credentials` and below, and `/v2/credentials`; in the IMDS form the document of a role.
    Credentials,
    /// In the IMDS form: what tells of the instance and its place.
    Instance,
    /// `/livez`.
    Livez,
    /// `/metrics`.
    Metrics,
    /// `/readyz`.
    Readyz,
    /// In the IMDS form: the list of roles.
    Roles,
    /// `/startupz`.
    Startupz,
    /// In the IMDS form: a token is asked for.
    Token,
    /// Any other path.
    Other,
}

impl Route {
    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Instance => "instance",
            Self::Livez => "livez",
            Self::Metrics => "metrics",
            Self::Readyz => "readyz",
            Self::Roles => "roles",
            Self::Startupz => "startupz",
            Self::Token => "token",
            Self::Other => "other",
        }
    }
}

/// The series of one listener, looked up once: a request costs an index and an add, and takes no lock.
pub struct Http {
    listener: Listener,
    /// One row of codes a route.
    requests: Box<[IntCounter]>,
    duration: Histogram,
    connections: IntGauge,
    /// One a reason; none for a reason that the listener does not have.
    rejected: [Option<IntCounter>; Reason::ALL.len()],
}

impl Http {
    /// Whose series they are.
    pub fn listener(&self) -> Listener {
        self.listener
    }

    /// Counts and times a reply. A code that is not one of [`Listener::codes`] would not be counted.
    pub fn answered(&self, route: Route, code: u16, elapsed: Duration) {
        let codes = self.listener.codes();
        let row = self.listener.routes().iter().position(|known| *known == route);
        let column = codes.iter().position(|known| *known == code);
        if let (Some(row), Some(column)) = (row, column) {
            self.requests[row * codes.len() + column].inc();
        }
        self.duration.observe(elapsed.as_secs_f64());
    }

    /// Counts a refusal.
    pub fn rejected(&self, reason: Reason) {
        if let Some(counter) = &self.rejected[reason as usize] {
            counter.inc();
        }
    }

    /// Says how many connections are open.
    pub fn connections(&self, open: usize) {
        self.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }
}

/// The families that the listeners share.
pub(super) struct Families {
    requests: IntCounterVec,
    duration: HistogramVec,
    connections: IntGaugeVec,
    rejected: IntCounterVec,
}

/// Replies come from memory: tens of microseconds are slow, and what is above a millisecond is a stalled host.
const BUCKETS: [f64; 8] = [0.000_01, 0.000_05, 0.000_25, 0.001, 0.005, 0.025, 0.1, 1.0];

impl Families {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            requests: registered::counters(registry, &HTTP_REQUESTS),
            duration: registered::histograms(registry, &HTTP_REQUEST_DURATION, &BUCKETS),
            connections: registered::gauges(registry, &HTTP_CONNECTIONS),
            rejected: registered::counters(registry, &HTTP_REJECTED),
        }
    }

    /// Looking a series up makes it: every one stands at 0 from the start.
    pub(super) fn of(&self, listener: Listener) -> Http {
        let label = listener.as_str();
        let requests = listener.routes().iter().flat_map(|route| {
            let codes = listener.codes().iter();
            codes.map(|code| {
                let labels = [label, route.as_str(), &code.to_string()];
                self.requests.with_label_values(&labels)
            })
        });
        let reasons = listener.reasons();
        let rejected = Reason::ALL.map(|reason| {
            let labels = [label, reason.as_str()];
            reasons
                .contains(&reason)
                .then(|| self.rejected.with_label_values(&labels))
        });
        Http {
            listener,
            requests: requests.collect(),
            duration: self.duration.with_label_values(&[label]),
            connections: self.connections.with_label_values(&[label]),
            rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_own_place() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{}", reason.as_str());
        }
        assert!(Reason::ALL.is_sorted_by_key(|reason| reason.as_str()));
    }

    #[test]
    fn counts_go_to_the_series_of_their_labels() {
        let families = Families::new(&Registry::new());
        let http = families.of(Listener::Ops);
        http.answered(Route::Readyz, 503, Duration::from_micros(20));
        http.rejected(Reason::Method);
        http.rejected(Reason::Host);
        http.connections(7);

        let readyz = families.requests.with_label_values(&["ops", "readyz", "503"]);
        assert_eq!(readyz.get(), 1);
        assert_eq!(http.requests.iter().map(IntCounter::get).sum::<u64>(), 1);
        assert_eq!(families.rejected.with_label_values(&["ops", "method"]).get(), 1);
        assert_eq!(families.connections.with_label_values(&["ops"]).get(), 7);
        assert_eq!(http.duration.get_sample_count(), 1);
    }
}
