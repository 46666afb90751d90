//! A line in the log for each time that credentials are served, where the user asks for it.
//!
//! A line waits for the peer's UID, a reply waits for no line: requests leave records, and one task makes lines of them,
//! in the order in which the requests were answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tracing::field::display;
use tracing::info;

use super::peer::Ends;
use crate::aws::{AccessKeyId, ProfileName};
use crate::clock::{BootInstant, Clock};

/// What the lines stand under in the log.
pub const AUDIT: &str = "valetkey::audit";

/// How long a line waits for the UID, from the accept on. Finding it takes less than a millisecond, unless all threads
/// that may wait do wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// Gives every connection that is accepted its [`Peer`].
pub(super) struct Audit {
    records: mpsc::UnboundedSender<Record>,
    clock: Arc<dyn Clock>,
}

/// Whoever is at the other end of a connection. Every request of the connection carries it as an extension.
pub(super) struct Peer {
    address: SocketAddr,
    uid: watch::Receiver<Option<u32>>,
    patience: BootInstant,
    /// Not bounded: no more comes in than is asked for within [`PATIENCE`].
    records: mpsc::UnboundedSender<Record>,
}

/// Makes lines of what was served, until the last [`Audit`] and [`Peer`] are gone.
pub(super) struct Journal {
    records: mpsc::UnboundedReceiver<Record>,
    clock: Arc<dyn Clock>,
}

/// Credentials were served.
struct Record {
    peer: Arc<Peer>,
    profile: ProfileName,
    session_key: Option<AccessKeyId>,
}

/// The two ends of an audit.
pub(super) fn audit(clock: &Arc<dyn Clock>) -> (Audit, Journal) {
    let (sender, records) = mpsc::unbounded_channel();
    let audit = Audit {
        records: sender,
        clock: Arc::clone(clock),
    };
    let clock = Arc::clone(clock);
    (audit, Journal { records, clock })
}

impl Audit {
    /// Begins to look for the peer's UID at once: a client that lives shortly may be gone when it has its reply.
    pub(super) fn accepted(&self, stream: &TcpStream, peer: SocketAddr) -> Arc<Peer> {
        let (found, uid) = watch::channel(None);
        let ends = stream.local_addr().map(|ours| Ends::new(peer, ours));
        if let Some(ends) = ends.ok().filter(|ends| ends.peer.ip().is_loopback()) {
            tokio::task::spawn_blocking(move || {
                // A connection that ended before its turn came costs nothing more.
                if !found.is_closed() {
                    found.send_replace(ends.uid());
                }
            });
        }
        Arc::new(Peer {
            address: peer,
            uid,
            patience: self.clock.boot() + PATIENCE,
            records: self.records.clone(),
        })
    }
}

impl Peer {
    /// The credentials of this profile, whose key this is, go out to the peer.
    pub(super) fn served(self: &Arc<Self>, profile: &ProfileName, session_key: Option<&AccessKeyId>) {
        // The journal ends after the last of its peers.
        let _ = self.records.send(Record {
            peer: Arc::clone(self),
            profile: profile.clone(),
            session_key: session_key.cloned(),
        });
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
            info!(target: AUDIT, %profile, peer = %peer.address, uid, session_key, "credentials served");
        }
    }
}
