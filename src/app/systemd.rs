//! What systemd is told of a service of `Type=notify`: that the listeners are bound, how the profiles are, that the daemon
//! is not stuck, that it ends.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::warn;

use crate::clock::{BootInstant, Clock};
use crate::config::Env;
use crate::renew::{Event, Handle, Observer, Table};

/// Who started the daemon and wants to hear of it. The default is nobody.
#[derive(Default)]
pub struct ServiceManager {
    socket: Option<UnixDatagram>,
    /// How often it must hear that the daemon works.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// As `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` say.
    pub fn of(env: Env<'_>) -> Self {
        let named = env("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let socket = named.and_then(|name| connected(&name).map_err(|error| cannot(&error)).ok());
        let number = |name: &str| env(name)?.to_str()?.parse::<u64>().ok();
        let meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|microseconds| *microseconds > 0 && meant);
        Self {
            watchdog: socket.as_ref().and(watchdog).map(Duration::from_micros),
            socket,
        }
    }

    /// To be said once the listeners are bound.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"))
            .unwrap_or_else(|error| cannot(&error));
    }

    pub(super) fn stopping(&self) {
        let _ = self.tell("STOPPING=1\nSTATUS=finishing what is under way");
    }

    /// Without a wait: whoever does not read shall not stop the daemon.
    fn tell(&self, message: &str) -> io::Result<()> {
        match &self.socket {
            Some(socket) => socket.send(message.as_bytes()).map(drop),
            None => Ok(()),
        }
    }
}

fn connected(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = address(name.as_bytes())?;
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn address(name: &[u8]) -> io::Result<SocketAddr> {
    match name {
        [b'/', ..] => SocketAddr::from_pathname(Path::new(OsStr::from_bytes(name))),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name),
        _ => Err(io::Error::other(
            "NOTIFY_SOCKET must be an absolute path, or begin with @",
        )),
    }
}

fn cannot(error: &io::Error) {
    warn!(%error, "systemd cannot be told that valetkey is ready: check the unit's NotifyAccess and NOTIFY_SOCKET");
}

/// Wakes whoever tells systemd how the profiles are.
#[derive(Default)]
pub(super) struct News(Notify);

impl Observer for News {
    fn observe(&self, event: &Event<'_>) {
        if !matches!(event, Event::Calling { .. } | Event::Called { .. }) {
            self.0.notify_one();
        }
    }
}

/// Tells systemd for as long as it is polled.
pub(super) struct Teller {
    pub(super) manager: ServiceManager,
    pub(super) news: Arc<News>,
    pub(super) table: Arc<Table>,
    pub(super) engine: Handle,
    pub(super) clock: Arc<dyn Clock>,
}

impl Teller {
    /// Says that the daemon is ready, then what is new, until `shutdown`.
    pub(super) async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut told = status(&self.table, self.clock.boot());
        self.manager.ready(&told);
        let telling = async {
            if self.manager.socket.is_none() {
                std::future::pending::<()>().await;
            }
            let mut beat_at = self.next_beat();
            loop {
                let beat = beat_before_news(beat_at, &*self.clock, &self.news).await;
                let now = status(&self.table, self.clock.boot());
                if now != told {
                    let _ = self.manager.tell(&format!("STATUS={now}"));
                    told = now;
                }
                if beat {
                    beat_at = self.next_beat();
                    // Both tasks that must not be stuck were asked: the engine, and this runtime.
                    if self.engine.is_at_work().await {
                        let _ = self.manager.tell("WATCHDOG=1");
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = shutdown => {}
            () = telling => {}
        }
        self.manager.stopping();
    }

    /// When the watchdog's next message is due, of which there are two in its time.
    fn next_beat(&self) -> Option<BootInstant> {
        Some(self.clock.boot() + self.manager.watchdog? / 2)
    }
}

/// Waits for an instant or for news, however much of that there is; whether it was the instant.
async fn beat_before_news(beat_at: Option<BootInstant>, clock: &dyn Clock, news: &News) -> bool {
    let beat = async {
        match beat_at {
            Some(at) => clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = beat => true,
        () = news.0.notified() => false,
    }
}

/// One line about all profiles.
fn status(table: &Table, now: BootInstant) -> String {
    let profiles = table.profiles();
    let snapshots: Vec<_> = profiles.iter().map(|profile| (profile, profile.snapshot())).collect();
    let names = |wanted: fn(&crate::renew::Snapshot, BootInstant) -> bool| {
        let found = snapshots.iter().filter(|(_, snapshot)| wanted(snapshot, now));
        found.map(|(profile, _)| profile.name.as_str()).collect::<Vec<_>>()
    };
    let missing = names(|snapshot, now| snapshot.servable(now).is_none());
    let asked = names(|snapshot, _| snapshot.code_wanted.is_some());
    let mut line = format!(
        "{} of {} profiles have credentials",
        profiles.len() - missing.len(),
        profiles.len()
    );
    for (what, names) in [("missing", missing), ("an MFA code is wanted for", asked)] {
        if !names.is_empty() {
            line.extend([", ", what, ": ", &few(&names)]);
        }
    }
    line
}

/// The first names, and how many more there are.
fn few(names: &[&str]) -> String {
    const MOST: usize = 5;
    let shown = names[..names.len().min(MOST)].join(", ");
    match names.len().checked_sub(MOST) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::PausedClock;

    /// While STS is down there is news all the time.
    #[tokio::test(start_paused = true)]
    async fn news_puts_off_no_message_of_the_watchdog() {
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::new(chrono::DateTime::UNIX_EPOCH));
        let news = Arc::new(News::default());
        let (told, times) = (Arc::clone(&news), Arc::clone(&clock));
        tokio::spawn(async move {
            loop {
                told.0.notify_one();
                times.sleep_until(times.boot() + Duration::from_secs(1)).await;
            }
        });
        let start = clock.boot();
        let beat_at = Some(start + Duration::from_secs(30));
        let mut heard = 0;
        while !beat_before_news(beat_at, &*clock, &news).await {
            heard += 1;
        }
        assert_eq!(clock.boot().since(start), Duration::from_secs(30));
        assert!(heard >= 29, "{heard}");
    }

    #[test]
    fn a_line_names_a_few() {
        assert_eq!(few(&["a", "b"]), "a, b");
        assert_eq!(few(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }
}
