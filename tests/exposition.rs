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

const AS_TEXT: &str = r#"# HELP a_requests_total Help.
# TYPE a_requests_total counter
a_requests_total{path="/a",zone=""} 1e+06
a_requests_total{path="C:\\\n\"x\"",zone="ä€"} 42
# HELP b Help.
# TYPE b counter
b 2
# HELP c_seconds Help.
# TYPE c_seconds gauge
c_seconds -0.5
# HELP d Help.
# TYPE d gauge
d NaN
d{x="1"} +Inf
# HELP e_seconds Help.
# TYPE e_seconds histogram
e_seconds_bucket{le="0.1"} 1
e_seconds_bucket{le="1"} 2
e_seconds_bucket{le="1e+06"} 3
e_seconds_bucket{le="+Inf"} 4
e_seconds_sum 2.0000015e+06
e_seconds_count 4
e_seconds_bucket{x="1",le="+Inf"} 1
e_seconds_sum{x="1"} 3
e_seconds_count{x="1"} 1
# HELP f_bytes Help.
# TYPE f_bytes summary
f_bytes{quantile="0"} 1
f_bytes{quantile="0.5"} NaN
f_bytes{quantile="1"} 3
f_bytes_sum 6
f_bytes_count 3
# HELP g Help.
# TYPE g untyped
g 7
"#;

#[test]
fn every_type_is_written_as_text() {
    assert_eq!(text(&each_type()), AS_TEXT);
}

const AS_OPEN_METRICS: &str = r#"# HELP a_requests Help.
# TYPE a_requests counter
a_requests_total{path="/a",zone=""} 1e+06
a_requests_total{path="C:\\\n\"x\"",zone="ä€"} 42.0
# HELP b Help.
# TYPE b unknown
b 2.0
# HELP c_seconds Help.
# TYPE c_seconds gauge
# UNIT c_seconds seconds
c_seconds -0.5
# HELP d Help.
# TYPE d gauge
d NaN
d{x="1"} +Inf
# HELP e_seconds Help.
# TYPE e_seconds histogram
# UNIT e_seconds seconds
e_seconds_bucket{le="0.1"} 1
e_seconds_bucket{le="1.0"} 2
e_seconds_bucket{le="1e+06"} 3
e_seconds_bucket{le="+Inf"} 4
e_seconds_sum 2.0000015e+06
e_seconds_count 4
e_seconds_bucket{x="1",le="+Inf"} 1
e_seconds_sum{x="1"} 3.0
e_seconds_count{x="1"} 1
# HELP f_bytes Help.
# TYPE f_bytes summary
# UNIT f_bytes bytes
f_bytes{quantile="0.0"} 1.0
f_bytes{quantile="0.5"} NaN
f_bytes{quantile="1.0"} 3.0
f_bytes_sum 6.0
f_bytes_count 3
# HELP g Help.
# TYPE g unknown
g 7.0
# EOF
"#;

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
fn no_families_are_an_empty_text() {
    assert_eq!(text(&[]), "");
    assert_eq!(open_metrics(&[]), "# EOF\n");
}

#[test]
fn what_no_parser_takes_is_left_out_and_named() {
    let good = gauges("good", vec![gauge(1.0, &[])]);
    for (bad, problem) in [
        (
            gauges("a b", vec![gauge(1.0, &[])]),
            "`a b`: `a b` is not a metric name, which has letters, digits, `_` and `:`, \
             and no digit first",
        ),
        (
            gauges("a", vec![gauge(1.0, &[]), gauge(1.0, &[("x y", "1")])]),
            "`a`: `x y` is not a label name, which has letters, digits and `_`, and no \
             digit first",
        ),
        (
            gauges("a", vec![gauge(1.0, &[("x", "1"), ("x", "2")])]),
            "`a`: it has the label `x` twice",
        ),
    ] {
        let mut out = Vec::new();
        let errors = write_text(&[bad.clone(), good.clone()], &mut out);
        let expected = format!("cannot encode metric family {problem}");
        assert_eq!(errors[0].to_string(), expected);
        assert_eq!(out, text(std::slice::from_ref(&good)).into_bytes());
        out.clear();
        let errors = write_open_metrics(&[bad, good.clone()], &mut out);
        assert_eq!(errors[0].to_string(), expected);
        assert_eq!(out, open_metrics(std::slice::from_ref(&good)).into_bytes());
    }
}

#[test]
fn what_is_in_the_buffer_stays_there() {
    let mut out = b"before\n".to_vec();
    write_text(&[gauges("a", vec![gauge(1.0, &[])])], &mut out);
    assert_eq!(out, b"before\n# HELP a Help.\n# TYPE a gauge\na 1\n");
}
