//! Metrics: what Prometheus scrapes. The only module that knows the `prometheus` crate.
//!
//! Series of the daemon (HTTP, STS, clocks) are registered once, each label value at 0 from the start. Series of a
//! profile are rendered at scrape from what is published. No label holds an ARN, a key id or a token.

mod config_reloads;
mod http;
mod names;
mod profiles;
mod registered;
mod sts;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use prometheus::{Encoder, Registry, TextEncoder};

pub use http::{Http, Listener, Reason, Route};
pub use names::{Kind, NAMES, Name};

use crate::clock::Clock;
use crate::renew::{Event, Observer, Table};
use config_reloads::ConfigReloads;
use names::{BUILD_INFO, LOG_LINES_DROPPED, STATE_FAILURES};
use text::Text;

/// The `Content-Type` of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Every metric of the daemon.
pub struct Metrics {
    registry: Registry,
    http: [Arc<Http>; Listener::ALL.len()],
    sts: sts::Sts,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    lines_dropped: Box<dyn Fn() -> u64 + Send + Sync>,
    state_failures: Box<dyn Fn() -> u64 + Send + Sync>,
    config_reloads: ConfigReloads,
}

impl Metrics {
    /// Metrics of the profiles in `table`; `lines_dropped` tells at each scrape how many log lines were dropped so far.
    pub fn new(
        table: Arc<Table>,
        clock: Arc<dyn Clock>,
        lines_dropped: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        let registry = Registry::new();
        let http = http::Families::new(&registry);
        let sts = sts::Sts::new(&registry);
        let config_reloads = ConfigReloads::new(&registry);
        register_process(&registry);
        Self {
            http: Listener::ALL.map(|listener| Arc::new(http.of(listener))),
            sts,
            registry,
            table,
            clock,
            lines_dropped: Box::new(lines_dropped),
            state_failures: Box::new(|| 0),
            config_reloads,
        }
    }

    /// Asks `failures` at each scrape how often something could not be kept so far; without it nothing is to be kept.
    pub fn watch_state(&mut self, failures: impl Fn() -> u64 + Send + Sync + 'static) {
        self.state_failures = Box::new(failures);
    }

    /// How many log lines were dropped so far.
    pub fn lines_dropped(&self) -> u64 {
        (self.lines_dropped)()
    }

    /// The series of a listener.
    pub fn http(&self, listener: Listener) -> Arc<Http> {
        Arc::clone(&self.http[listener as usize])
    }

    /// Counts a reload of the configuration.
    pub fn config_reloaded(&self, successful: bool) {
        self.config_reloads.count(successful);
    }

    /// The page in Prometheus's text format.
    pub fn render(&self) -> Vec<u8> {
        let mut page = Vec::new();
        self.render_into(&mut page);
        page
    }

    /// Writes the same behind what `page` holds. It reads `/proc`, and takes about 0.1 ms and 2 µs a profile: not for the
    /// thread that answers consumers.
    pub fn render_into(&self, page: &mut Vec<u8>) {
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), page) {
            tracing::error!(%error, "the metrics page is incomplete: please report this message");
        }
        let mut text = Text::new(page);
        text.family(&BUILD_INFO);
        text.sample(&BUILD_INFO, &[VERSION, REVISION], 1);
        text.family(&LOG_LINES_DROPPED);
        text.sample(&LOG_LINES_DROPPED, &[], (self.lines_dropped)());
        text.family(&STATE_FAILURES);
        text.sample(&STATE_FAILURES, &[], (self.state_failures)());
        profiles::write(&mut text, &self.table, self.clock.boot());
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event<'_>) {
        self.sts.observe(event);
    }
}

/// The version that is running.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, when the build was told it.
pub const REVISION: &str = match option_env!("VALETKEY_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// The standard `process_*` series. They come from `/proc`, which only Linux has.
#[cfg(target_os = "linux")]
fn register_process(registry: &Registry) {
    use prometheus::process_collector::ProcessCollector;

    if let Err(error) = registry.register(Box::new(ProcessCollector::for_self())) {
        tracing::error!(%error, "the metrics page has no process_* series: please report this message");
    }
}

#[cfg(not(target_os = "linux"))]
fn register_process(_registry: &Registry) {}
