//! The signals that end the daemon, and the one that does not.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// The signals that are listened to, from the moment this is made.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on. Within a runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            // By default it would end the process, and with it every session, when a terminal closes or out of habit.
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the process is asked to end: SIGTERM from an orchestrator, SIGINT from a terminal.
    pub async fn shutdown(mut self) {
        let name = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.hangup.recv() => {
                    warn!("SIGHUP is ignored: this version does not reload; restart it to read another configuration");
                }
            }
        };
        info!("{name}: finishing what is under way, then ending");
    }
}
