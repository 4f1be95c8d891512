//! What the SDK does that a page warns of: a release that does otherwise turns this red,
//! and the page is to be written anew.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use prometheus::{Counter, linear_buckets};

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
fn linear_bounds_are_added_up_and_so_not_what_was_meant() {
    let bounds = linear_buckets(0.1, 0.1, 4).unwrap();
    assert_eq!(bounds, [0.1, 0.2, 0.30000000000000004, 0.4]);
}
