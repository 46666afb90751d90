//! The three clocks, and the only module that asks the system for the time.
//!
//! - **boot** goes on while the host is suspended and never jumps: every deadline is a [`BootInstant`].
//! - **wall** is the host's idea of UTC: shown to people, and the first guess of STS's time.
//! - **STS's time** is learnt from its replies ([`StsTime`]): what is signed and which TOTP step is current.

#[cfg(target_os = "linux")]
mod alarm;
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
pub struct BootInstant {
    /// Nearly 585 years of them.
    nanoseconds: u64,
}

impl BootInstant {
    /// The instant this long after boot.
    pub const fn from_boot(elapsed: Duration) -> Self {
        Self::from_nanoseconds(saturating_nanoseconds(elapsed))
    }

    /// The instant so many nanoseconds after boot.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self { nanoseconds }
    }

    /// How long after boot it is.
    pub const fn since_boot(self) -> Duration {
        Duration::from_nanos(self.nanoseconds)
    }

    /// How many nanoseconds after boot it is.
    pub const fn nanoseconds(self) -> u64 {
        self.nanoseconds
    }

    /// How long after `earlier` it is; zero when it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanoseconds.saturating_sub(earlier.nanoseconds))
    }
}

impl Add<Duration> for BootInstant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self::from_nanoseconds(self.nanoseconds.saturating_add(saturating_nanoseconds(duration)))
    }
}

impl Sub<Duration> for BootInstant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self::from_nanoseconds(self.nanoseconds.saturating_sub(saturating_nanoseconds(duration)))
    }
}

const fn saturating_nanoseconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(duration.subsec_nanos() as u64)
}

/// The time, as an argument: tests pass one that they move themselves.
pub trait Clock: Send + Sync {
    /// The time since boot.
    fn boot(&self) -> BootInstant;

    /// The host's UTC.
    fn wall(&self) -> DateTime<Utc>;

    /// Returns at `at`, or late by the time that the host was suspended meanwhile: timers stop in suspend.
    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()>;

    /// The same for who must notice a resume, and sleeps all day: on Linux it returns at once after a suspend that `at` fell
    /// into. Elsewhere, and where descriptors have run out, it returns after ten seconds at the latest, to look how late it is.
    fn wake_at(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        self.sleep_until(at.min(self.boot() + SLICE))
    }
}

/// The longest sleep of who must notice a resume and is not woken by it.
const SLICE: Duration = Duration::from_secs(10);

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
        BootInstant::from_boot(Duration::new(seconds, nanoseconds))
    }

    fn wall(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(at.since(self.boot())))
    }

    #[cfg(target_os = "linux")]
    fn wake_at(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if alarm::wait(at).await.is_err() {
                self.sleep_until(at.min(self.boot() + SLICE)).await;
            }
        })
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
