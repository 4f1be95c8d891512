//! The cost of changing a metric of the `prometheus` crate, which the programs use, and
//! one of `prometheus-client`. `summary.rs` measures the summary.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::atomic::AtomicU64;

use criterion::{Criterion, criterion_group, criterion_main};
use prometheus::{Counter, Gauge, Histogram, HistogramOpts, IntCounter};
use prometheus_client::metrics::{counter, gauge, histogram};

fn change(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change");
    let mut measure = |name: &str, change: &dyn Fn()| {
        group.bench_function(name, |bencher| bencher.iter(change));
    };
    if let Ok(counter) = Counter::new("a_total", "A.") {
        measure("Counter::inc", &|| counter.inc());
    }
    if let Ok(counter) = IntCounter::new("b_total", "B.") {
        measure("IntCounter::inc", &|| counter.inc());
    }
    if let Ok(gauge) = Gauge::new("c", "C.") {
        measure("Gauge::set", &|| gauge.set(1.37));
    }
    if let Ok(histogram) = Histogram::with_opts(HistogramOpts::new("d", "D.")) {
        measure("Histogram::observe", &|| histogram.observe(0.3));
    }
    let counter = counter::Counter::<u64>::default();
    measure("prometheus-client: Counter::inc", &|| {
        counter.inc();
    });
    let gauge = gauge::Gauge::<f64, AtomicU64>::default();
    measure("prometheus-client: Gauge::set", &|| {
        gauge.set(1.37);
    });
    let bounds = prometheus::DEFAULT_BUCKETS.iter().copied();
    let histogram = histogram::Histogram::new(bounds);
    measure("prometheus-client: Histogram::observe", &|| {
        histogram.observe(0.3);
    });
    group.finish();
}

criterion_group!(benches, change);
criterion_main!(benches);
