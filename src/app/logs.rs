//! Log lines on standard error, as text or JSON, that never make the daemon wait.
//!
//! A thread of its own writes them. When whoever reads them stalls and the buffer is full, lines are dropped and
//! counted: an application that waits for credentials matters more than a log line.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::server::AUDIT;

/// How many lines may wait to be written.
const BUFFERED_LINES: usize = 1_024;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log, while it is held: dropping it writes what is still buffered, waiting a second at most.
pub struct Logs {
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

impl Logs {
    /// Where the number of dropped lines is read.
    pub fn dropped(&self) -> ErrorCounter {
        self.dropped.clone()
    }
}

/// Starts the log of the process.
pub fn start(format: Format, level: LevelFilter) -> Logs {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(BUFFERED_LINES)
        .lossy(true)
        .thread_name("log")
        .finish(io::stderr());
    let dropped = writer.error_counter();
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(level)))
        .init();
    Logs {
        dropped,
        _writer: guard,
    }
}

/// `level` is for valetkey alone. Libraries stay at INFO, whatever the user asks for: below it they may print request
/// bodies and headers (aws-sigv4 does print the body, which holds the MFA code, under `LOG_SIGNABLE_BODY`). The audit is a
/// choice of its own and holds at every level.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_target("valetkey", level)
        .with_target(AUDIT, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn no_level_opens_the_libraries() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("valetkey", &Level::TRACE));
        assert!(filter.would_enable("valetkey::sts", &Level::TRACE));
        for library in [
            "aws_sigv4",
            "aws_sigv4::http_request::sign",
            "hyper",
            "reqwest",
            "rustls",
        ] {
            assert!(filter.would_enable(library, &Level::INFO), "{library}");
            assert!(!filter.would_enable(library, &Level::DEBUG), "{library}");
        }
    }

    #[test]
    fn a_stricter_level_holds_for_all() {
        let filter = filter(LevelFilter::ERROR);
        assert!(!filter.would_enable("hyper", &Level::WARN));
        assert!(!filter.would_enable("valetkey", &Level::WARN));
    }

    #[test]
    fn the_audit_holds_at_every_level() {
        for level in [LevelFilter::OFF, LevelFilter::ERROR, LevelFilter::TRACE] {
            assert!(filter(level).would_enable(AUDIT, &Level::INFO), "{level}");
        }
    }
}
