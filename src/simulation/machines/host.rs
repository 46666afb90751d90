use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::world::START;
use crate::BoxFuture;
use crate::clock::{BootInstant, Clock};

/// How long the host had been up at the beginning.
const UPTIME: Duration = Duration::from_secs(1_000);

/// The host's clocks, which somebody else moves.
pub(super) struct Host(Mutex<(Duration, TimeDelta)>);

impl Host {
    pub(super) fn new() -> Self {
        Self(Mutex::new((Duration::ZERO, TimeDelta::zero())))
    }

    /// The time since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.0.lock().unwrap().0
    }

    /// UTC as it is.
    pub(super) fn truth(&self) -> DateTime<Utc> {
        START + self.now()
    }

    pub(super) fn go_to(&self, at: Duration) {
        let mut host = self.0.lock().unwrap();
        host.0 = host.0.max(at);
    }

    /// Somebody sets the wall clock.
    pub(super) fn jump(&self, by: TimeDelta) {
        self.0.lock().unwrap().1 += by;
    }

    /// How far the wall clock is from the truth.
    pub(super) fn error(&self) -> TimeDelta {
        self.0.lock().unwrap().1
    }

    /// When that is, counted from the beginning.
    pub(super) fn at(instant: BootInstant) -> Duration {
        instant.since_boot().saturating_sub(UPTIME)
    }
}

impl Clock for Host {
    fn boot(&self) -> BootInstant {
        BootInstant::from_boot(UPTIME + self.now())
    }

    fn wall(&self) -> DateTime<Utc> {
        self.truth() + self.error()
    }

    fn sleep_until(&self, _at: BootInstant) -> BoxFuture<'_, ()> {
        unreachable!("nobody sleeps here")
    }
}
