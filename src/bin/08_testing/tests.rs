//! Tests of the collector with fake sources.

use exporter_workbook::testutil::{
    Mismatch, collect_and_compare, collect_and_lint, to_float64,
};

use crate::queues::QueueCollector;
use crate::source::parse;

// ANCHOR: compare
#[test]
fn each_queue_has_its_length() -> Result<(), Mismatch> {
    let collector = QueueCollector::new(|| parse("mail 3\nprint 5\n"));
    let expected = r#"
        # HELP magedu_mcube_demo_queue_length The number of items in the queue.
        # TYPE magedu_mcube_demo_queue_length gauge
        magedu_mcube_demo_queue_length{queue="mail"} 3
        magedu_mcube_demo_queue_length{queue="print"} 5
        # HELP magedu_mcube_demo_up Whether the queues could be read.
        # TYPE magedu_mcube_demo_up gauge
        magedu_mcube_demo_up 1
    "#;
    collect_and_compare(collector, expected, &[])
}
// ANCHOR_END: compare

// ANCHOR: value
/// `to_float64` also panics if there is any other sample.
#[test]
fn a_source_that_fails_is_down_and_has_no_queue() {
    let gone = QueueCollector::new(|| Err("gone".into()));
    assert_eq!(to_float64(gone), 0.0);
    let half = QueueCollector::new(|| parse("mail 3\nprint"));
    assert_eq!(to_float64(half), 0.0);
}
// ANCHOR_END: value

#[test]
fn a_source_without_queues_is_up() {
    assert_eq!(to_float64(QueueCollector::new(|| parse(""))), 1.0);
}

// ANCHOR: lint
#[test]
fn the_linter_of_prometheus_finds_nothing() {
    let collector = QueueCollector::new(|| parse("mail 3\n"));
    assert_eq!(collect_and_lint(collector), []);
}
// ANCHOR_END: lint
