//! Who is at the other end of a connection.

#[cfg(target_os = "linux")]
mod diag;
mod ends;
mod table;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SetOnce};

use super::audit::Records;
use super::consumers::Consumers;
use crate::clock::{BootInstant, Clock};
pub(super) use ends::Ends;
use ends::Owner;

/// How long is waited for the UID, from the accept on. Finding it takes less than a millisecond, unless all threads that
/// may wait do wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How many may look for a UID at once.
const LOOKUPS: usize = 2;

/// Gives every connection that is accepted its [`Peer`], where somebody wants to know.
pub(super) struct Peers {
    /// Where each serving is noted, if it is.
    records: Option<Records>,
    consumers: Arc<Consumers>,
    /// Room for those that ask the kernel: where it must be read from a table that takes milliseconds on a busy host, and
    /// keys are read by the same threads.
    lookups: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

/// Whoever is at the other end of a connection. Every request of the connection carries it as an extension.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) records: Option<Records>,
    /// None where the system does not tell our own end.
    ends: Option<Ends>,
    uid: SetOnce<Option<u32>>,
    patience: BootInstant,
}

/// What is known of the UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uid {
    /// The kernel has told.
    Told(u32),
    /// It does not tell.
    Untold,
    /// It is being asked.
    Sought,
    /// Nobody found the time to ask it.
    Unasked,
}

impl Peers {
    pub(super) fn new(consumers: Arc<Consumers>, records: Option<Records>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            records,
            consumers,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            clock: Arc::clone(clock),
        }
    }

    /// Begins to look for the peer's UID at once: a client that lives shortly may be gone when it has its reply.
    pub(super) fn accepted(&self, stream: &TcpStream, address: SocketAddr) -> Option<Arc<Peer>> {
        if self.records.is_none() && !self.consumers.load().asks_for_uids() {
            return None;
        }
        let ends = stream.local_addr().ok().map(|ours| Ends::new(address, ours));
        let peer = Arc::new(Peer::new(address, ends, self.records.clone(), self.clock.boot()));
        match ends {
            Some(ends) => {
                let (room, clock) = (Arc::clone(&self.lookups), Arc::clone(&self.clock));
                tokio::spawn(look_up(ends, Arc::downgrade(&peer), peer.patience, room, clock));
            }
            None => peer.tell(None),
        }
        Some(peer)
    }
}

/// Ends when the UID is found, or nobody waits for it any more when its turn comes: then it costs nothing.
async fn look_up(ends: Ends, peer: Weak<Peer>, patience: BootInstant, room: Arc<Semaphore>, clock: Arc<dyn Clock>) {
    let turn = tokio::select! {
        biased;
        turn = room.acquire() => turn.ok(),
        () = clock.sleep_until(patience) => None,
    };
    if turn.is_none() || peer.strong_count() == 0 {
        return;
    }
    let uid = tokio::task::spawn_blocking(move || uid(ends)).await;
    if let Some(peer) = peer.upgrade() {
        peer.tell(uid.unwrap_or_default());
    }
}

impl Peer {
    pub(super) fn new(address: SocketAddr, ends: Option<Ends>, records: Option<Records>, now: BootInstant) -> Self {
        Self {
            address,
            records,
            ends,
            uid: SetOnce::new(),
            patience: now + PATIENCE,
        }
    }

    pub(super) fn tell(&self, uid: Option<u32>) {
        // It is told once.
        let _ = self.uid.set(uid);
    }

    /// What is known at `now`.
    pub(super) fn uid(&self, now: BootInstant) -> Uid {
        match self.uid.get() {
            Some(Some(uid)) => Uid::Told(*uid),
            Some(None) => Uid::Untold,
            None if now < self.patience => Uid::Sought,
            None => Uid::Unasked,
        }
    }

    /// Returns when the UID is not sought any more.
    pub(super) async fn settled(&self, clock: &dyn Clock) {
        tokio::select! {
            biased;
            _ = self.uid.wait() => {}
            () = clock.sleep_until(self.patience) => {}
        }
    }

    /// The same for whoever has shown a secret: the kernel is asked at once, past all who wait for their turn without one.
    pub(super) async fn settled_first(&self, clock: &dyn Clock) {
        let asked = self.ends.map(|ends| tokio::task::spawn_blocking(move || uid(ends)));
        let Some(asked) = asked else {
            return;
        };
        tokio::select! {
            biased;
            () = self.settled(clock) => {}
            uid = asked => self.tell(uid.unwrap_or_default()),
        }
    }
}

/// The UID that made the peer's socket, in the daemon's own user namespace; none where the kernel does not tell: the peer
/// is not in the daemon's network namespace, has closed its socket already, or the system is not Linux. It belongs on a
/// thread that may wait.
fn uid(ends: Ends) -> Option<u32> {
    // 0 is root's UID and that of a socket which nobody holds any more.
    let owner = owner(ends, asked, table::owner, &ANSWERS);
    owner.filter(|owner| owner.inode != 0).map(|owner| owner.uid)
}

/// Whether the kernel has ever answered with a socket.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// Asks for the one socket, which takes the same time however many there are. Where that is not to be had, the table is
/// read: under a sandbox, or where the kernel lacks the part that answers, which it does not tell from a socket that is not
/// there. Our own end tells: it is there while the connection is.
fn owner(
    ends: Ends,
    ask: impl Fn(Ends) -> Result<Option<Owner>, Errno>,
    read: impl Fn(Ends) -> Option<Owner>,
    answers: &AtomicBool,
) -> Option<Owner> {
    match ask(ends) {
        Ok(Some(owner)) => {
            answers.store(true, Ordering::Relaxed);
            Some(owner)
        }
        Ok(None) if answers.load(Ordering::Relaxed) || matches!(ask(ends.reversed()), Ok(Some(_))) => None,
        Ok(None) | Err(_) => read(ends),
    }
}

/// An error where the kernel cannot be asked.
#[cfg(target_os = "linux")]
fn asked(ends: Ends) -> Result<Option<Owner>, Errno> {
    diag::owner(ends)
}

#[cfg(not(target_os = "linux"))]
fn asked(_ends: Ends) -> Result<Option<Owner>, Errno> {
    Err(Errno::NOSYS)
}

#[cfg(test)]
mod tests;
