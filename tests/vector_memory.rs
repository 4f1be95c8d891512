//! What a vector and its scrapes need of memory, counted by the allocator: one test, since
//! others beside it would count too.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::ops::Range;

use exporter_workbook::collectors::{CountingAllocator, RuntimeCollector};
use exporter_workbook::exposition::Value;
use exporter_workbook::promhttp::{Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use exporter_workbook::vector::{HistogramVec, IntCounterVec, IntGaugeVec};
use http::Request;
use http::header::ACCEPT_ENCODING;
use prometheus::{HistogramOpts, Opts};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const SERIES: usize = 100_000;

/// Returns the bytes that are allocated now.
fn allocated() -> usize {
    let registry = Registry::new();
    registry.must_register(RuntimeCollector::new());
    let families = registry.gather().into_families();
    let name = "rust_memstats_alloc_bytes";
    let family = families.iter().find(|family| family.name() == name);
    match family.unwrap().samples().next().unwrap().value() {
        Value::Number(bytes) => *bytes as usize,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_series_is_small_and_a_scrape_is_smaller_than_4_mib() {
    removed_children_are_freed_without_a_scrape();
    churn_does_not_grow();
    scrapes_of_wide_histograms_are_small();
    let registry = Registry::new();
    let before = allocated();
    let queues =
        IntGaugeVec::new(Opts::new("q", "Help."), &["module", "shard"]).unwrap();
    registry.must_register(queues.clone());
    for shard in 0..SERIES {
        queues
            .with_label_values(&["http-server", &shard.to_string()])
            .inc();
    }
    drop(registry.gather());
    let gauges = allocated();
    let each = (gauges - before) / SERIES;
    assert!(each <= 120, "a gauge takes {each} bytes");
    let opts = Opts::new("r_total", "Help.");
    let requests = IntCounterVec::new(opts, &["module", "shard"]).unwrap();
    registry.must_register(requests.clone());
    for shard in 0..SERIES {
        requests
            .with_label_values(&["http-server", &shard.to_string()])
            .inc();
    }
    drop(registry.gather());
    let all = allocated();
    let each = (all - gauges) / SERIES;
    assert!(each <= 160, "a counter takes {each} bytes");
    scrapes_are_small(&registry);
}

fn removed_children_are_freed_without_a_scrape() {
    let before = allocated();
    let queues = IntGaugeVec::new(Opts::new("q", "Help."), &["shard"]).unwrap();
    for shard in 0..SERIES {
        let shard = shard.to_string();
        queues.with_label_values(&[&shard]).inc();
        assert!(queues.remove_label_values(&[&shard]));
    }
    let bytes = allocated() - before;
    assert!(bytes < 512 << 10, "no children take {bytes} bytes");
}

fn churn_does_not_grow() {
    // So many that the table has grown to its last size early.
    const LIVE: usize = 1500;
    let queues = IntGaugeVec::new(Opts::new("q", "Help."), &["shard"]).unwrap();
    let registry = Registry::new();
    registry.must_register(queues.clone());
    let label = |number: usize| format!("{:05}", number * 7919 % SERIES);
    let churn = |numbers: Range<usize>| {
        for number in numbers {
            queues.with_label_values(&[label(number)]).inc();
            if number >= LIVE {
                assert!(queues.remove_label_values(&[label(number - LIVE)]));
            }
            if number % 100 == 0 {
                drop(registry.gather());
            }
        }
        drop(registry.gather());
        allocated()
    };
    let before = churn(0..SERIES / 10);
    let after = churn(SERIES / 10..SERIES / 2);
    assert!(after < before + 8192, "{before} bytes grow to {after}");
}

fn scrapes_of_wide_histograms_are_small() {
    let bounds = (1..=200).map(f64::from).collect();
    let opts = HistogramOpts::new("request_duration_seconds", "Help.").buckets(bounds);
    let requests = HistogramVec::new(opts, &["module", "shard"]).unwrap();
    let registry = Registry::new();
    registry.must_register(requests.clone());
    for shard in 0..600 {
        let _ = requests.with_label_values(&["http-server", &shard.to_string()]);
    }
    drop(registry.gather());
    scrapes_are_small(&registry);
}

fn scrapes_are_small(registry: &Registry) {
    let before = allocated();
    let handler = handler_for(registry, HandlerOpts::default()).unwrap();
    for encoding in ["identity", "gzip"] {
        let request = Request::builder().header(ACCEPT_ENCODING, encoding);
        let request = request.body(()).unwrap();
        let scrapes = (0..4).map(|_| handler.handle(&request).into_body());
        let mut scrapes: Vec<_> = scrapes.map(|body| body.into_pieces()).collect();
        let mut most = 0;
        // As four connections would, each with a piece in its hands.
        loop {
            let pieces: Vec<_> = scrapes.iter_mut().map(Iterator::next).collect();
            most = most.max(allocated() - before);
            if pieces.iter().all(Option::is_none) {
                break;
            }
        }
        assert!(most < 4 << 20, "{encoding}: four scrapes take {most} bytes");
    }
}
