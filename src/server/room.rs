use tokio::task::AbortHandle;

use super::activity::Shared;
use crate::metrics::Listener;

/// The open connections of one listener, the oldest first.
pub(super) struct Room {
    listener: Listener,
    seats: Vec<Seat>,
}

struct Seat {
    shared: Shared,
    task: AbortHandle,
}

impl Room {
    pub(super) fn new(listener: Listener) -> Self {
        let seats = Vec::new();
        Self { listener, seats }
    }

    pub(super) fn take(&mut self, shared: Shared, task: AbortHandle) {
        self.seats.push(Seat { shared, task });
    }

    /// Forgets the connections that have ended.
    pub(super) fn tidy(&mut self) {
        self.seats.retain(|seat| !seat.task.is_finished());
    }

    /// Closes the connection that a newcomer is worth more than, if there is one. Looked for only when a listener is
    /// full, so that the others pay nothing for it.
    pub(super) fn make(&mut self) -> bool {
        let victim = victim(self.listener, || self.seats.iter().map(|seat| &seat.shared));
        if let Some(place) = victim {
            self.seats.remove(place).task.abort();
        }
        victim.is_some()
    }
}

/// A probe must get through whoever holds idle connections open; a consumer, whoever holds connections without a token; and where
/// everybody gets one, whoever is idle or slow to ask: a head of a real client comes in one piece.
fn victim<'a, S: Iterator<Item = &'a Shared>>(listener: Listener, oldest_first: impl Fn() -> S) -> Option<usize> {
    let longest = |since: fn(&Shared) -> Option<u64>| {
        let places = oldest_first().enumerate();
        let places = places.filter_map(|(place, shared)| Some((since(shared)?, place)));
        places.min().map(|(_, place)| place)
    };
    match listener {
        Listener::Credentials => oldest_first().position(|shared| !shared.is_recognised()),
        Listener::Imds => longest(Shared::idle_since).or_else(|| longest(Shared::head_since)),
        Listener::Ops => longest(Shared::idle_since),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;

    use super::*;
    use crate::clock::BootInstant;

    fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    #[test]
    fn ops_closes_what_has_been_idle_the_longest_and_nothing_in_the_middle_of_a_request() {
        let all = [5, 3, 4].map(|seconds| Shared::new(at(seconds)));
        let victim = || victim(Listener::Ops, || all.iter());
        assert_eq!(victim(), Some(1), "one that never sent a byte is idle");
        all[1].read();
        assert_eq!(victim(), Some(2), "a head has begun");
        all[1].wrote();
        all[1].since(at(6));
        assert_eq!(victim(), Some(2));
        all[2].read();
        all[2].stalled();
        assert_eq!(victim(), Some(0));
        all[0].read();
        assert_eq!(victim(), Some(1));
        all[1].read();
        assert_eq!(victim(), None);
    }

    #[test]
    fn imds_closes_the_slowest_head_where_nobody_is_idle() {
        let all = [5, 3, 4].map(|seconds| Shared::new(at(seconds)));
        let victim = || victim(Listener::Imds, || all.iter());
        all[1].read();
        assert_eq!(victim(), Some(2), "one that never sent a byte");
        all[0].read();
        all[2].read();
        assert_eq!(victim(), Some(1));
        all[1].stalled();
        assert_eq!(victim(), Some(2));
        all[2].wrote();
        all[2].since(at(9));
        assert_eq!(victim(), Some(2), "who is idle comes first");
    }

    #[test]
    fn credentials_closes_the_oldest_that_showed_no_token() {
        let all = [5, 3, 4].map(|seconds| Shared::new(at(seconds)));
        let victim = || victim(Listener::Credentials, || all.iter());
        assert_eq!(victim(), Some(0));
        all[0].answered(StatusCode::OK);
        all[1].answered(StatusCode::UNAUTHORIZED);
        assert_eq!(victim(), Some(1));
        all[1].answered(StatusCode::NOT_FOUND);
        all[2].answered(StatusCode::SERVICE_UNAVAILABLE);
        all[0].read();
        all[0].wrote();
        assert_eq!(victim(), None, "what was recognised stays so");
    }
}
