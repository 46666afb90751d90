//! A line in the log for each time that credentials are served, where the user asks for it.
//!
//! A line waits for the peer's UID, a reply waits for no line: requests leave records, and one task makes lines of them,
//! in the order in which the requests were answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::field::display;
use tracing::{info, warn};

use super::peer::Ends;
use crate::aws::{AccessKeyId, ProfileName};
use crate::clock::{BootInstant, Clock};
use crate::metrics::Listener;

/// What the lines stand under in the log.
pub const AUDIT: &str = "valetkey::audit";

/// How long a line waits for the UID, from the accept on. Finding it takes less than a millisecond, unless all threads
/// that may wait do wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many records may wait for their lines. A consumer that asks without pause leaves more than lines can be made of;
/// its replies would then fill the memory with records.
const WAITING_RECORDS: usize = 4_096;

/// How many may look for a UID at once.
const LOOKUPS: usize = 2;

/// Gives every connection that is accepted its [`Peer`].
pub(super) struct Audit {
    records: Records,
    /// Room for those that read the table of sockets: on a busy host that takes milliseconds, and keys are read by the
    /// same threads.
    lookups: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

/// Whoever is at the other end of a connection. Every request of the connection carries it as an extension.
pub(super) struct Peer {
    address: SocketAddr,
    uid: watch::Receiver<Option<u32>>,
    patience: BootInstant,
    records: Records,
}

/// Where records go, and how many found no room.
#[derive(Clone)]
struct Records {
    sender: mpsc::Sender<Record>,
    lost: Arc<AtomicU64>,
}

/// Makes lines of what was served, until the last [`Audit`] and [`Peer`] are gone.
pub(super) struct Journal {
    listener: Listener,
    records: mpsc::Receiver<Record>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

/// Credentials were served.
struct Record {
    peer: Arc<Peer>,
    profile: ProfileName,
    session_key: Option<AccessKeyId>,
}

/// The two ends of an audit.
pub(super) fn audit(listener: Listener, clock: &Arc<dyn Clock>) -> (Audit, Journal) {
    let (sender, records) = mpsc::channel(WAITING_RECORDS);
    let lost = Arc::<AtomicU64>::default();
    let audit = Audit {
        records: Records {
            sender,
            lost: Arc::clone(&lost),
        },
        lookups: Arc::new(Semaphore::new(LOOKUPS)),
        clock: Arc::clone(clock),
    };
    let clock = Arc::clone(clock);
    let journal = Journal {
        listener,
        records,
        lost,
        clock,
    };
    (audit, journal)
}

impl Audit {
    /// Begins to look for the peer's UID at once: a client that lives shortly may be gone when it has its reply.
    pub(super) fn accepted(&self, stream: &TcpStream, peer: SocketAddr) -> Arc<Peer> {
        let (found, uid) = watch::channel(None);
        let ends = stream.local_addr().map(|ours| Ends::new(peer, ours));
        if let Some(ends) = ends.ok().filter(|ends| ends.peer.ip().is_loopback()) {
            tokio::spawn(look_up(ends, found, Arc::clone(&self.lookups)));
        }
        Arc::new(Peer {
            address: peer,
            uid,
            patience: self.clock.boot() + PATIENCE,
            records: self.records.clone(),
        })
    }
}

/// Ends when the UID is found or nobody waits for it any more: a connection that ended before its turn came costs nothing.
async fn look_up(ends: Ends, found: watch::Sender<Option<u32>>, room: Arc<Semaphore>) {
    let turn = async {
        tokio::select! {
            biased;
            () = found.closed() => None,
            turn = room.acquire() => turn.ok(),
        }
    };
    if let Some(_turn) = turn.await {
        let uid = tokio::task::spawn_blocking(move || ends.uid()).await;
        found.send_replace(uid.unwrap_or_default());
    }
}

impl Peer {
    /// The credentials of this profile, whose key this is, go out to the peer.
    pub(super) fn served(self: &Arc<Self>, profile: &ProfileName, session_key: Option<&AccessKeyId>) {
        let record = Record {
            peer: Arc::clone(self),
            profile: profile.clone(),
            session_key: session_key.cloned(),
        };
        // The journal ends after the last of its peers, so it is room that is missing.
        if self.records.sender.try_send(record).is_err() {
            self.records.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn uid(&self, clock: &dyn Clock) -> Option<u32> {
        let mut uid = self.uid.clone();
        tokio::select! {
            biased;
            found = uid.wait_for(Option::is_some) => found.ok().and_then(|uid| *uid),
            () = clock.sleep_until(self.patience) => None,
        }
    }
}

impl Journal {
    pub(super) async fn run(mut self) {
        while let Some(Record {
            peer,
            profile,
            session_key,
        }) = self.records.recv().await
        {
            let uid = peer.uid(&*self.clock).await;
            let session_key = session_key.as_ref().map(display);
            let listener = self.listener.as_str();
            info!(target: AUDIT, %profile, peer = %peer.address, uid, session_key, listener, "credentials served");
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                warn!(target: AUDIT, lost, "credentials were served so often that lines are missing");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::PausedClock;

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_without_pause_fills_no_memory() {
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::new(chrono::DateTime::UNIX_EPOCH));
        let (audit, journal) = audit(Listener::Credentials, &clock);
        let peer = Arc::new(Peer {
            address: "192.0.2.1:1".parse().unwrap(),
            uid: watch::channel(None).1,
            patience: clock.boot() + PATIENCE,
            records: audit.records,
        });
        let profile: ProfileName = "ops".parse().unwrap();
        for _ in 0..WAITING_RECORDS + 3 {
            peer.served(&profile, None);
        }
        assert_eq!(journal.records.len(), WAITING_RECORDS);
        assert_eq!(journal.lost.load(Ordering::Relaxed), 3);
        drop(peer);
        journal.run().await;
    }
}
