use tokio::task::AbortHandle;

use super::activity::Shared;
use crate::metrics::Listener;

/// The open connections of one listener, the oldest first.
pub(super) struct Room {
    listener: Listener,
    seats: Vec<Seat>,
    /// Those for whom there was no seat.
    standing: Vec<AbortHandle>,
}

struct Seat {
    shared: Shared,
    task: AbortHandle,
}

/// Where a connection has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is served.
    Seat,
    /// It is told to come back, and closed.
    Standing,
}

impl Room {
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            listener,
            seats: Vec::new(),
            standing: Vec::new(),
        }
    }

    /// How many connections have a place of this kind.
    pub(super) fn taken(&self, place: Place) -> usize {
        match place {
            Place::Seat => self.seats.len(),
            Place::Standing => self.standing.len(),
        }
    }

    pub(super) fn take(&mut self, place: Place, shared: Shared, task: AbortHandle) {
        match place {
            Place::Seat => self.seats.push(Seat { shared, task }),
            Place::Standing => self.standing.push(task),
        }
    }

    /// Forgets the connections that have ended.
    pub(super) fn tidy(&mut self) {
        self.seats.retain(|seat| !seat.task.is_finished());
        self.standing.retain(|task| !task.is_finished());
    }

    /// Closes the connection that a newcomer is worth more than, if there is one. Looked for only when a listener is
    /// full, so that the others pay nothing for it.
    pub(super) fn make(&mut self, place: Place) -> bool {
        match place {
            Place::Seat => {
                let victim = victim(self.listener, || self.seats.iter().map(|seat| &seat.shared));
                if let Some(at) = victim {
                    self.seats.remove(at).task.abort();
                }
                victim.is_some()
            }
            // Whoever was sent here to ask has asked; the oldest is the one that does not.
            Place::Standing => {
                let oldest = (!self.standing.is_empty()).then(|| self.standing.remove(0));
                oldest.inspect(AbortHandle::abort).is_some()
            }
        }
    }
}

/// A consumer must get through whoever holds connections without a token. Where there is no token that tells them apart, a newcomer
/// gets through whoever has been idle, in the middle of a head or with a reply for the longest time: a real client or probe sends its
/// head in one piece and takes its reply at once. Whoever came or was answered a moment ago is then the last to be closed.
fn victim<'a, S: Iterator<Item = &'a Shared>>(listener: Listener, oldest_first: impl Fn() -> S) -> Option<usize> {
    match listener {
        Listener::Credentials => oldest_first().position(|shared| !shared.is_recognised() && !shared.is_making()),
        Listener::Imds | Listener::Ops => {
            let places = oldest_first().enumerate();
            let longest = places.min_by_key(|(place, shared)| (shared.began(), *place));
            longest.map(|(place, _)| place)
        }
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
    fn imds_and_ops_close_whoever_has_been_at_the_same_thing_for_the_longest_time() {
        for listener in [Listener::Imds, Listener::Ops] {
            let all = [5, 3, 4].map(|seconds| Shared::new(at(seconds)));
            let victim = || victim(listener, || all.iter());
            assert_eq!(victim(), Some(1), "one that never sent a byte");
            all[1].read();
            assert_eq!(victim(), Some(1), "a head that does not end");
            all[1].answering();
            assert_eq!(victim(), Some(1), "a reply that is not taken");
            all[1].wrote();
            all[1].since(at(6));
            assert_eq!(victim(), Some(2), "one that was answered since is the last");
            all[2].since(at(7));
            assert_eq!(victim(), Some(0));
        }
    }

    #[tokio::test]
    async fn whoever_stands_makes_room_in_the_order_of_coming() {
        let mut room = Room::new(Listener::Credentials);
        assert!(!room.make(Place::Standing));
        let tasks: Vec<_> = (0..3).map(|_| tokio::spawn(std::future::pending::<()>())).collect();
        for task in &tasks {
            room.take(Place::Standing, Shared::new(at(0)), task.abort_handle());
        }
        assert_eq!((room.taken(Place::Seat), room.taken(Place::Standing)), (0, 3));
        assert!(room.make(Place::Standing));
        assert_eq!(room.taken(Place::Standing), 2);
        let mut tasks = tasks.into_iter();
        assert!(tasks.next().unwrap().await.unwrap_err().is_cancelled());
        assert!(tasks.all(|task| !task.is_finished()));
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
        let seeking = Shared::new(at(0));
        seeking.making();
        assert_eq!(super::victim(Listener::Credentials, || std::iter::once(&seeking)), None);
        seeking.made();
        assert_eq!(
            super::victim(Listener::Credentials, || std::iter::once(&seeking)),
            Some(0)
        );
    }
}
