//! A line in the log for each time that credentials are served, where the user asks for it.
//!
//! A line waits for the peer's UID, a reply waits for no line: requests leave records, and one task makes lines of them,
//! in the order in which the requests were answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tracing::field::display;
use tracing::{info, warn};

use super::peer::{Peer, Uid};
use crate::aws::{AccessKeyId, ProfileName};
use crate::clock::Clock;
use crate::metrics::Listener;

/// What the lines stand under in the log.
pub const AUDIT: &str = "valetkey::audit";

/// How many records may wait for their lines. A consumer that asks without pause leaves more than lines can be made of;
/// its replies would then fill the memory with records.
const WAITING_RECORDS: usize = 4_096;

/// Where records go, and how many found no room.
#[derive(Clone)]
pub(super) struct Records {
    sender: mpsc::Sender<Record>,
    lost: Arc<AtomicU64>,
}

/// Makes lines of what was served, until the last of [`Records`] is gone.
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
pub(super) fn audit(listener: Listener, clock: &Arc<dyn Clock>) -> (Records, Journal) {
    let (sender, records) = mpsc::channel(WAITING_RECORDS);
    let lost = Arc::<AtomicU64>::default();
    let clock = Arc::clone(clock);
    let journal = Journal {
        listener,
        records,
        lost: Arc::clone(&lost),
        clock,
    };
    (Records { sender, lost }, journal)
}

impl Peer {
    /// The credentials of this profile, whose key this is, go out to the peer.
    pub(super) fn served(self: &Arc<Self>, profile: &ProfileName, session_key: Option<&AccessKeyId>) {
        let Some(records) = &self.records else {
            return;
        };
        let record = Record {
            peer: Arc::clone(self),
            profile: profile.clone(),
            session_key: session_key.cloned(),
        };
        // The journal ends after the last of its peers, so it is room that is missing.
        if records.sender.try_send(record).is_err() {
            records.lost.fetch_add(1, Ordering::Relaxed);
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
            peer.settled(&*self.clock).await;
            let uid = match peer.uid(self.clock.boot()) {
                Uid::Told(uid) => Some(uid),
                Uid::Untold | Uid::Sought | Uid::Unasked => None,
            };
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
        let (records, journal) = audit(Listener::Credentials, &clock);
        let address = "192.0.2.1:1".parse().unwrap();
        let peer = Arc::new(Peer::new(address, None, Some(records), clock.boot()));
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
