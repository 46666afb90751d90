use prometheus::{Gauge, IntCounter, Registry};

use super::names::{CONFIG_LAST_RELOAD_SUCCESSFUL, CONFIG_RELOADS};
use super::registered;

/// What came of reloads of the configuration.
pub(super) struct ConfigReloads {
    succeeded: IntCounter,
    failed: IntCounter,
    last_successful: Gauge,
}

impl ConfigReloads {
    pub(super) fn new(registry: &Registry) -> Self {
        let reloads = registered::counters(registry, &CONFIG_RELOADS);
        let last_successful = registered::gauge(registry, &CONFIG_LAST_RELOAD_SUCCESSFUL);
        // What the daemon started with was right, or it would not have started.
        last_successful.set(1.0);
        Self {
            succeeded: reloads.with_label_values(&["success"]),
            failed: reloads.with_label_values(&["failed"]),
            last_successful,
        }
    }

    pub(super) fn count(&self, successful: bool) {
        if successful { &self.succeeded } else { &self.failed }.inc();
        self.last_successful.set(f64::from(u8::from(successful)));
    }
}
