use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{BootInstant, Clock};
use crate::metrics::{Http, Reason};

/// Counts and tells what one listener refuses. Neither a path nor a header is told: a token may be in them.
pub(super) struct Refusals {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    summaries: [Summary; Reason::ALL.len()],
}

impl Refusals {
    pub(super) fn new(http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        let summaries = Reason::ALL.map(|_| Summary::default());
        Self { http, clock, summaries }
    }

    /// One more was refused: told in full at debug level, and summed up in at most one warning a minute and reason.
    pub(super) fn add(&self, reason: Reason) {
        self.http.rejected(reason);
        let listener = self.http.listener().as_str();
        tracing::debug!(listener, reason = reason.as_str(), "refused");
        if let Some(refused) = self.summaries[reason as usize].add(self.clock.boot()) {
            tracing::warn!(
                listener,
                reason = reason.as_str(),
                refused,
                "refused since the last such line"
            );
        }
    }
}

/// Whoever is refused chooses how often: the log must not be theirs to fill.
const PAUSE: Duration = Duration::from_mins(1);

/// The refusals of one reason that no warning told yet.
#[derive(Default)]
struct Summary {
    untold: AtomicU64,
    /// Milliseconds since boot; 0 before the first.
    next: AtomicU64,
}

impl Summary {
    /// How many there were since the last warning, when it is time for another.
    fn add(&self, now: BootInstant) -> Option<u64> {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let next = self.next.load(Ordering::Relaxed);
        if now.since_boot() < Duration::from_millis(next) {
            return None;
        }
        let after = u64::try_from((now + PAUSE).since_boot().as_millis()).unwrap_or(u64::MAX);
        let won = self
            .next
            .compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed);
        won.is_ok().then(|| self.untold.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_a_minute_tells_all_since_the_last() {
        let summary = Summary::default();
        let at = |seconds| BootInstant::from_boot(Duration::from_secs(seconds));
        let told: Vec<_> = [0, 1, 59, 60, 61, 200].map(|seconds| summary.add(at(seconds))).into();
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
