//! The signals that end the daemon, and the one that does not.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

/// Returns when the process is asked to end: SIGTERM from an orchestrator, SIGINT from a terminal.
pub async fn shutdown() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // By default it would end the process, and with it every session, when a terminal closes or out of habit.
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = hangup.recv() => {
                warn!("SIGHUP is ignored: this version does not reload; restart it to read another configuration");
                continue;
            }
        };
        info!("{name}: finishing what is under way, then ending");
        return Ok(());
    }
}
