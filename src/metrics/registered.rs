//! Metrics of the `prometheus` crate, built from [`Name`]s.

use prometheus::core::Collector;
use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};

use super::names::Name;

pub(super) fn counters(registry: &Registry, name: &Name) -> IntCounterVec {
    registered(registry, IntCounterVec::new(opts(name), name.labels))
}

pub(super) fn counter(registry: &Registry, name: &Name) -> IntCounter {
    registered(registry, IntCounter::with_opts(opts(name)))
}

pub(super) fn gauges(registry: &Registry, name: &Name) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(opts(name), name.labels))
}

pub(super) fn gauge(registry: &Registry, name: &Name) -> Gauge {
    registered(registry, Gauge::with_opts(opts(name)))
}

pub(super) fn histograms(registry: &Registry, name: &Name, buckets: &[f64]) -> HistogramVec {
    let opts = HistogramOpts::new(name.name, name.help).buckets(buckets.to_vec());
    registered(registry, HistogramVec::new(opts, name.labels))
}

fn opts(name: &Name) -> Opts {
    Opts::new(name.name, name.help)
}

#[expect(
    clippy::expect_used,
    reason = "fails only for a bad or double name; names are constants, and every test that builds the metrics proves them"
)]
fn registered<C: Collector + Clone + 'static>(registry: &Registry, built: prometheus::Result<C>) -> C {
    let collector = built.expect("a constant name is well-formed");
    registry
        .register(Box::new(collector.clone()))
        .expect("a constant name is registered once");
    collector
}
