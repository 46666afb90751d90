use std::time::Duration;

use rustix::io;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::BootInstant;

/// Returns at `at`: the kernel's timer counts suspended time as well, and wakes the process once, where a sleep of seconds in
/// tokio's timer wheel wakes it two or three times.
///
/// # Errors
/// When no timer is to be had: descriptors have run out.
pub(super) async fn wait(at: BootInstant) -> std::io::Result<()> {
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe, for types that exchange their descriptor; an OwnedFd does not"
    )]
    let timer = AsyncFd::with_interest(armed(at)?, Interest::READABLE)?;
    timer.readable().await.map(drop)
}

fn armed(at: BootInstant) -> io::Result<rustix::fd::OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    // A value of zero would disarm it; the instant of boot is over in any case.
    let at = at.since_boot().max(Duration::from_nanos(1));
    let value = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(at).map_err(|_| io::Errno::OVERFLOW)?,
    };
    timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &value)?;
    Ok(timer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[tokio::test]
    async fn an_alarm_comes_at_its_instant_and_at_once_where_that_is_over() {
        let start = SystemClock.boot();
        let at = start + Duration::from_millis(30);
        wait(at).await.unwrap();
        assert!(SystemClock.boot() >= at);
        for over in [start, BootInstant::from_boot(Duration::ZERO)] {
            wait(over).await.unwrap();
        }
    }
}
