//! The three clocks, and the only module that asks the system for the time.
//!
//! - **boot** goes on while the host is suspended and never jumps: every deadline is a [`BootInstant`].
//! - **wall** is the host's idea of UTC: shown to people, and the first guess of STS's time.
//! - **STS's time** is learnt from its replies ([`StsTime`]): what is signed and which TOTP step is current.

#[cfg(test)]
mod paused;
mod sts_time;

use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rustix::time::{ClockId, clock_gettime};

#[cfg(test)]
pub(crate) use paused::PausedClock;
pub use sts_time::{Sample, StsTime};

use crate::BoxFuture;

/// An instant counted from the host's boot, suspended time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootInstant(Duration);

impl BootInstant {
    /// The instant this long after boot.
    pub const fn from_boot(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after boot it is.
    pub const fn since_boot(self) -> Duration {
        self.0
    }

    /// How long after `earlier` it is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for BootInstant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub<Duration> for BootInstant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

/// The time, as an argument: tests pass one that they move themselves.
pub trait Clock: Send + Sync {
    /// The time since boot.
    fn boot(&self) -> BootInstant;

    /// The host's UTC.
    fn wall(&self) -> DateTime<Utc>;

    /// Returns at `at`, or late by the time that the host was suspended meanwhile: timers stop in suspend. Whoever must
    /// notice a resume sleeps in short pieces.
    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()>;
}

/// The system's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// On macOS `CLOCK_MONOTONIC` goes on through sleep; elsewhere only `CLOCK_BOOTTIME` does.
#[cfg(target_os = "macos")]
const BOOT: ClockId = ClockId::Monotonic;
#[cfg(not(target_os = "macos"))]
const BOOT: ClockId = ClockId::Boottime;

#[expect(clippy::disallowed_methods, reason = "this is the module that asks")]
impl Clock for SystemClock {
    fn boot(&self) -> BootInstant {
        let now = clock_gettime(BOOT);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or_default();
        BootInstant(Duration::new(seconds, nanoseconds))
    }

    fn wall(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(at.since(self.boot())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_time_goes_forward_and_wall_time_is_of_this_century() {
        let first = SystemClock.boot();
        assert!(first > BootInstant::from_boot(Duration::ZERO));
        assert!(SystemClock.boot() >= first);
        assert!(SystemClock.wall().timestamp() > 1_700_000_000);
    }

    #[test]
    fn differences_never_go_below_zero() {
        let at = |seconds| BootInstant::from_boot(Duration::from_secs(seconds));
        assert_eq!(at(5).since(at(3)), Duration::from_secs(2));
        assert_eq!(at(3).since(at(5)), Duration::ZERO);
        assert_eq!(at(3) - Duration::from_secs(5), at(0));
    }
}
