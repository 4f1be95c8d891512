//! What the writers produce for each kind of family, as whole texts.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod families;

use exporter_workbook::collect::{Collector, collector_fn, value_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::exposition::{
    Family, Format, HistogramValue, SummaryValue, Value,
};
use exporter_workbook::registry::{Gathered, Registry};
use families::{at, counter, family, gauge, gauges, histogram, labelled, summary};
use prometheus::proto::{MetricFamily, MetricType};

/// Returns what a source without errors gathers.
#[track_caller]
fn families_of(gathered: Gathered) -> Vec<Family> {
    assert_eq!(gathered.errors(), []);
    gathered.into_families()
}

fn text(families: &[MetricFamily]) -> String {
    Format::TEXT.to_text(&families_of(families.to_vec().into()))
}

fn open_metrics(families: &[MetricFamily]) -> String {
    Format::OPEN_METRICS_1_0_0.to_text(&families_of(families.to_vec().into()))
}

/// Returns what the collectors of `registry` report, in both formats.
fn both(registry: &Registry) -> (String, String) {
    let families = families_of(registry.gather());
    let text = Format::TEXT.to_text(&families);
    (text, Format::OPEN_METRICS_1_0_0.to_text(&families))
}

/// Returns a family of each type of the crate, with what is hard to write in each. With
/// its feature `protobuf`, the crate has no untyped values.
fn each_type() -> Vec<MetricFamily> {
    use MetricType::{COUNTER, HISTOGRAM, SUMMARY};
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
    ]
}

/// Registers custom collectors of the same metrics, and an untyped one.
fn own_of_each_type() -> Registry {
    let registry = Registry::new();
    let requests = Desc::counter("a_requests_total", "Help.");
    let requests = requests.label("zone").label("path");
    registry.must_register(collector_fn(vec![requests.clone()], move |samples| {
        samples.set(&requests, 1e6, &["", "/a"]);
        samples.set(&requests, 42.0, &["ä€", "C:\\\n\"x\""]);
        Ok(())
    }));
    registry.must_register(value_fn(Desc::counter("b", "Help."), || 2.0));
    registry.must_register(value_fn(Desc::gauge("c_seconds", "Help."), || -0.5));
    // With and without a label, which no collector may describe.
    let bare = Desc::gauge("d", "Help.");
    let special = bare.clone().label("x");
    let seconds = Desc::histogram("e_seconds", "Help.");
    let with_x = seconds.clone().label("x");
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples.set(&special, f64::INFINITY, &["1"]);
        samples.set(&bare, f64::NAN, &[]);
        let buckets = [(0.1, 1), (1.0, 2), (1e6, 3)];
        samples.histogram(&seconds, 4, 2_000_001.5, &buckets, &[]);
        samples.histogram(&with_x, 1, 3.0, &[(f64::INFINITY, 1)], &["1"]);
        Ok(())
    }));
    let sizes = Desc::summary("f_bytes", "Help.");
    registry.must_register(collector_fn(vec![sizes.clone()], move |samples| {
        let quantiles = [(0.0, 1.0), (0.5, f64::NAN), (1.0, 3.0)];
        samples.summary(&sizes, 3, 6.0, &quantiles, &[]);
        Ok(())
    }));
    registry.must_register(value_fn(Desc::untyped("g", "Help."), || 7.0));
    registry
}

const AS_TEXT: &str = include_str!("exposition/each_type.prom");

const AS_OPEN_METRICS: &str = include_str!("exposition/each_type.openmetrics");

#[test]
fn every_type_of_the_crate_is_written_in_both_formats() {
    let untyped = Registry::new();
    untyped.must_register(value_fn(Desc::untyped("g", "Help."), || 7.0));
    let mut families = families_of(each_type().into());
    families.extend(families_of(untyped.gather()));
    assert_eq!(Format::TEXT.to_text(&families), AS_TEXT);
    let text = Format::OPEN_METRICS_1_0_0.to_text(&families);
    assert_eq!(text, AS_OPEN_METRICS);
    assert_eq!(Format::OPEN_METRICS_0_0_1.to_text(&families), text);
}

#[cfg(not(feature = "protobuf"))]
#[test]
fn an_untyped_value_of_the_crate_is_written() {
    let mut families = each_type();
    let untyped = vec![families::untyped(7.0)];
    families.push(family("g", MetricType::UNTYPED, untyped));
    assert_eq!(text(&families), AS_TEXT);
    assert_eq!(open_metrics(&families), AS_OPEN_METRICS);
}

#[test]
fn every_type_of_an_own_collector_is_written_in_both_formats() {
    let expected = (AS_TEXT.to_owned(), AS_OPEN_METRICS.to_owned());
    assert_eq!(both(&own_of_each_type()), expected);
}

#[test]
fn a_format_states_its_media_type() {
    assert_eq!(
        [
            Format::TEXT,
            Format::OPEN_METRICS_1_0_0,
            Format::OPEN_METRICS_0_0_1
        ]
        .map(|format| format.content_type),
        [
            "text/plain; version=0.0.4; charset=utf-8",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "application/openmetrics-text; version=0.0.1; charset=utf-8",
        ]
    );
}

#[test]
fn help_is_escaped_and_omitted_if_empty() {
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
        (i64::MAX, "9223372036854775.807"),
    ] {
        let family = [gauges("a", vec![at(gauge(1.0, &[]), milliseconds)])];
        let expected = format!("a 1 {milliseconds}\n");
        assert!(text(&family).ends_with(&expected), "{}", text(&family));
        let expected = format!("a 1.0 {seconds}\n# EOF\n");
        assert!(open_metrics(&family).ends_with(&expected), "{expected}");
    }
}

/// Creates a collector of a number, a histogram and a summary, each with a timestamp.
fn at_times() -> impl Collector {
    let number = Desc::untyped("a", "Help.").label("x");
    let histogram = Desc::histogram("b", "Help.").const_label("x", "1");
    let summary = Desc::summary("c", "Help.");
    let descs = vec![number.clone(), histogram.clone(), summary.clone()];
    collector_fn(descs, move |samples| {
        samples.set(&number, 1.0, &["0"]).at(0);
        samples.set(&number, 2.5, &["1"]).at(1500);
        samples.set(&number, 1e9, &["2"]);
        samples
            .histogram(&histogram, 3, 4.5, &[(-1.0, 0), (0.5, 2)], &[])
            .at(2500);
        samples
            .summary(&summary, 1_000_000, -1.5, &[(0.99, 4.0)], &[])
            .at(3500);
        Ok(())
    })
}

#[test]
fn constant_metrics_are_written_with_their_timestamps() {
    let registry = Registry::new();
    registry.must_register(at_times());
    let (text, open_metrics) = both(&registry);
    assert_eq!(
        text,
        "# HELP a Help.\n# TYPE a untyped\n\
         a{x=\"0\"} 1 0\na{x=\"1\"} 2.5 1500\na{x=\"2\"} 1e+09\n\
         # HELP b Help.\n# TYPE b histogram\n\
         b_bucket{x=\"1\",le=\"-1\"} 0 2500\n\
         b_bucket{x=\"1\",le=\"0.5\"} 2 2500\n\
         b_bucket{x=\"1\",le=\"+Inf\"} 3 2500\n\
         b_sum{x=\"1\"} 4.5 2500\nb_count{x=\"1\"} 3 2500\n\
         # HELP c Help.\n# TYPE c summary\n\
         c{quantile=\"0.99\"} 4 3500\nc_sum -1.5 3500\nc_count 1e+06 3500\n"
    );
    assert_eq!(
        open_metrics,
        "# HELP a Help.\n# TYPE a unknown\n\
         a{x=\"0\"} 1.0 0.000\na{x=\"1\"} 2.5 1.500\na{x=\"2\"} 1e+09\n\
         # HELP b Help.\n# TYPE b histogram\n\
         b_bucket{x=\"1\",le=\"-1.0\"} 0 2.500\n\
         b_bucket{x=\"1\",le=\"0.5\"} 2 2.500\n\
         b_bucket{x=\"1\",le=\"+Inf\"} 3 2.500\n\
         b_sum{x=\"1\"} 4.5 2.500\nb_count{x=\"1\"} 3 2.500\n\
         # HELP c Help.\n# TYPE c summary\n\
         c{quantile=\"0.99\"} 4.0 3.500\nc_sum -1.5 3.500\nc_count 1000000 3.500\n\
         # EOF\n"
    );
}

#[test]
fn collectors_from_closures_are_written() {
    let registry = Registry::new();
    let constant = Desc::counter("b_total", "B.").const_label("z", "1");
    let constant = constant.namespace("shop").namespace("");
    registry.must_register(value_fn(constant, || f64::NEG_INFINITY));
    registry.must_register(value_fn(Desc::gauge("a", ""), || -0.0));
    let desc = Desc::gauge("c_seconds", "C.").label("le").label("b");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        samples.set(&desc, 0.00001, &["1", "2"]);
        Ok(())
    }));
    let (text, open_metrics) = both(&registry);
    assert_eq!(
        text,
        "# TYPE a gauge\na 0\n\
         # HELP c_seconds C.\n# TYPE c_seconds gauge\nc_seconds{b=\"2\",le=\"1\"} 1e-05\n\
         # HELP shop_b_total B.\n# TYPE shop_b_total counter\n\
         shop_b_total{z=\"1\"} -Inf\n"
    );
    assert_eq!(
        open_metrics,
        "# TYPE a gauge\na 0.0\n\
         # HELP c_seconds C.\n# TYPE c_seconds gauge\n# UNIT c_seconds seconds\n\
         c_seconds{b=\"2\",le=\"1\"} 1e-05\n\
         # HELP shop_b B.\n# TYPE shop_b counter\nshop_b_total{z=\"1\"} -Inf\n# EOF\n"
    );
}

#[test]
fn a_sample_is_read_as_it_was_set() {
    let registry = Registry::new();
    registry.must_register(at_times());
    let families = families_of(registry.gather());
    let samples: Vec<_> = families.iter().flat_map(Family::samples).collect();
    let [first, _, third, histogram, summary] = samples.as_slice() else {
        panic!("{samples:?}");
    };
    assert_eq!(first.labels(), [("x".to_owned(), "0".to_owned())]);
    assert_eq!(
        (first.label("x"), first.label("y")),
        (Some("0".into()), None)
    );
    assert_eq!((first.timestamp(), third.timestamp()), (Some(0), None));
    assert_eq!(first.value(), &Value::Number(1.0));
    let expected = HistogramValue {
        count: 3,
        sum: 4.5,
        buckets: vec![(-1.0, 0), (0.5, 2)],
    };
    assert_eq!(histogram.value(), &Value::Histogram(Box::new(expected)));
    let expected = SummaryValue {
        count: 1_000_000,
        sum: -1.5,
        quantiles: vec![(0.99, 4.0)],
    };
    assert_eq!(summary.value(), &Value::Summary(Box::new(expected)));
    assert_eq!(summary.timestamp(), Some(3500));
}

// Names in OpenMetrics.

fn total(name: &str) -> MetricFamily {
    family(name, MetricType::COUNTER, vec![counter(1.0)])
}

fn one(name: &str) -> MetricFamily {
    gauges(name, vec![gauge(2.0, &[])])
}

#[test]
fn a_counter_whose_short_name_is_taken_is_unknown() {
    assert_eq!(
        open_metrics(&[one("a"), total("a_total")]),
        "# HELP a Help.\n# TYPE a gauge\na 2.0\n\
         # HELP a_total Help.\n# TYPE a_total unknown\na_total 1.0\n# EOF\n"
    );
    assert_eq!(
        open_metrics(&[total("_total")]),
        "# HELP _total Help.\n# TYPE _total unknown\n_total 1.0\n# EOF\n"
    );
}

#[test]
fn a_counter_whose_short_name_a_sample_has_is_unknown() {
    let h = family("h", MetricType::HISTOGRAM, vec![histogram(&[], 1, 1.0)]);
    assert_eq!(
        open_metrics(&[h, total("h_count_total")]),
        "# HELP h Help.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1.0\n\
         h_count 1\n\
         # HELP h_count_total Help.\n# TYPE h_count_total unknown\nh_count_total 1.0\n\
         # EOF\n"
    );
}

#[test]
fn a_counter_that_another_ones_created_could_be_is_unknown() {
    assert_eq!(
        open_metrics(&[total("tasks_total"), total("tasks_created_total")]),
        "# HELP tasks_created_total Help.\n# TYPE tasks_created_total unknown\n\
         tasks_created_total 1.0\n\
         # HELP tasks Help.\n# TYPE tasks counter\ntasks_total 1.0\n# EOF\n"
    );
    assert_eq!(
        open_metrics(&[total("tasks_created_total")]),
        "# HELP tasks_created Help.\n# TYPE tasks_created counter\n\
         tasks_created_total 1.0\n# EOF\n"
    );
}

#[test]
fn a_counter_alongside_a_gauge_named_like_its_created_is_unknown() {
    assert_eq!(
        open_metrics(&[total("tasks_total"), one("tasks_created")]),
        "# HELP tasks_created Help.\n# TYPE tasks_created gauge\ntasks_created 2.0\n\
         # HELP tasks_total Help.\n# TYPE tasks_total unknown\ntasks_total 1.0\n\
         # EOF\n"
    );
}

/// Families that affect each other's names in OpenMetrics.
fn related() -> Vec<Family> {
    let names = ["a_total", "tasks_total", "h_count_total"];
    let mut families: Vec<MetricFamily> = names.map(total).into();
    families.extend(["a", "tasks_created"].map(one));
    let h = vec![summary(&[], 1, 1.0)];
    families.push(family("h", MetricType::SUMMARY, h));
    families_of(families.into())
}

/// Writes only the `families` called `name`.
fn only(format: Format, families: &[Family], name: &str) -> String {
    let mut out = Vec::new();
    format.write(families, |other| other == name, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_text_of_a_family_doesnt_depend_on_which_are_wanted() {
    let families = related();
    for (format, end) in [(Format::TEXT, ""), (Format::OPEN_METRICS_1_0_0, "# EOF\n")] {
        let mut one_by_one = String::new();
        for family in &families {
            let text = only(format, &families, family.name());
            one_by_one.push_str(text.strip_suffix(end).unwrap());
        }
        assert_eq!(one_by_one + end, format.to_text(&families));
    }
    assert_eq!(
        only(Format::OPEN_METRICS_1_0_0, &families, "a_total"),
        "# HELP a_total Help.\n# TYPE a_total unknown\na_total 1.0\n# EOF\n"
    );
    assert_eq!(
        only(Format::OPEN_METRICS_1_0_0, &families, "none"),
        "# EOF\n"
    );
}

// The buffer.

#[test]
fn one_huge_label_reserves_no_more_memory_than_it_needs() {
    let enormous = "x".repeat(8 << 20);
    let mut metrics = vec![gauge(1.0, &[("x", &enormous)])];
    let number = |number: usize| gauge(1.0, &[("x", &number.to_string())]);
    metrics.extend((0..200_000).map(number));
    let families = families_of(vec![gauges("a", metrics)].into());
    let mut out = Vec::new();
    Format::TEXT.write(&families, |_| true, &mut out);
    assert!(out.capacity() < 256 << 20, "{}", out.capacity());
}

#[test]
fn no_families_are_written_as_an_empty_text() {
    assert_eq!(text(&[]), "");
    assert_eq!(open_metrics(&[]), "# EOF\n");
}

#[test]
fn existing_content_of_the_buffer_stays() {
    let families = families_of(vec![one("a")].into());
    let mut out = b"before\n".to_vec();
    Format::TEXT.write(&families, |_| true, &mut out);
    assert_eq!(out, b"before\n# HELP a Help.\n# TYPE a gauge\na 2\n");
}
