//! What the writers make of each kind of family, as whole texts.

#![allow(clippy::unwrap_used, reason = "this is test code")]
#![allow(deprecated, reason = "there is no other way to an untyped value")]

mod families;

use exporter_workbook::exposition::{write_open_metrics, write_text};
use families::{counter, family, gauge, gauges, histogram, labelled, summary, untyped};
use prometheus::proto::{MetricFamily, MetricType};

fn text(families: &[MetricFamily]) -> String {
    let mut out = Vec::new();
    assert_eq!(write_text(families, &mut out), []);
    String::from_utf8(out).unwrap()
}

fn open_metrics(families: &[MetricFamily]) -> String {
    let mut out = Vec::new();
    assert_eq!(write_open_metrics(families, &mut out), []);
    String::from_utf8(out).unwrap()
}

/// One family of each type, with what is hard to write in each.
fn each_type() -> Vec<MetricFamily> {
    use MetricType::{COUNTER, HISTOGRAM, SUMMARY, UNTYPED};
    let escaped = [("path", "C:\\\n\"x\""), ("zone", "ä€")];
    let requests = vec![
        labelled(counter(1e6), &[("path", "/a"), ("zone", "")]),
        labelled(counter(42.0), &escaped),
    ];
    let special = vec![gauge(f64::NAN, &[]), gauge(f64::INFINITY, &[("x", "1")])];
    let durations = vec![
        histogram(&[(0.1, 1), (1.0, 2), (1e6, 3)], 4, 2_000_001.5),
        labelled(histogram(&[(f64::INFINITY, 1)], 1, 3.0), &[("x", "1")]),
    ];
    let sizes = vec![summary(&[(0.0, 1.0), (0.5, f64::NAN), (1.0, 3.0)], 3, 6.0)];
    vec![
        family("a_requests_total", COUNTER, requests),
        family("b", COUNTER, vec![counter(2.0)]),
        gauges("c_seconds", vec![gauge(-0.5, &[])]),
        gauges("d", special),
        family("e_seconds", HISTOGRAM, durations),
        family("f_bytes", SUMMARY, sizes),
        family("g", UNTYPED, vec![untyped(7.0)]),
    ]
}

const AS_TEXT: &str = include_str!("exposition/each_type.prom");

#[test]
fn every_type_is_written_as_text() {
    assert_eq!(text(&each_type()), AS_TEXT);
}

const AS_OPEN_METRICS: &str = include_str!("exposition/each_type.openmetrics");

#[test]
fn every_type_is_written_as_open_metrics() {
    assert_eq!(open_metrics(&each_type()), AS_OPEN_METRICS);
}

#[test]
fn help_is_escaped_and_left_out_when_empty() {
    let mut one = gauges("a", vec![gauge(1.0, &[])]);
    one.set_help("A \"path\" C:\\ and\na line.".to_owned());
    let mut other = gauges("b", vec![gauge(1.0, &[])]);
    other.set_help(String::new());
    assert_eq!(
        text(&[one.clone(), other.clone()]),
        "# HELP a A \"path\" C:\\\\ and\\na line.\n# TYPE a gauge\na 1\n\
         # TYPE b gauge\nb 1\n"
    );
    assert_eq!(
        open_metrics(&[one, other]),
        "# HELP a A \\\"path\\\" C:\\\\ and\\na line.\n# TYPE a gauge\na 1.0\n\
         # TYPE b gauge\nb 1.0\n# EOF\n"
    );
}

#[test]
fn a_timestamp_is_in_milliseconds_and_in_open_metrics_in_seconds() {
    for (milliseconds, seconds) in [
        (1_520_879_607_789, "1520879607.789"),
        (1, "0.001"),
        (1000, "1.000"),
        (-1500, "-1.500"),
        (i64::MIN, "-9223372036854775.808"),
    ] {
        let mut metric = gauge(1.0, &[]);
        metric.set_timestamp_ms(milliseconds);
        let family = [gauges("a", vec![metric])];
        let expected = format!("a 1 {milliseconds}\n");
        assert!(text(&family).ends_with(&expected), "{}", text(&family));
        let expected = format!("a 1.0 {seconds}\n# EOF\n");
        assert!(open_metrics(&family).ends_with(&expected), "{expected}");
    }
}

#[test]
fn a_counters_short_name_is_its_own_or_it_is_unknown() {
    let total = family("a_total", MetricType::COUNTER, vec![counter(1.0)]);
    assert_eq!(
        open_metrics(&[gauges("a", vec![gauge(2.0, &[])]), total]),
        "# HELP a Help.\n# TYPE a gauge\na 2.0\n\
         # HELP a_total Help.\n# TYPE a_total unknown\na_total 1.0\n# EOF\n"
    );
    let nameless = family("_total", MetricType::COUNTER, vec![counter(1.0)]);
    assert_eq!(
        open_metrics(&[nameless]),
        "# HELP _total Help.\n# TYPE _total unknown\n_total 1.0\n# EOF\n"
    );
}

#[test]
fn a_counter_whose_short_name_a_sample_has_is_unknown() {
    let h = family("h", MetricType::HISTOGRAM, vec![histogram(&[], 1, 1.0)]);
    let total = family("h_count_total", MetricType::COUNTER, vec![counter(1.0)]);
    let text = open_metrics(&[h, total]);
    assert!(text.contains("# TYPE h_count_total unknown\n"), "{text}");
}

#[test]
fn one_enormous_label_asks_for_no_more_memory_than_it_needs() {
    let enormous = "x".repeat(8 << 20);
    let mut metrics = vec![gauge(1.0, &[("x", &enormous)])];
    metrics.resize(200_000, gauge(1.0, &[("x", "")]));
    let mut out = Vec::new();
    write_text(&[gauges("a", metrics)], &mut out);
    assert!(out.capacity() < 256 << 20, "{}", out.capacity());
}

#[test]
fn no_families_are_an_empty_text() {
    assert_eq!(text(&[]), "");
    assert_eq!(open_metrics(&[]), "# EOF\n");
}

/// Asserts that of `bad` beside a good family only the good one is written, as either.
fn assert_left_out(bad: MetricFamily, problem: &str) {
    let good = [gauges("good", vec![gauge(1.0, &[])])];
    let families = [bad, good[0].clone()];
    let expected = format!("cannot encode metric family {problem}");
    let mut out = Vec::new();
    assert_eq!(write_text(&families, &mut out)[0].to_string(), expected);
    assert_eq!(String::from_utf8(out).unwrap(), text(&good));
    let mut out = Vec::new();
    let errors = write_open_metrics(&families, &mut out);
    assert_eq!(errors[0].to_string(), expected);
    assert_eq!(String::from_utf8(out).unwrap(), open_metrics(&good));
}

#[test]
fn what_no_parser_takes_is_left_out_and_named() {
    assert_left_out(
        gauges("a b", vec![gauge(1.0, &[])]),
        "`a b`: `a b` is not a metric name, which has letters, digits, `_` and `:`, and \
         no digit first",
    );
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[]), gauge(1.0, &[("x y", "1")])]),
        "`a`: `x y` is not a label name, which has letters, digits and `_`, and no digit \
         first",
    );
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[("x", "1"), ("y", "1"), ("x", "2")])]),
        "`a`: it has the label `x` twice",
    );
    let bucket = labelled(histogram(&[], 1, 1.0), &[("le", "1")]);
    assert_left_out(
        family("a", MetricType::HISTOGRAM, vec![bucket]),
        "`a`: the label `le` is the histogram's own, name yours otherwise",
    );
}

#[test]
fn what_is_in_the_buffer_stays_there() {
    let mut out = b"before\n".to_vec();
    write_text(&[gauges("a", vec![gauge(1.0, &[])])], &mut out);
    assert_eq!(out, b"before\n# HELP a Help.\n# TYPE a gauge\na 1\n");
}
