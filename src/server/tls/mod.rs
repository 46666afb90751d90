//! TLS of the credentials listener: who it is to its consumers, read again when the files change, and the handshake.

mod certificate;
mod handshake;
mod names;
mod pair;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use rustls::ServerConfig;
use tracing::{info, warn};

use crate::clock::{BootInstant, Clock};
use crate::config;
pub(super) use handshake::handshake;
use names::Name;
use pair::{Error, Pair, Versions, versions};

/// The certificate and the key that a listener uses now.
///
/// A look at the files is made only when a connection comes, so that nobody wakes an idle daemon, and before its handshake, so
/// that the first who comes after a change is shown the new certificate.
pub struct Tls {
    files: config::Tls,
    clock: Arc<dyn Clock>,
    pair: ArcSwap<Pair>,
    /// What the last look found, good or bad: it is told once.
    seen: Mutex<Versions>,
    /// When the next look is due, in milliseconds since boot; [`LOOKING`] during one.
    next: AtomicU64,
}

/// Between two looks.
const BETWEEN: Duration = Duration::from_secs(10);

/// How long a handshake waits for a look. A file system that hangs must not keep consumers out.
const PATIENCE: Duration = Duration::from_secs(1);

const LOOKING: u64 = u64::MAX;

/// A pair that was read and is not used yet.
pub struct Reread(Option<Pair>);

impl Tls {
    /// Reads the pair, and warns where its time is over or soon will be. Tells all that is wrong with the files. Blocks.
    pub fn load(files: config::Tls, clock: Arc<dyn Clock>) -> Result<Self, Vec<String>> {
        let pair = Pair::read(&files).map_err(|errors| texts(&errors))?;
        let tls = Self {
            seen: Mutex::new(pair.versions),
            next: AtomicU64::new(milliseconds(clock.boot() + BETWEEN)),
            pair: ArcSwap::from_pointee(pair),
            files,
            clock,
        };
        tls.warn_of_age();
        Ok(tls)
    }

    /// How clients ask a listener at this address: by the address if the certificate is for it, else by another of its names.
    pub fn url(&self, address: SocketAddr) -> String {
        url(&self.pair.load().certificate.names, address)
    }

    /// When the certificate expires.
    pub fn expiration(&self) -> DateTime<Utc> {
        self.pair.load().certificate.not_after
    }

    /// Whether a `Host` is one that the certificate is for.
    pub(super) fn is_for(&self, host: &[u8]) -> bool {
        let host = str::from_utf8(host).unwrap_or_default();
        self.pair.load().certificate.names.iter().any(|name| name.is(host))
    }

    /// Reads the files again if they have changed; the error tells all that is wrong with them.
    pub async fn reread(self: &Arc<Self>) -> Result<Reread, Vec<String>> {
        let tls = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            if versions(&tls.files) == tls.pair.load().versions {
                return Ok(Reread(None));
            }
            let pair = Pair::read(&tls.files).map_err(|errors| texts(&errors))?;
            Ok(Reread(Some(pair)))
        });
        read.await.unwrap_or_else(|_panic| {
            Err(vec![String::from(
                "tls: a failure in valetkey itself; please report this",
            )])
        })
    }

    /// Uses what was read. Tells what has changed.
    pub fn apply(&self, Reread(pair): Reread) -> Option<String> {
        let pair = pair?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = pair.versions;
        self.pair.store(Arc::new(pair));
        self.warn_of_age();
        Some(format!("tls: another certificate is used, until {}", self.expiration()))
    }

    /// What the next peer is shown.
    async fn config(self: &Arc<Self>) -> Arc<ServerConfig> {
        let now = self.clock.boot();
        if self.takes_turn(now) {
            let tls = Arc::clone(self);
            let look = tokio::task::spawn_blocking(move || tls.look());
            tokio::select! {
                biased;
                _ = look => {}
                () = self.clock.sleep_until(now + PATIENCE) => {}
            }
        }
        Arc::clone(&self.pair.load().config)
    }

    /// Whether a look is due that nobody makes yet: one that hangs is the only one.
    fn takes_turn(&self, now: BootInstant) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        let exchanged = || {
            self.next
                .compare_exchange(next, LOOKING, Ordering::Relaxed, Ordering::Relaxed)
        };
        next <= milliseconds(now) && exchanged().is_ok()
    }

    /// Takes in what is in the files, if it is another pair than before. Blocks.
    fn look(&self) {
        let _turn = Turn(self);
        let found = versions(&self.files);
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), found);
        if found == self.pair.load().versions {
            return;
        }
        // What could not be read a while ago may be readable now; that it could not is told once.
        let is_news = found != before;
        match Pair::read(&self.files) {
            Ok(pair) => {
                self.pair.store(Arc::new(pair));
                info!(until = %self.expiration(), "another certificate is used");
                self.warn_of_age();
            }
            Err(_) if !is_news => {}
            Err(errors) => {
                let in_use_until = self.expiration();
                let mistakes = texts(&errors).join("; ");
                warn!(%in_use_until, "the certificate and key in the files are not used, those of before are: {mistakes}");
            }
        }
    }

    fn warn_of_age(&self) {
        let pair = self.pair.load();
        if let Some(age) = pair.age(self.clock.wall()) {
            let (from, until) = (pair.certificate.not_before, pair.certificate.not_after);
            let path = self.files.certificate.display();
            warn!(%from, %until, "{path}: the certificate {age}, and clients refuse one outside its time; put another in its place");
        }
    }
}

/// A look under way.
struct Turn<'t>(&'t Tls);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Self(tls) = self;
        let next = milliseconds(tls.clock.boot() + BETWEEN);
        tls.next.store(next, Ordering::Relaxed);
    }
}

fn url(names: &[Name], address: SocketAddr) -> String {
    let is_one = |name: &&Name| !matches!(name, Name::Below(_));
    let own = names.contains(&Name::Ip(address.ip()));
    match names.iter().find(is_one).or_else(|| names.first()) {
        Some(name) if !own => format!("https://{name}:{}", address.port()),
        _ => format!("https://{address}"),
    }
}

fn texts(errors: &[Error]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn milliseconds(at: BootInstant) -> u64 {
    u64::try_from(at.since_boot().as_millis()).unwrap_or(LOOKING - 1)
}
