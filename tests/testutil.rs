//! Helpers for testing your own metrics.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::BTreeSet;

use exporter_workbook::collect::{collector_fn, value_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::registry::Registry;
use exporter_workbook::testutil::{
    collect_and_compare, collect_and_lint, collect_to_text, gather_and_compare,
    gather_and_lint, gather_to_text, to_float64,
};
use prometheus::{Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, Opts};

fn queues() -> GaugeVec {
    let queues =
        GaugeVec::new(Opts::new("queue_length", "Items."), &["queue"]).unwrap();
    queues.with_label_values(&["mail"]).set(1.0);
    queues.with_label_values(&["print"]).set(2.5);
    queues
}

fn two() -> Registry {
    let registry = Registry::new();
    registry.must_register(queues());
    registry.must_register(value_fn(Desc::gauge("workers", "W."), || 3.0));
    registry
}

const QUEUES: &str = "\
# HELP queue_length Items.
# TYPE queue_length gauge
queue_length{queue=\"mail\"} 1
queue_length{queue=\"print\"} 2.5
";

#[test]
fn metrics_are_text() {
    assert_eq!(collect_to_text(queues()).unwrap(), QUEUES);
    let workers = "# HELP workers W.\n# TYPE workers gauge\nworkers 3\n";
    assert_eq!(
        gather_to_text(&two()).unwrap(),
        format!("{QUEUES}{workers}")
    );
}

#[test]
fn a_failed_scrape_has_no_text() {
    let desc = || Desc::gauge("a", "A.");
    let fails = || collector_fn(vec![desc()], |_| Err("no sensor".into()));
    let error = "the collector of `a` failed: no sensor";
    let errors = collect_to_text(fails()).unwrap_err();
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [error]
    );
    assert_eq!(
        collect_and_compare(fails(), "", &[])
            .unwrap_err()
            .to_string(),
        format!("the metrics cannot be gathered: {error}")
    );
}

#[test]
fn the_notation_of_expected_metrics_is_free() {
    collect_and_compare(queues(), QUEUES, &[]).unwrap();
    let loosely = "
        # A comment.
        #  TYPE  queue_length\tgauge
        # HELP queue_length  Items.
        queue_length{ queue = \"print\", }   2.50

        queue_length {queue=\"mail\"}\t1e0
    ";
    collect_and_compare(queues(), loosely, &[]).unwrap();
}

#[test]
fn labels_may_come_in_any_order_with_any_values() {
    let vec = GaugeVec::new(Opts::new("a", "A."), &["x", "y"]).unwrap();
    vec.with_label_values(&["1,y=\"2\"}", "\\ {"]).set(1.0);
    let expected = "# HELP a A.\n# TYPE a gauge\n\
                    a{y=\"\\\\ {\", x=\"1,y=\\\"2\\\"}\"} 1";
    collect_and_compare(vec, expected, &[]).unwrap();
}

#[test]
fn a_name_that_occurs_nowhere_is_an_error() {
    let mismatch = gather_and_compare(&two(), "", &["queue_lenght"]).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "the metrics are not as expected (- expected, + served):\n\
         - queue_lenght (neither expected nor served)"
    );
}

#[test]
fn only_the_named_families_are_compared() {
    gather_and_compare(&two(), QUEUES, &["queue_length"]).unwrap();
    let mismatch = gather_and_compare(&two(), QUEUES, &[]).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "the metrics are not as expected (- expected, + served):\n  \
         # HELP queue_length Items.\n  # TYPE queue_length gauge\n  \
         queue_length{queue=\"mail\"} 1\n  queue_length{queue=\"print\"} 2.5\n\
         + # HELP workers W.\n+ # TYPE workers gauge\n+ workers 3"
    );
}

#[test]
fn a_difference_shows_the_lines_that_differ() {
    let expected = QUEUES.replace("} 1", "} 4").replace("Items.", "Jobs.");
    let mismatch = collect_and_compare(queues(), &expected, &[]).unwrap_err();
    assert_eq!(
        format!("{mismatch:?}"),
        "the metrics are not as expected (- expected, + served):\n\
         + # HELP queue_length Items.\n- # HELP queue_length Jobs.\n  \
         # TYPE queue_length gauge\n\
         + queue_length{queue=\"mail\"} 1\n- queue_length{queue=\"mail\"} 4\n  \
         queue_length{queue=\"print\"} 2.5"
    );
    for missing in ["", "# TYPE queue_length gauge\n"] {
        collect_and_compare(queues(), missing, &[]).unwrap_err();
    }
}

#[test]
fn a_histogram_is_compared_with_all_of_its_lines() {
    let opts = HistogramOpts::new("wait_seconds", "Waits.").buckets(vec![0.5, 1.0]);
    let histogram = Histogram::with_opts(opts).unwrap();
    histogram.observe(0.75);
    let expected = "# HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\n\
                    wait_seconds_bucket{le=\"0.5\"} 0\nwait_seconds_bucket{le=\"1\"} 1\n\
                    wait_seconds_bucket{le=\"+Inf\"} 1\nwait_seconds_sum 0.75\n\
                    wait_seconds_count 1\n";
    collect_and_compare(histogram.clone(), expected, &[]).unwrap();
    let other = expected.replace("_sum 0.75", "_sum 0.5");
    collect_and_compare(histogram, &other, &[]).unwrap_err();
}

#[test]
fn the_linter_names_the_metric_and_the_rule() {
    let opts = Opts::new("queueLength_ms", "Items.").const_label("moduleName", "m");
    let problems = collect_and_lint(Gauge::with_opts(opts).unwrap());
    let words: BTreeSet<String> = problems.iter().map(ToString::to_string).collect();
    let snake_case = "should be written in 'snake_case' not 'camelCase'";
    assert_eq!(
        words,
        BTreeSet::from([
            format!("queueLength_ms metric names {snake_case}"),
            format!("queueLength_ms label names {snake_case}"),
            "queueLength_ms metric names should not contain abbreviated units"
                .to_owned(),
        ])
    );
    let rules: BTreeSet<&str> = problems.iter().map(|all| all.rule.name()).collect();
    assert_eq!(rules, BTreeSet::from(["camel-case", "unit-abbreviations"]));
    assert_eq!(gather_and_lint(&two()), []);
}

#[test]
fn the_value_of_one_metric() {
    let requests = IntCounter::new("requests_total", "R.").unwrap();
    requests.inc_by(42);
    assert_eq!(to_float64(requests), 42.0);
    assert_eq!(
        to_float64(value_fn(Desc::untyped("a", "A."), || -0.5)),
        -0.5
    );
}

#[test]
#[should_panic(expected = "expected one sample, got several")]
fn several_samples_have_no_single_value() {
    to_float64(queues());
}

#[test]
#[should_panic(expected = "expected one sample, got none")]
fn no_sample_has_no_value() {
    to_float64(collector_fn(Vec::new(), |_| Ok(())));
}

#[test]
#[should_panic(expected = "expected a number, got Histogram(")]
fn a_histogram_is_not_a_number() {
    to_float64(Histogram::with_opts(HistogramOpts::new("a", "A.")).unwrap());
}
