//! The signals that the daemon listens to.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// The signals that end the daemon, from the moment this is made.
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

/// The signal that asks for a reload.
pub struct Hangups(Signal);

/// Listens from now on. Within a runtime.
pub fn listen() -> io::Result<(Shutdown, Hangups)> {
    let shutdown = Shutdown {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    Ok((shutdown, Hangups(signal(SignalKind::hangup())?)))
}

impl Shutdown {
    /// Returns when the process is asked to end: SIGTERM from an orchestrator, SIGINT from a terminal.
    pub async fn asked(mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        info!("{name}: finishing what is under way, then ending");
    }
}

impl Hangups {
    /// Returns at the next SIGHUP.
    pub(super) async fn next(&mut self) {
        // The stream of a signal does not end; if it did, there would be no next one.
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        info!("SIGHUP: reading the configuration again");
    }
}
