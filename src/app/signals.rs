//! The signals that end the daemon.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// Returns when the process is asked to end: SIGTERM from an orchestrator, SIGINT from a terminal.
pub async fn shutdown() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    info!("{name}: finishing what is under way, then ending");
    Ok(())
}
