//! Behavior of the `prometheus` crate that a page warns of. If a release changes it, a
//! test here fails and the page must be rewritten.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::HashMap;

use prometheus::core::Collector;
use prometheus::{
    Counter, Gauge, IntCounterVec, Opts, Registry, TextEncoder, linear_buckets,
};

fn counter_at_42() -> Counter {
    let counter = Counter::new("requests_total", "Requests.").unwrap();
    counter.inc_by(42.0);
    counter
}

#[cfg(debug_assertions)]
#[test]
#[should_panic(expected = "assertion failed: v >= P::T::from_i64(0)")]
fn a_debug_build_panics_when_a_counter_would_go_down() {
    counter_at_42().inc_by(-1.0);
}

#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_lets_a_counter_go_down() {
    let counter = counter_at_42();
    counter.inc_by(-1.0);
    assert_eq!(counter.get(), 41.0);
}

#[test]
fn linear_bounds_accumulate_rounding_errors() {
    let bounds = linear_buckets(0.1, 0.1, 4).unwrap();
    assert_eq!(bounds, [0.1, 0.2, 0.30000000000000004, 0.4]);
}

fn requests_by_worker_and_queue() -> IntCounterVec {
    let opts = Opts::new("requests_total", "The total number of requests.");
    IntCounterVec::new(opts, &["worker", "queue"]).unwrap()
}

fn text(counter: &IntCounterVec) -> String {
    TextEncoder::new()
        .encode_to_string(&counter.collect())
        .unwrap()
}

#[test]
fn label_values_that_join_to_the_same_text_share_a_series() {
    let requests_total = requests_by_worker_and_queue();
    // ANCHOR: merged
    requests_total.with_label_values(&["1", "12"]).inc();
    requests_total.with_label_values(&["11", "2"]).inc();
    // ANCHOR_END: merged
    assert!(text(&requests_total).ends_with(
        "counter\n\
         requests_total{queue=\"12\",worker=\"1\"} 2\n"
    ));
}

#[test]
fn label_values_from_a_map_are_merged_alike() {
    let requests_total = requests_by_worker_and_queue();
    for (worker, queue) in [("1", "12"), ("11", "2")] {
        let labels = HashMap::from([("worker", worker), ("queue", queue)]);
        requests_total.with(&labels).inc();
    }
    assert_eq!(requests_total.collect()[0].get_metric().len(), 1);
}

#[test]
fn label_values_that_begin_with_their_kind_are_two_series() {
    let requests_total = requests_by_worker_and_queue();
    for values in [["worker-1", "queue-12"], ["worker-11", "queue-2"]] {
        requests_total.with_label_values(&values).inc();
    }
    assert_eq!(requests_total.collect()[0].get_metric().len(), 2);
}

#[test]
fn an_empty_help_text_is_an_error() {
    let error = Gauge::new("queue_length", "").unwrap_err();
    assert_eq!(error.to_string(), "Error: empty help string");
}

#[test]
fn the_registrys_own_register_accepts_a_label_named_like_another_metric() {
    let opts = Opts::new("queue_length", "Items.").const_label("__name__", "other");
    let gauge = Gauge::with_opts(opts).unwrap();
    let registry = Registry::new();
    registry.register(Box::new(gauge)).unwrap();
    assert_eq!(
        registry.gather()[0].get_metric()[0].get_label()[0].name(),
        "__name__"
    );
}
