use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{BootInstant, Clock};
use crate::BoxFuture;

/// A clock for tests under tokio's paused time: it moves when the runtime has nothing else to do, so that a test of
/// hours takes milliseconds. The wall clock can be wrong or jump; the host can be suspended.
pub(crate) struct PausedClock {
    start: Instant,
    shift: Mutex<Shift>,
    resumed: Notify,
}

struct Shift {
    suspended: Duration,
    wall_at_boot: DateTime<Utc>,
}

/// How long the host had been up when the test began.
const UPTIME: Duration = Duration::from_secs(1_000);

impl PausedClock {
    /// # Panics
    /// Outside a tokio runtime whose time is paused.
    #[expect(clippy::disallowed_methods, reason = "tokio's paused time is the clock of tests")]
    pub(crate) fn new(wall: DateTime<Utc>) -> Self {
        let shift = Shift {
            suspended: UPTIME,
            wall_at_boot: wall - UPTIME,
        };
        Self {
            start: Instant::now(),
            shift: Mutex::new(shift),
            resumed: Notify::new(),
        }
    }

    /// The host slept this long: boot and wall time go on, timers do not, and alarms go off.
    pub(crate) fn suspend(&self, duration: Duration) {
        self.shift.lock().unwrap().suspended += duration;
        self.resumed.notify_waiters();
    }

    /// Somebody set the wall clock.
    pub(crate) fn jump_wall(&self, by: TimeDelta) {
        self.shift.lock().unwrap().wall_at_boot += by;
    }
}

impl Clock for PausedClock {
    fn boot(&self) -> BootInstant {
        BootInstant::from_boot(self.start.elapsed() + self.shift.lock().unwrap().suspended)
    }

    fn wall(&self) -> DateTime<Utc> {
        let boot = self.boot().since_boot();
        self.shift.lock().unwrap().wall_at_boot + boot
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(at.since(self.boot())))
    }

    fn wake_at(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::select! {
                () = self.sleep_until(at) => {}
                () = self.resumed.notified() => {}
            }
        })
    }
}
