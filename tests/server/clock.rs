use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use valetkey::BoxFuture;
use valetkey::clock::{BootInstant, Clock};

/// A clock that stands still until a test moves it, and tells which timers wait for it.
#[derive(Clone, Default)]
pub(crate) struct ManualClock(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
    broken: AtomicBool,
}

#[derive(Default)]
struct State {
    now: Duration,
    next: u64,
    timers: BTreeMap<u64, (BootInstant, Option<Waker>)>,
}

impl ManualClock {
    /// Moves on and wakes whoever has waited long enough.
    pub(crate) fn advance(&self, by: Duration) {
        let mut state = self.0.state.lock().unwrap();
        state.now += by;
        let now = BootInstant::from_boot(state.now);
        for (_, waker) in state.timers.values_mut().filter(|(at, _)| *at <= now) {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    /// Returns once somebody waits for this instant, counted from the clock's start.
    pub(crate) async fn armed(&self, at: Duration) {
        let at = BootInstant::from_boot(at);
        loop {
            let changed = self.0.changed.notified();
            if self.0.state.lock().unwrap().timers.values().any(|timer| timer.0 == at) {
                return;
            }
            let hang = Duration::from_secs(20);
            tokio::time::timeout(hang, changed)
                .await
                .expect("nobody waits for this instant");
        }
    }

    /// From now on, whoever asks for the time panics.
    pub(crate) fn broken(&self, broken: bool) {
        self.0.broken.store(broken, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn boot(&self) -> BootInstant {
        assert!(!self.0.broken.load(Ordering::Relaxed), "the test's broken clock");
        BootInstant::from_boot(self.0.state.lock().unwrap().now)
    }

    fn wall(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + self.0.state.lock().unwrap().now
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        let mut state = self.0.state.lock().unwrap();
        let id = state.next;
        state.next += 1;
        state.timers.insert(id, (at, None));
        self.0.changed.notify_waiters();
        Box::pin(Timer { clock: self, id })
    }
}

struct Timer<'a> {
    clock: &'a ManualClock,
    id: u64,
}

impl Future for Timer<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.0.state.lock().unwrap();
        let now = BootInstant::from_boot(state.now);
        let (at, waker) = state.timers.get_mut(&self.id).unwrap();
        if now >= *at {
            return Poll::Ready(());
        }
        *waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.clock.0.state.lock().unwrap().timers.remove(&self.id);
    }
}
