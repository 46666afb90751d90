//! Log lines on standard error, as text or JSON, that never make the daemon wait.
//!
//! A thread of its own writes them. When whoever reads them stalls and the buffer is full, or a line cannot be written,
//! lines are dropped and counted: an application that waits for credentials matters more than a log line.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
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
    too_many: ErrorCounter,
    unwritten: Arc<AtomicU64>,
    _writer: WorkerGuard,
}

impl Logs {
    /// Tells how many lines were dropped so far.
    pub fn dropped(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let (too_many, unwritten) = (self.too_many.clone(), Arc::clone(&self.unwritten));
        move || too_many.dropped_lines() as u64 + unwritten.load(Ordering::Relaxed)
    }
}

/// Starts the log of the process.
pub fn start(format: Format, level: LevelFilter) -> Logs {
    let (writer, logs) = in_background(io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(level)))
        .init();
    logs
}

/// Lets a thread of its own write the lines.
fn in_background(destination: impl Write + Send + 'static) -> (NonBlocking, Logs) {
    let unwritten = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        destination,
        unwritten: Arc::clone(&unwritten),
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(BUFFERED_LINES)
        .lossy(true)
        .thread_name("log")
        .finish(counted);
    let logs = Logs {
        too_many: writer.error_counter(),
        unwritten,
        _writer: guard,
    };
    (writer, logs)
}

/// Counts the lines that cannot be written: the disk is full, or whoever read them is gone.
struct Counted<W> {
    destination: W,
    unwritten: Arc<AtomicU64>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.destination.write(bytes)
    }

    /// The thread writes each line by one call of this, and goes on after an error.
    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        let written = self.destination.write_all(line);
        if written.is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
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
    fn lines_that_cannot_be_written_are_counted() {
        /// Its second line fails.
        struct Failing(u8);
        impl Write for Failing {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 == 2 {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut writer, logs) = in_background(Failing(0));
        let dropped = logs.dropped();
        for _ in 0..3 {
            writer.write_all(b"a line\n").unwrap();
        }
        // What waits is written first.
        drop(logs);
        assert_eq!(dropped(), 1);
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
