//! What a scrape drops and which errors it has: for families of the crate, for
//! collectors of the crate and for custom ones.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod families;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use exporter_workbook::collect::{
    CollectError, Collector, Samples, collector_fn, value_fn,
};
use exporter_workbook::collectors::BuildInfoCollector;
use exporter_workbook::desc::{Desc, MetricKind};
use exporter_workbook::exposition::{Family, Format};
use exporter_workbook::registry::{
    GatherError, Gathered, Gatherer, Gatherers, Registry, gatherer_fn,
};
use families::{
    at, collects, counter, family, gauge, gauges, histogram, labelled, summary,
    untyped, words,
};
use prometheus::core as theirs;
use prometheus::proto::{Metric, MetricFamily, MetricType};
use prometheus::{GaugeVec, Opts};

/// Returns the samples and the errors' messages.
fn checked(families: Vec<MetricFamily>) -> (String, Vec<String>) {
    shown(&Gathered::from(families))
}

fn shown(gathered: &Gathered) -> (String, Vec<String>) {
    let text = Format::TEXT.to_text(gathered.families());
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples: Vec<&str> = samples.collect();
    (samples.join("\n"), words(gathered.errors()))
}

/// Returns the samples of a scrape without errors.
#[track_caller]
fn samples_of(source: &dyn Gatherer) -> String {
    let (samples, errors) = shown(&source.gather());
    assert_eq!(errors, [""; 0]);
    samples
}

fn one(name: &str) -> MetricFamily {
    gauges(name, vec![gauge(1.0, &[])])
}

/// Asserts that `bad` is dropped, and a good gauge alongside it is kept.
#[track_caller]
fn assert_left_out(bad: MetricFamily, error: &str) {
    let error = format!("a source of families reported {error}");
    let expected = ("good 1".to_owned(), vec![error]);
    assert_eq!(checked(vec![bad, one("good")]), expected);
}

fn value(name: &str, value: f64) -> impl Collector + use<> {
    value_fn(Desc::gauge(name, "Help."), move || value)
}

/// Creates a collector that describes nothing and reports with `collect`.
fn unchecked<F>(collect: F) -> impl Collector
where
    F: Fn(&mut Samples<'_>) + Send + Sync,
{
    collector_fn(Vec::new(), move |samples| {
        collect(samples);
        Ok(())
    })
}

/// Gathers from collectors that describe nothing.
fn gathered_of<F>(collects: Vec<F>) -> (String, Vec<String>)
where
    F: Fn(&mut Samples<'_>) + Send + Sync + 'static,
{
    let registry = Registry::new();
    for collect in collects {
        registry.must_register(unchecked(collect));
    }
    shown(&registry.gather())
}

fn twice(collector: &str, series: &str) -> String {
    format!(
        "{collector} reported `{series}`, which was reported already: tell the two apart \
         by a label, or report it once"
    )
}

const SOURCE: &str = "a source of families";
const UNCHECKED: &str = "an unchecked collector";

// Families of the crate.

#[test]
fn consistent_families_are_merged_and_sorted() {
    let families = vec![
        gauges("b", vec![gauge(3.0, &[("zone", "y"), ("module", "n")])]),
        gauges("a", vec![gauge(1.0, &[])]),
        gauges("b", vec![gauge(2.0, &[("module", "n"), ("zone", "x")])]),
        gauges("empty", vec![]),
    ];
    let expected = "a 1\nb{module=\"n\",zone=\"x\"} 2\nb{module=\"n\",zone=\"y\"} 3";
    assert_eq!(checked(families), (expected.to_owned(), vec![]));
}

#[test]
fn a_duplicate_series_is_an_error() {
    let metric = || gauge(1.0, &[("module", "m"), ("zone", "z")]);
    let other_order = gauge(2.0, &[("zone", "z"), ("module", "m")]);
    let series = "a{module=\"m\",zone=\"z\"}";
    let error = twice(SOURCE, series);
    let (samples, errors) = checked(vec![gauges("a", vec![metric(), other_order])]);
    assert_eq!((samples.as_str(), errors), ("", vec![error.clone()]));
    // In two families, of which the first is kept.
    let families = vec![gauges("a", vec![metric()]), gauges("a", vec![metric()])];
    assert_eq!(checked(families), (format!("{series} 1"), vec![error]));
}

#[test]
fn metrics_that_share_some_labels_are_different_series() {
    let families = vec![gauges(
        "a",
        vec![
            gauge(1.0, &[("x", "1")]),
            gauge(2.0, &[("y", "1")]),
            gauge(3.0, &[("x", "1"), ("y", "1")]),
            gauge(4.0, &[("x", "1"), ("z", "1")]),
            gauge(5.0, &[("x", "11"), ("y", "")]),
            gauge(6.0, &[]),
        ],
    )];
    let (samples, errors) = checked(families);
    assert_eq!(errors, [""; 0]);
    assert_eq!(samples.lines().count(), 6, "{samples}");
}

#[test]
fn a_scrape_lists_a_hundred_errors_and_counts_the_rest() {
    let misnamed = |number: usize| one(&format!("a-{number}"));
    let gathered = Gathered::from((0..250).map(misnamed).collect::<Vec<_>>());
    assert_eq!(gathered.errors().len(), 101);
    assert_eq!(gathered.errors()[100].to_string(), "and 150 more error(s)");
    let families = (0..100).map(misnamed).collect::<Vec<_>>();
    assert_eq!(Gathered::from(families).errors().len(), 100);
}

#[test]
fn several_sources_count_the_errors_that_they_dont_list() {
    let bad = || {
        let misnamed = |number: usize| one(&format!("a-{number}"));
        gatherer_fn(move || (0..250).map(misnamed).collect::<Vec<_>>().into())
    };
    for (sources, expected) in [
        (vec![bad()], "and 150 more error(s)"),
        (vec![bad(), bad()], "and 400 more error(s)"),
    ] {
        let boxed = sources.into_iter().map(|source| Box::new(source) as _);
        let gathered = Gatherers(boxed.collect()).gather();
        assert_eq!(gathered.errors().len(), 101);
        assert_eq!(gathered.errors()[100].to_string(), expected);
    }
}

#[test]
fn a_message_quotes_the_beginning_of_long_labels() {
    let long = "é".repeat(101);
    let metric = || gauge(1.0, &[("x", &long)]);
    let (_, errors) = checked(vec![gauges("a", vec![metric(), metric()])]);
    // With the three characters before the value.
    let series = format!("a{{x=\"{}…}}", "é".repeat(97));
    assert_eq!(errors, [twice(SOURCE, &series)]);
}

#[test]
fn a_family_without_metrics_contradicts_nothing() {
    let empty = family("a", MetricType::COUNTER, vec![]);
    let families = vec![empty, one("a")];
    assert_eq!(checked(families), ("a 1".to_owned(), vec![]));
}

#[test]
fn one_of_many_bad_metrics_in_a_family_is_named() {
    let many = vec![gauge(1.0, &[("zone", "z")]); 100];
    assert_left_out(
        gauges("a", many),
        "`a{zone=\"z\"}`, which was reported already: tell the two apart by a label, or \
         report it once",
    );
    let metrics = vec![
        gauge(1.0, &[("x", "1")]),
        gauge(2.0, &[("__x", "1")]),
        gauge(4.0, &[("__x", "2")]),
    ];
    assert_left_out(
        gauges("a", metrics),
        "`a{__x=\"1\"}`: label names that begin with `__` are reserved: rename \
         `__x`",
    );
}

#[test]
fn one_name_has_one_type() {
    let families = vec![
        one("a"),
        family("a", MetricType::COUNTER, vec![counter(2.0)]),
    ];
    let error = "a source of families reported `a` as a counter, which another reported \
                 as a gauge: use the same type, or rename one of them";
    assert_eq!(
        checked(families),
        ("a 1".to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn one_name_has_one_help_text() {
    let mut other = gauges("a", vec![gauge(2.0, &[("x", "1")])]);
    other.set_help("Other.".to_owned());
    let error = "a source of families reported `a` with the help \"Other.\", which \
                 another reported with the help \"Help.\": use the same help text, or \
                 rename one of them";
    assert_eq!(
        checked(vec![one("a"), other]),
        ("a 1".to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn a_value_has_its_familys_type() {
    assert_left_out(
        family("a", MetricType::COUNTER, vec![gauge(1.0, &[])]),
        "`a`: its value is of type gauge but its family is of type counter: set the \
         family's type with `set_field_type` (the default is counter)",
    );
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[]), histogram(&[], 1, 0.0)]),
        "`a`: its value is of type histogram but its family is of type gauge: set the \
         family's type with `set_field_type` (the default is counter)",
    );
}

#[cfg(not(feature = "protobuf"))]
#[test]
fn an_untyped_value_has_its_familys_type() {
    let families = vec![family("a", MetricType::UNTYPED, vec![untyped(3.0)])];
    assert_eq!(checked(families), ("a 3".to_owned(), vec![]));
    assert_left_out(
        gauges("a", vec![untyped(3.0)]),
        "`a`: its value is of type untyped but its family is of type gauge: set the \
         family's type with `set_field_type` (the default is counter)",
    );
}

#[cfg(feature = "protobuf")]
#[test]
fn the_crates_protobuf_types_hide_untyped_values() {
    assert_left_out(
        family("a", MetricType::UNTYPED, vec![untyped(3.0)]),
        "`a`: the crate's feature `protobuf` hides the values of untyped metrics: \
         report it with `Samples::set`",
    );
}

#[test]
fn names_follow_the_data_model() {
    for name in ["", "a-b", "9a", "a b", "ä"] {
        let error = format!(
            "`{name}`: `{name}` isn't a metric name: use letters, digits, `_` and \
             `:`, but no leading digit"
        );
        assert_left_out(one(name), &error);
    }
    for label in ["", "a-b", "9a", "a:b"] {
        let error = format!(
            "`a{{{label}=\"1\"}}`: `{label}` isn't a label name: use letters, digits \
             and `_`, but no leading digit"
        );
        assert_left_out(gauges("a", vec![gauge(1.0, &[(label, "1")])]), &error);
    }
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[("__name__", "b")])]),
        "`a{__name__=\"b\"}`: label names that begin with `__` are reserved: rename \
         `__name__`",
    );
}

#[test]
fn a_family_renamed_to_an_invalid_name_is_dropped() {
    let families = Gathered::from(vec![one("a"), one("b")]).into_families();
    let mut families = families.into_iter();
    let renamed = families.next().unwrap().with_name("a b");
    let all = families.chain([renamed]).collect();
    let error = "a source of families reported `a b` under an invalid name: `a b` \
                 isn't a metric name: use letters, digits, `_` and `:`, but no \
                 leading digit";
    assert_eq!(
        shown(&Gathered::new(all, Vec::new())),
        ("b 1".to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn a_duplicate_label_is_an_error() {
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[("x", "1"), ("y", "1"), ("x", "2")])]),
        "`a{x=\"1\",y=\"1\",x=\"2\"}`: it has the label `x` twice, keep one",
    );
}

#[test]
fn le_and_quantile_are_reserved_for_their_types() {
    use MetricType::{HISTOGRAM, SUMMARY};
    for (metric, of, label, kind) in [
        (histogram(&[], 1, 0.0), HISTOGRAM, "le", "histogram"),
        (summary(&[], 1, 0.0), SUMMARY, "quantile", "summary"),
    ] {
        let metric = labelled(metric, &[(label, "1")]);
        assert_left_out(
            family("a", of, vec![metric]),
            &format!(
                "`a{{{label}=\"1\"}}`: the label `{label}` belongs to the {kind} itself, \
                 rename yours"
            ),
        );
    }
    let families = vec![gauges("a", vec![gauge(1.0, &[("le", "1")])])];
    assert_eq!(checked(families), ("a{le=\"1\"} 1".to_owned(), vec![]));
}

#[test]
fn a_family_isnt_named_like_a_sample_of_another() {
    let histogram = || family("a", MetricType::HISTOGRAM, vec![histogram(&[], 1, 0.0)]);
    let summary = || family("a", MetricType::SUMMARY, vec![summary(&[], 1, 0.0)]);
    for (name, other, kind) in [
        ("a_bucket", histogram(), "histogram"),
        ("a_count", histogram(), "histogram"),
        ("a_sum", histogram(), "histogram"),
        ("a_count", summary(), "summary"),
        ("a_sum", summary(), "summary"),
    ] {
        for families in [
            vec![one(name), other.clone()],
            vec![other.clone(), one(name)],
        ] {
            let (samples, errors) = checked(families);
            assert_eq!(samples, checked(vec![other.clone()]).0);
            let error = format!(
                "a source of families reported `{name}` beside the {kind} `a`, which has \
                 samples of that name: rename one of them"
            );
            assert_eq!(errors, [error]);
        }
    }
    let names = ["a_bucket", "b", "b_count", "c_count"];
    let mut fine: Vec<MetricFamily> = names.map(one).into();
    fine.push(summary());
    assert_eq!(Gathered::from(fine).errors(), []);
}

/// Asserts that a histogram is dropped, as a family of the crate and from a custom
/// collector.
fn assert_bad_buckets(buckets: &[(f64, u64)], count: u64, problem: &str) {
    let metric = histogram(buckets, count, 0.0);
    let families = family("a", MetricType::HISTOGRAM, vec![metric]);
    assert_left_out(families, &format!("`a`: {problem}"));
    let desc = Desc::histogram("a", "Help.");
    let (described, buckets) = (desc.clone(), buckets.to_vec());
    assert_costs_itself(
        vec![described],
        move |samples| {
            samples.histogram(&desc, count, 0.0, &buckets, &[]);
            Ok(())
        },
        &format!("reported `a`: {problem}"),
    );
}

#[test]
fn buckets_are_sorted() {
    let after = |bound: &str| {
        format!("its bucket `le` {bound} comes after 1: sort them, each once")
    };
    assert_bad_buckets(&[(1.0, 1), (0.5, 1)], 1, &after("0.5"));
    assert_bad_buckets(&[(1.0, 1), (1.0, 1)], 1, &after("1"));
    let not_a_number = "a bucket's bound is not a number";
    assert_bad_buckets(&[(1.0, 1), (f64::NAN, 1)], 1, not_a_number);
    assert_bad_buckets(&[(f64::NAN, 1)], 1, not_a_number);
}

#[test]
fn buckets_are_cumulative() {
    let inf = f64::INFINITY;
    let decreasing = "its bucket `le` 2 counts 1 but the one before it 2: buckets are \
                      cumulative";
    assert_bad_buckets(&[(1.0, 2), (2.0, 1)], 2, decreasing);
    let too_many = "its bucket `le` 1 counts 2, of 1 observations";
    assert_bad_buckets(&[(1.0, 2)], 1, too_many);
    let too_few = "its bucket `le` +Inf counts 1, of 2 observations";
    assert_bad_buckets(&[(1.0, 1), (inf, 1)], 2, too_few);
    for (buckets, count) in [
        (vec![(-1.0, 0), (1.0, 1)], 2),
        (vec![(1.0, 1), (inf, 2)], 2),
        (vec![], 0),
    ] {
        let metric = histogram(&buckets, count, 0.0);
        let families = vec![family("a", MetricType::HISTOGRAM, vec![metric])];
        assert_eq!(Gathered::from(families).errors(), []);
    }
}

/// Creates a summary with these quantiles.
fn of(quantiles: &[f64]) -> Metric {
    let quantiles: Vec<(f64, f64)> = quantiles.iter().map(|q| (*q, 0.0)).collect();
    summary(&quantiles, 1, 0.0)
}

#[test]
fn quantiles_are_sorted_and_between_0_and_1() {
    let after =
        |before| format!("its quantile 0.5 comes after {before}: sort them, each once");
    let outside = |quantile| format!("its quantile {quantile} is not between 0 and 1");
    for (quantiles, problem) in [
        (vec![1.5], outside("1.5")),
        (vec![f64::NAN], outside("NaN")),
        (vec![0.5, 0.5], after("0.5")),
        (vec![0.9, 0.5], after("0.9")),
    ] {
        let family = family("a", MetricType::SUMMARY, vec![of(&quantiles)]);
        assert_left_out(family, &format!("`a`: {problem}"));
        let desc = Desc::summary("a", "Help.");
        assert_costs_itself(
            vec![desc.clone()],
            move |samples| {
                let quantiles: Vec<_> = quantiles.iter().map(|q| (*q, 0.0)).collect();
                samples.summary(&desc, 1, 0.0, &quantiles, &[]);
                Ok(())
            },
            &format!("reported `a`: {problem}"),
        );
    }
}

// Collectors of the crate in a registry.

fn good() -> Box<dyn theirs::Collector> {
    collects("good", || vec![one("good")])
}

#[test]
fn a_panic_in_a_collector_is_an_error_that_names_it() {
    let registry = Registry::new();
    registry.must_register(good());
    registry.must_register(collects("broken", || panic!("no sensor")));
    for _ in 0..2 {
        let gathered = registry.gather();
        assert_eq!(
            gathered.errors(),
            [GatherError::Panicked {
                collector: "the collector of `broken`".to_owned(),
                message: "no sensor".to_owned(),
            }]
        );
        let error = "the collector of `broken` panicked: no sensor (the program's log \
                     says where)";
        let expected = ("good 1".to_owned(), vec![error.to_owned()]);
        assert_eq!(shown(&gathered), expected);
    }
}

#[test]
fn a_panic_in_the_crates_registry_costs_that_whole_registry() {
    let crates = prometheus::Registry::new();
    crates.register(good()).unwrap();
    let broken = collects("broken", || panic!("no sensor"));
    crates.register(broken).unwrap();
    let ours = Registry::new();
    ours.must_register(value("ours", 1.0));
    let both = Gatherers(vec![Box::new(crates), Box::new(ours)]);
    for _ in 0..2 {
        let error = "a collector panicked: no sensor (the program's log says where)";
        let expected = ("ours 1".to_owned(), vec![error.to_owned()]);
        assert_eq!(shown(&both.gather()), expected);
    }
}

#[test]
fn a_bad_family_costs_all_samples_of_its_collector() {
    let registry = Registry::new();
    registry.must_register(good());
    let bad = || gauges("bad", vec![gauge(1.0, &[("9", "x")])]);
    let make = move || vec![one("a"), bad(), one("b c"), one("c")];
    registry.must_register(collects("a", make));
    let error = "the collector of `a` reported `bad{9=\"x\"}`: `9` isn't a label \
                 name: use letters, digits and `_`, but no leading digit";
    let expected = ("good 1".to_owned(), vec![error.to_owned()]);
    assert_eq!(shown(&registry.gather()), expected);
}

#[test]
fn a_collector_of_the_crate_may_report_what_it_doesnt_describe() {
    let registry = Registry::new();
    registry.must_register(collects("a", || vec![one("a"), one("b")]));
    assert_eq!(samples_of(&registry), "a 1\nb 1");
}

#[test]
fn the_first_of_two_contradictory_collectors_is_kept() {
    for _ in 0..20 {
        let registry = Registry::new();
        for (name, value) in [("c", 1.0), ("b", 2.0), ("a", 3.0)] {
            let make = move || vec![one(name), gauges("same", vec![gauge(value, &[])])];
            registry.must_register(collects(name, make));
        }
        let expected = (
            "c 1\nsame 1".to_owned(),
            vec![
                twice("the collector of `b`", "same"),
                twice("the collector of `a`", "same"),
            ],
        );
        assert_eq!(shown(&registry.gather()), expected);
    }
}

#[test]
fn the_first_of_two_types_or_help_texts_is_kept() {
    let registry = Registry::new();
    registry.must_register(collects("first", || vec![one("a"), one("h_sum")]));
    let mut help = one("a");
    help.set_help("Other.".to_owned());
    registry.must_register(collects("help", move || vec![help.clone(), one("x")]));
    registry.must_register(collects("type", || {
        vec![
            family("a", MetricType::COUNTER, vec![counter(1.0)]),
            one("y"),
        ]
    }));
    let errors = [
        "the collector of `help` reported `a` with the help \"Other.\", which another \
         reported with the help \"Help.\": use the same help text, or rename one of \
         them",
        "the collector of `type` reported `a` as a counter, which another reported as a \
         gauge: use the same type, or rename one of them",
    ];
    let expected = ("a 1\nh_sum 1".to_owned(), errors.map(str::to_owned).into());
    assert_eq!(shown(&registry.gather()), expected);
}

#[test]
fn the_first_of_a_histogram_and_a_metric_named_like_its_sample_is_kept() {
    let first = || collects("first", || vec![one("a"), one("h_sum")]);
    let second = || {
        collects("h", || {
            let h = histogram(&[], 1, 2.0);
            vec![family("h", MetricType::HISTOGRAM, vec![h])]
        })
    };
    let registry = Registry::new();
    registry.must_register(first());
    registry.must_register(second());
    let error = "the collector of `h` reported `h` beside `h_sum`, which is the name of one \
                 of its samples: rename one of them";
    let expected = ("a 1\nh_sum 1".to_owned(), vec![error.to_owned()]);
    assert_eq!(shown(&registry.gather()), expected);
    let registry = Registry::new();
    registry.must_register(second());
    registry.must_register(first());
    let error = "the collector of `first` reported `h_sum` beside the histogram `h`, which \
                 has samples of that name: rename one of them";
    let h = "h_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1";
    assert_eq!(
        shown(&registry.gather()),
        (h.to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn our_registry_and_the_crates_gather_alike() {
    let (ours, crates) = (Registry::new(), prometheus::Registry::new());
    let vec = || {
        let vec = GaugeVec::new(Opts::new("a", "A."), &["zone", "path"]).unwrap();
        for values in [["z", "p"], ["z", "o"], ["y", "p"]] {
            vec.with_label_values(&values).set(1.0);
        }
        vec
    };
    ours.must_register(vec());
    ours.must_register(good());
    crates.register(Box::new(vec())).unwrap();
    crates.register(good()).unwrap();
    let gathered = ours.gather();
    assert_eq!(gathered.errors(), []);
    let text = Format::TEXT.to_text(gathered.families());
    let theirs = Gatherer::gather(&crates);
    assert_eq!(text, Format::TEXT.to_text(theirs.families()));
    let expected = prometheus::TextEncoder::new().encode_to_string(&crates.gather());
    assert_eq!(text, expected.unwrap());
}

#[test]
fn the_prefix_and_labels_of_the_crates_registry_are_on_every_family_and_sorted() {
    let common = HashMap::from([
        ("a_zone".to_owned(), "z".to_owned()),
        ("z_zone".to_owned(), "y".to_owned()),
    ]);
    let registry =
        prometheus::Registry::new_custom(Some("shop".to_owned()), Some(common))
            .unwrap();
    let vec = GaugeVec::new(Opts::new("a", "A."), &["path"]).unwrap();
    vec.with_label_values(&["/"]).set(1.0);
    registry.register(Box::new(vec)).unwrap();
    registry.register(good()).unwrap();
    assert_eq!(
        samples_of(&registry),
        "shop_a{a_zone=\"z\",path=\"/\",z_zone=\"y\"} 1\n\
         shop_good{a_zone=\"z\",z_zone=\"y\"} 1"
    );
}

#[test]
fn a_gather_during_a_registration_has_the_prefix_and_the_labels() {
    let registry = Registry::new();
    let shop = registry.with_prefix("shop_").with_labels(&[("zone", "z")]);
    shop.must_register(good());
    let gathering = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = prometheus::Gauge::new("other", "O.").unwrap();
            while gathering.load(Ordering::Relaxed) {
                shop.must_register(other.clone());
                assert!(shop.unregister(&other));
            }
        });
        let wrong = (0..2000).find_map(|_| {
            let (samples, _) = shown(&registry.gather());
            let other = "\nshop_other{zone=\"z\"} 0";
            let rest = samples.strip_prefix("shop_good{zone=\"z\"} 1")?;
            (!rest.is_empty() && rest != other).then_some(samples)
        });
        gathering.store(false, Ordering::Relaxed);
        assert_eq!(wrong, None);
    });
}

// A registry as a collector of another one.

fn inner() -> Registry {
    let registry = Registry::new();
    for (name, number) in [("public_a", 1.0), ("secret", 2.0), ("public_b", 3.0)] {
        registry.must_register(value(name, number));
    }
    let desc = Desc::counter("public_c_total", "Help.").label("x");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        samples.set(&desc, 5.0, &["z"]).at(4000);
        samples.set(&desc, 4.0, &["a"]);
        Ok(())
    }));
    registry
}

#[test]
fn a_registry_may_be_a_collector_of_another() {
    let outer = Registry::new();
    let source = inner();
    outer.must_register(unchecked(move |samples| {
        for family in source.gather().into_families() {
            samples.append(family);
        }
    }));
    outer.must_register(value("outer", 9.0));
    assert_eq!(
        samples_of(&outer),
        "outer 9\npublic_a 1\npublic_b 3\n\
         public_c_total{x=\"z\"} 5 4000\npublic_c_total{x=\"a\"} 4\nsecret 2"
    );
}

/// Filters, renames and counts what `inner` gathers.
fn changes(inner: Registry) -> impl Collector {
    let counted = Desc::gauge("families", "Help.");
    unchecked(move |samples| {
        let mut families = inner.gather().into_families();
        samples.set(&counted, families.len() as f64, &[]);
        families.retain(|family| family.name() != "secret");
        for mut family in families {
            family.retain(|sample| sample.label("x").is_none_or(|x| x == "a"));
            let name = family.name().replace("public", "shop");
            samples.append(family.with_name(&name).with_help("Other."));
        }
    })
}

#[test]
fn what_a_registry_gathered_may_be_filtered_renamed_and_counted() {
    let outer = Registry::new();
    outer.must_register(changes(inner()));
    let gathered = outer.gather();
    assert_eq!(
        Format::TEXT.to_text(gathered.families()),
        "# HELP families Help.\n# TYPE families gauge\nfamilies 4\n\
         # HELP shop_a Other.\n# TYPE shop_a gauge\nshop_a 1\n\
         # HELP shop_b Other.\n# TYPE shop_b gauge\nshop_b 3\n\
         # HELP shop_c_total Other.\n# TYPE shop_c_total counter\n\
         shop_c_total{x=\"a\"} 4\n"
    );
    assert_eq!(gathered.errors(), []);
}

#[test]
fn a_collector_that_filters_the_crates_registry_serves_what_it_returns() {
    let inner = prometheus::Registry::new();
    for name in ["public_a", "secret", "public_b"] {
        let collector = collects(name, move || vec![one(name)]);
        inner.register(collector).unwrap();
    }
    let outer = Registry::new();
    outer.must_register(collects("gathers", move || {
        let families = inner.gather().into_iter();
        let public = families.filter(|family| family.name().starts_with("public"));
        public.collect()
    }));
    outer.must_register(good());
    for _ in 0..20 {
        assert_eq!(samples_of(&outer), "good 1\npublic_a 1\npublic_b 1");
    }
}

#[test]
fn what_the_inner_registry_drops_isnt_an_error_of_the_outer() {
    let inner = Registry::new();
    inner.must_register(value("a", 1.0));
    inner.must_register(collects("broken", || panic!("no sensor")));
    let outer = Registry::new();
    let counted = Desc::gauge("errors", "Help.");
    outer.must_register(unchecked(move |samples| {
        let gathered = inner.gather();
        samples.set(&counted, gathered.errors().len() as f64, &[]);
        for family in gathered.into_families() {
            samples.append(family);
        }
    }));
    assert_eq!(samples_of(&outer), "a 1\nerrors 1");
}

#[test]
fn an_appended_family_must_be_described_if_anything_is() {
    for (desc, error) in [
        (Desc::gauge("a", "Help."), None),
        (Desc::counter("a", "Help."), Some("a")),
        (Desc::gauge("b", "Help."), Some("b")),
    ] {
        let inner = Registry::new();
        inner.must_register(value("a", 1.0));
        let outer = Registry::new();
        outer.must_register(collector_fn(vec![desc], move |samples| {
            for family in inner.gather().into_families() {
                samples.append(family);
            }
            Ok(())
        }));
        let expected = match error {
            None => ("a 1".to_owned(), vec![]),
            Some(name) => {
                let error = format!(
                    "the collector of `{name}` reported `a`, which it doesn't describe: \
                     return its descriptor from `describe`, unchanged"
                );
                (String::new(), vec![error])
            }
        };
        assert_eq!(shown(&outer.gather()), expected);
    }
}

#[test]
fn an_appended_family_with_a_bad_name_costs_its_collector() {
    let outer = Registry::new();
    let source = inner();
    outer.must_register(good());
    outer.must_register(unchecked(move |samples| {
        for family in source.gather().into_families() {
            let name = family.name().replace('_', "-");
            samples.append(family.with_name(&name));
        }
    }));
    let error = "an unchecked collector reported `public-a`: `public-a` isn't a \
                 metric name: use letters, digits, `_` and `:`, but no leading digit";
    let expected = ("good 1".to_owned(), vec![error.to_owned()]);
    assert_eq!(shown(&outer.gather()), expected);
}

#[test]
fn an_appended_histogram_with_the_name_of_another_type_is_an_error() {
    let inner = Registry::new();
    let opts = prometheus::HistogramOpts::new("h", "Help.");
    inner.must_register(prometheus::Histogram::with_opts(opts).unwrap());
    let outer = Registry::new();
    outer.must_register(value("a", 1.0));
    outer.must_register(unchecked(move |samples| {
        for family in inner.gather().into_families() {
            samples.append(family.with_name("a"));
        }
    }));
    let error = "an unchecked collector reported `a` as a histogram, which another \
                 reported as a gauge: use the same type, or rename one of them";
    let expected = ("a 1".to_owned(), vec![error.to_owned()]);
    assert_eq!(shown(&outer.gather()), expected);
}

#[test]
fn a_collector_that_resets_on_read_is_called_once() {
    let registry = Registry::new();
    let (own, crates) = (AtomicU64::new(0), AtomicU64::new(0));
    let calls = Arc::new((own, crates));
    let counts = Arc::clone(&calls);
    let count = move || counts.0.fetch_add(1, Ordering::SeqCst) as f64;
    registry.must_register(value_fn(Desc::gauge("own", "Help."), count));
    let counts = Arc::clone(&calls);
    registry.must_register(collects("crates", move || {
        let call = counts.1.fetch_add(1, Ordering::SeqCst);
        vec![gauges("crates", vec![gauge(call as f64, &[])])]
    }));
    registry.must_register(value("other", 1.0));
    registry.register(value("other", 1.0)).unwrap_err();
    for call in 0..5 {
        let expected = format!("crates {call}\nother 1\nown {call}");
        assert_eq!(samples_of(&registry), expected);
    }
    let several = Gatherers(vec![Box::new(registry)]);
    assert_eq!(samples_of(&several), "crates 5\nother 1\nown 5");
    assert_eq!(calls.0.load(Ordering::SeqCst), 6);
    assert_eq!(calls.1.load(Ordering::SeqCst), 6);
}

// Timestamps.

fn negative(time: i64) -> String {
    format!(
        "`a`: its timestamp {time} is negative, and Prometheus would refuse the whole \
         exposition: set Unix milliseconds, or none"
    )
}

#[test]
fn a_negative_timestamp_is_an_error() {
    for time in [-1, -1500, i64::MIN] {
        let metrics = vec![at(gauge(1.0, &[]), time)];
        assert_left_out(gauges("a", metrics), &negative(time));
        let desc = Desc::gauge("a", "Help.");
        assert_costs_itself(
            vec![desc.clone()],
            move |samples| {
                samples.set(&desc, 1.0, &[]).at(time);
                Ok(())
            },
            &format!("reported {}", negative(time)),
        );
    }
}

#[test]
fn a_series_may_have_two_timestamps_and_is_sorted_by_them() {
    let metrics = vec![at(gauge(2.0, &[]), 2000), at(gauge(1.0, &[]), 1000)];
    let expected = ("a 1 1000\na 2 2000".to_owned(), vec![]);
    assert_eq!(checked(vec![gauges("a", metrics.clone())]), expected);
    let families = metrics.into_iter().map(|metric| gauges("a", vec![metric]));
    assert_eq!(checked(families.collect()), expected);
    // From two custom collectors.
    let set = |value: f64| {
        let desc = Desc::gauge("a", "Help.");
        move |samples: &mut Samples<'_>| {
            samples.set(&desc, value, &[]).at(value as i64 * 1000);
        }
    };
    assert_eq!(gathered_of(vec![set(2.0), set(1.0)]), expected);
}

#[test]
fn a_series_with_two_timestamps_of_one_collector_is_sorted_by_them() {
    let registry = Registry::new();
    let desc = Desc::gauge("a", "Help.").label("x");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        for (value, x) in [(3.0, "z"), (2.0, "a"), (1.0, "z"), (2.0, "z")] {
            samples.set(&desc, value, &[x]).at(value as i64 * 1000);
        }
        Ok(())
    }));
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    let family = &gathered.families()[0];
    assert_eq!(family.samples().len(), 4);
    let mut times = BTreeMap::new();
    for sample in family.samples() {
        let times: &mut Vec<_> = times.entry(sample.label("x")).or_default();
        times.push(sample.timestamp().unwrap());
    }
    let expected = [("a", vec![2000]), ("z", vec![1000, 2000, 3000])];
    let expected = expected.map(|(x, times)| (Some(x.to_owned()), times));
    assert_eq!(times, BTreeMap::from(expected));
}

#[test]
fn a_series_twice_with_the_same_timestamp_is_an_error() {
    let metric = || at(gauge(1.0, &[]), 1000);
    let families = vec![
        gauges("a", vec![metric()]),
        gauges("a", vec![metric()]),
        gauges("a", vec![at(gauge(1.0, &[]), 2000)]),
    ];
    let expected = "a 1 1000\na 1 2000".to_owned();
    assert_eq!(checked(families), (expected, vec![twice(SOURCE, "a")]));
}

#[test]
fn a_series_with_and_without_a_timestamp_is_an_error() {
    let later = || at(gauge(2.0, &[]), 1000);
    let now = || gauge(1.0, &[]);
    for metrics in [vec![now(), later()], vec![later(), now()]] {
        let (samples, errors) = checked(vec![gauges("a", metrics)]);
        assert_eq!((samples.as_str(), errors), ("", vec![twice(SOURCE, "a")]));
    }
    let families = vec![gauges("a", vec![later()]), gauges("a", vec![now()])];
    let expected = ("a 2 1000".to_owned(), vec![twice(SOURCE, "a")]);
    assert_eq!(checked(families), expected);
    let set = |time: Option<i64>| {
        let desc = Desc::gauge("a", "Help.");
        move |samples: &mut Samples<'_>| {
            let added = samples.set(&desc, 1.0, &[]);
            if let Some(time) = time {
                added.at(time);
            }
        }
    };
    let error = twice(UNCHECKED, "a");
    for (times, expected, errors) in [
        (vec![None, Some(1000)], "a 1", 1),
        (vec![Some(1000), None], "a 1 1000", 1),
        (vec![None, Some(1000), Some(2000)], "a 1", 2),
        (vec![Some(1000), None, Some(2000)], "a 1 1000\na 1 2000", 1),
    ] {
        let gathered = gathered_of(times.iter().map(|time| set(*time)).collect());
        let expected = (expected.to_owned(), vec![error.clone(); errors]);
        assert_eq!(gathered, expected, "{times:?}");
    }
}

// Empty label values.

/// Sets `e` or `e{x=""}`, with a timestamp unless it is 0.
fn set_empty(with_label: bool, time: i64) -> impl Fn(&mut Samples<'_>) {
    let bare = Desc::gauge("e", "Help.");
    let labelled = bare.clone().label("x");
    move |samples| {
        let added = match with_label {
            true => samples.set(&labelled, 1.0, &[""]),
            false => samples.set(&bare, 1.0, &[]),
        };
        if time != 0 {
            added.at(time);
        }
    }
}

#[test]
fn an_empty_label_value_means_no_label() {
    let (with, without) = ("e{x=\"\"}", "e");
    for (first, second, series) in [(true, false, without), (false, true, with)] {
        let metric = |with_label| match with_label {
            true => gauge(1.0, &[("x", "")]),
            false => gauge(1.0, &[]),
        };
        // Within a family of the crate, and across two.
        let (samples, errors) =
            checked(vec![gauges("e", vec![metric(first), metric(second)])]);
        assert_eq!((samples.as_str(), errors.len()), ("", 1));
        let families = [first, second].map(|with| gauges("e", vec![metric(with)]));
        let first_alone = if first { "e{x=\"\"} 1" } else { "e 1" };
        let expected = (first_alone.to_owned(), vec![twice(SOURCE, series)]);
        assert_eq!(checked(families.into()), expected);
        // Across two custom collectors.
        let expected = (first_alone.to_owned(), vec![twice(UNCHECKED, series)]);
        let two = vec![set_empty(first, 0), set_empty(second, 0)];
        assert_eq!(gathered_of(two), expected);
        // Within one.
        let (one, other) = (set_empty(first, 0), set_empty(second, 0));
        let both = move |samples: &mut Samples<'_>| {
            one(samples);
            other(samples);
        };
        let (samples, errors) = gathered_of(vec![both]);
        assert_eq!((samples.as_str(), errors.len()), ("", 1));
    }
}

#[test]
fn several_empty_label_values_mean_no_labels() {
    let labels: [&[(&str, &str)]; 2] =
        [&[("a", ""), ("x", "1")], &[("x", "1"), ("z", "")]];
    let families = labels.map(|labels| gauges("e", vec![gauge(1.0, labels)]));
    let expected = (
        "e{a=\"\",x=\"1\"} 1".to_owned(),
        vec![twice(SOURCE, "e{x=\"1\",z=\"\"}")],
    );
    assert_eq!(checked(families.into()), expected);
    // Different, though the text is similar.
    let labels: [&[(&str, &str)]; 3] =
        [&[("a", "\",x=\"1")], &[("a", ""), ("x", "1")], &[("a", "")]];
    let families = labels.map(|labels| gauges("e", vec![gauge(1.0, labels)]));
    let (samples, errors) = checked(families.into());
    assert_eq!((samples.lines().count(), errors.len()), (3, 0));
}

#[test]
fn a_single_series_with_empty_labels_is_fine() {
    let registry = Registry::new();
    registry.must_register(BuildInfoCollector::new("queue_exporter", "1.2.3"));
    registry.must_register(BuildInfoCollector::new("other", ""));
    let samples = samples_of(&registry);
    assert_eq!(samples.lines().count(), 2, "{samples}");
    assert!(samples.contains("branch=\"\""), "{samples}");
}

#[test]
fn a_series_with_and_without_an_empty_label_is_sorted_by_timestamp() {
    for [first, second] in [[true, false], [false, true]] {
        for times in [[1000, 2000], [2000, 1000]] {
            let registry = Registry::new();
            registry.must_register(unchecked(set_empty(first, times[0])));
            registry.must_register(unchecked(set_empty(second, times[1])));
            let gathered = registry.gather();
            let samples = gathered.families().iter().flat_map(Family::samples);
            let served: Vec<_> = samples.map(|sample| sample.timestamp()).collect();
            assert!(served.is_sorted(), "{gathered:?}");
        }
    }
}

// Custom collectors.

/// Asserts that a collector of `own` and `descs` loses only its own samples, with the
/// error.
#[track_caller]
fn assert_costs_itself<F>(descs: Vec<Desc>, collect: F, error: &str)
where
    F: Fn(&mut Samples<'_>) -> Result<(), CollectError> + Send + Sync + 'static,
{
    let registry = Registry::new();
    registry.must_register(value("before", 1.0));
    let own = Desc::gauge("own", "Help.");
    let names = descs.iter().map(|desc| format!(", `{}`", desc.name()));
    let names: String = names.collect();
    let described: Vec<Desc> = [own.clone()].into_iter().chain(descs).collect();
    registry.must_register(collector_fn(described, move |samples| {
        samples.set(&own, 5.0, &[]);
        collect(samples)
    }));
    registry.must_register(value("after", 1.0));
    let expected = (
        "after 1\nbefore 1".to_owned(),
        vec![format!("the collector of `own`{names} {error}")],
    );
    assert_eq!(shown(&registry.gather()), expected);
}

#[test]
fn a_sample_has_one_value_for_each_label() {
    let desc = Desc::gauge("a", "Help.").label("x").label("y");
    for values in [&[][..], &["1"], &["1", "2", "3"]] {
        let set = desc.clone();
        assert_costs_itself(
            vec![desc.clone()],
            move |samples| {
                samples.set(&set, 1.0, values);
                samples.set(&set, 1.0, &["1", "2"]);
                Ok(())
            },
            &format!(
                "reported `a`: it has the labels [x, y]: expected 2 label value(s), got {}",
                values.len()
            ),
        );
    }
}

/// Adds a sample of this type with the method for it.
fn push(samples: &mut Samples<'_>, desc: &Desc, by: MetricKind) {
    match by {
        MetricKind::Histogram => samples.histogram(desc, 1, 1.0, &[], &[]),
        MetricKind::Summary => samples.summary(desc, 1, 1.0, &[], &[]),
        _ => samples.set(desc, 1.0, &[]),
    };
}

#[test]
fn a_sample_is_added_with_the_method_for_its_type() {
    use MetricKind::{Gauge, Histogram, Summary};
    let crates = theirs::Desc::new("a".into(), "A.".into(), vec![], HashMap::new());
    let crates = Desc::from(&crates.unwrap());
    let number = "it is described as a single number: use `Samples::set`";
    let histogram = "it is a histogram: use `Samples::histogram`";
    let summary = "it is a summary: use `Samples::summary`";
    let no_type = "a descriptor of the crate has no type: create one with \
                   `Desc::gauge`";
    for (desc, by, problem) in [
        (Desc::gauge("a", "A."), Histogram, number),
        (Desc::counter("a", "A."), Summary, number),
        (Desc::untyped("a", "A."), Histogram, number),
        (Desc::histogram("a", "A."), Gauge, histogram),
        (Desc::histogram("a", "A."), Summary, histogram),
        (Desc::summary("a", "A."), Gauge, summary),
        (Desc::summary("a", "A."), Histogram, summary),
        (crates.clone(), Gauge, no_type),
        (crates.clone(), Histogram, no_type),
        (crates.clone(), Summary, no_type),
    ] {
        assert_costs_itself(
            vec![desc.clone()],
            move |samples| {
                push(samples, &desc, by);
                Ok(())
            },
            &format!("reported `a`: {problem}"),
        );
    }
}

#[test]
fn an_undescribed_sample_costs_its_collector() {
    let described = Desc::gauge("a", "Help.").label("x");
    for (reported, name) in [
        (Desc::gauge("b", "Help.").label("x"), "b"),
        (Desc::gauge("a", "Other.").label("x"), "a"),
        (Desc::counter("a", "Help.").label("x"), "a"),
        (Desc::gauge("a", "Help.").label("y"), "a"),
        (described.clone().const_label("y", "1"), "a"),
    ] {
        assert_costs_itself(
            vec![described.clone()],
            move |samples| {
                samples.set(&reported, 1.0, &["1"]);
                Ok(())
            },
            &format!(
                "reported `{name}`, which it doesn't describe: return its descriptor \
                 from `describe`, unchanged"
            ),
        );
    }
}

#[test]
fn an_equal_descriptor_is_described_whatever_its_place_in_memory() {
    let new = || {
        let desc = Desc::counter("a_total", "Help.").label("x");
        desc.const_label("module", "m")
    };
    let registry = Registry::new();
    registry.must_register(collector_fn(vec![new()], move |samples| {
        samples.set(&new(), 1.0, &["1"]);
        samples.set(&new(), 2.0, &["2"]);
        Ok(())
    }));
    assert_eq!(
        samples_of(&registry),
        "a_total{module=\"m\",x=\"1\"} 1\na_total{module=\"m\",x=\"2\"} 2"
    );
}

#[test]
fn a_bad_descriptor_of_an_unchecked_collector_costs_it() {
    let label = "isn't a label name: use letters, digits and `_`, but no leading digit";
    for (desc, name, problem) in [
        (
            Desc::gauge("a b", "A."),
            "a b",
            "`a b` isn't a metric name: use letters, digits, `_` and `:`, but no \
             leading digit"
                .to_owned(),
        ),
        (
            Desc::gauge("a", "A.").const_label("9", ""),
            "a",
            format!("`9` {label}"),
        ),
        (
            Desc::gauge("a", "A.").const_label("a:b", ""),
            "a",
            format!("`a:b` {label}"),
        ),
    ] {
        let registry = Registry::new();
        registry.must_register(good());
        registry.must_register(unchecked(move |samples| {
            samples.set(&desc, 1.0, &[]);
        }));
        let error = format!("an unchecked collector reported `{name}`: {problem}");
        let expected = ("good 1".to_owned(), vec![error]);
        assert_eq!(shown(&registry.gather()), expected);
    }
}

#[test]
fn an_error_of_the_source_costs_its_collector() {
    let desc = Desc::gauge("a", "Help.");
    let set = desc.clone();
    assert_costs_itself(
        vec![desc],
        move |samples| {
            samples.set(&set, 1.0, &[]);
            fs::read_to_string("/does/not/exist")?;
            Ok(())
        },
        "failed: No such file or directory (os error 2)",
    );
    let words = |_: &mut Samples<'_>| Err("no sensor".into());
    assert_costs_itself(vec![], words, "failed: no sensor");
    let parse = |_: &mut Samples<'_>| {
        "x".parse::<f64>()?;
        Ok(())
    };
    assert_costs_itself(vec![], parse, "failed: invalid float literal");
}

#[test]
fn a_panic_costs_its_collector() {
    assert_costs_itself(
        vec![],
        |_| panic!("no sensor {}", 1),
        "panicked: no sensor 1 (the program's log says where)",
    );
    assert_costs_itself(
        vec![],
        |_| std::panic::panic_any(5),
        "panicked: no message (the program's log says where)",
    );
}

#[test]
fn a_failing_collector_has_one_error_for_all_its_mistakes() {
    let desc = Desc::gauge("a", "Help.");
    let set = desc.clone();
    assert_costs_itself(
        vec![desc],
        move |samples| {
            samples.set(&set, 1.0, &["x"]);
            samples.set(&set, 1.0, &[]).at(-1);
            samples.set(&set, 1.0, &[]);
            Err("no sensor".into())
        },
        "failed: no sensor",
    );
}

#[test]
fn a_collector_that_leaves_out_a_metric_keeps_the_others() {
    let registry = Registry::new();
    let [a, b] = ["a", "b"].map(|name| Desc::gauge(name, "Help."));
    registry.must_register(collector_fn(vec![a.clone(), b.clone()], move |samples| {
        samples.left_out(&b, &"no sensor");
        samples.set(&a, 1.0, &[]);
        samples.left_out(&b, &fs::read("/does/not/exist").unwrap_err());
        Ok(())
    }));
    registry.must_register(value("c", 1.0));
    let gathered = registry.gather();
    assert_eq!(
        gathered.errors(),
        ["no sensor", "No such file or directory (os error 2)"].map(|problem| {
            GatherError::LeftOut {
                name: "b".to_owned(),
                problem: problem.to_owned(),
            }
        })
    );
    let error = |problem| format!("`b` was not collected: {problem}");
    let errors = ["no sensor", "No such file or directory (os error 2)"].map(error);
    let expected = ("a 1\nc 1".to_owned(), errors.into());
    assert_eq!(shown(&gathered), expected);
}

#[test]
fn what_a_collector_left_out_before_it_failed_is_an_error_too() {
    let registry = Registry::new();
    let a = Desc::gauge("a", "Help.");
    registry.must_register(collector_fn(vec![a.clone()], move |samples| {
        samples.left_out(&a, &"no sensor");
        panic!("no bus")
    }));
    let errors = [
        "`a` was not collected: no sensor",
        "the collector of `a` panicked: no bus (the program's log says where)",
    ];
    let expected = (String::new(), errors.map(str::to_owned).into());
    for _ in 0..2 {
        assert_eq!(shown(&registry.gather()), expected);
    }
}

#[test]
fn a_duplicate_series_costs_its_collector() {
    let desc = Desc::gauge("a", "Help.").label("x");
    let set = desc.clone();
    assert_costs_itself(
        vec![desc],
        move |samples| {
            samples.set(&set, 1.0, &["1"]);
            samples.set(&set, 2.0, &["2"]);
            samples.set(&set, 2.0, &["1"]);
            Ok(())
        },
        "reported `a{x=\"1\"}`, which was reported already: tell the two apart by a \
         label, or report it once",
    );
}

#[test]
fn a_collector_that_describes_and_reports_nothing_is_fine() {
    let registry = Registry::new();
    let described = vec![Desc::gauge("a", "Help.")];
    registry.must_register(collector_fn(described, |_: &mut Samples<'_>| Ok(())));
    assert!(registry.gather().families().is_empty());
    assert_eq!(registry.gather().errors(), []);
}

// Messages don't grow with what they quote.

#[track_caller]
fn assert_short(gathered: &Gathered, errors: usize) {
    let words = gathered.errors().iter().map(ToString::to_string);
    let words: Vec<String> = words.collect();
    assert_eq!(words.len(), errors, "{:.300}", words.concat());
    for words in &words {
        assert!(words.len() < 4096, "{} bytes: {words:.300}", words.len());
    }
    let all: usize = words.iter().map(String::len).sum();
    assert!(all < 1 << 20, "{all} bytes");
    // Nor do the errors themselves, which a handler may keep.
    let debug = format!("{:?}", gathered.errors()).len();
    assert!(debug < 2 << 20, "{debug} bytes");
}

fn long(number: usize) -> String {
    format!("{}_{number}", "x".repeat(1 << 20))
}

#[test]
fn the_errors_of_long_help_texts_are_short() {
    let registry = Registry::new();
    for number in 0..200 {
        registry.must_register(unchecked(move |samples| {
            let name = Desc::gauge("a", &long(number)).label("number");
            samples.set(&name, 1.0, &[&number.to_string()]);
        }));
    }
    // A hundred of 199, and the number of the others.
    assert_short(&registry.gather(), 101);
}

#[test]
fn the_errors_of_long_label_values_are_short() {
    let registry = Registry::new();
    let desc = Desc::gauge("a", "Help.").label("x");
    let value = "\"é\n".repeat(1 << 18);
    let twice = || vec![gauge(1.0, &[("x", &value)]); 2];
    let negative = at(gauge(1.0, &[("x", &value)]), -1);
    let families = vec![
        gauges("a", twice()),
        gauges("b", vec![gauge(1.0, &[("9", &value)])]),
        gauges("c", vec![negative]),
    ];
    assert_short(&Gathered::from(families.clone()), 3);
    for (number, bad) in families.into_iter().enumerate() {
        let (desc, value) = (desc.clone(), value.clone());
        registry.must_register(unchecked(move |samples| {
            samples.set(&desc, 1.0, &[&value]);
        }));
        registry.must_register(collects(&format!("crates_{number}"), move || {
            vec![bad.clone()]
        }));
    }
    assert_short(&registry.gather(), 5);
}

#[test]
fn the_errors_of_many_long_labels_are_short() {
    for character in ["x", "é", "\u{1}", "\""] {
        let value = character.repeat(1000);
        let names = (0..50).map(|number| format!("{}{number}", "n".repeat(1000)));
        let names: Vec<String> = names.collect();
        let mut labels: Vec<(&str, &str)> =
            names.iter().map(|name| (&**name, &*value)).collect();
        labels.push(("9", &value));
        let bad = |number| gauges(&format!("a_{number}"), vec![gauge(1.0, &labels)]);
        assert_short(&Gathered::from((0..200).map(bad).collect::<Vec<_>>()), 101);
    }
}

#[test]
fn the_errors_of_long_names_are_short() {
    let names = [long(0), format!("{} ", long(0)), "é".repeat(1 << 19)];
    let valid = |name: &str| !name.contains([' ', 'é']);
    for name in names {
        let registry = Registry::new();
        let set = |desc: Desc, values: &'static [&str]| {
            unchecked(move |samples| {
                samples.set(&desc, 1.0, values);
            })
        };
        let desc = || Desc::gauge(&name, "Help.");
        registry.must_register(set(desc(), &[]));
        registry.must_register(set(desc(), &[]));
        registry.must_register(set(desc(), &["1"]));
        registry.must_register(set(Desc::counter(&name, "Help."), &[]));
        registry.must_register(set(Desc::gauge(&name, "Other."), &[]));
        let (left_out, described) = (desc(), desc());
        registry.must_register(unchecked(move |samples| {
            samples.left_out(&left_out, &"no sensor");
        }));
        let other = Desc::gauge("described", "Help.");
        registry.must_register(collector_fn(vec![other], move |samples| {
            samples.set(&described, 1.0, &[]);
            Ok(())
        }));
        let errors = if valid(&name) { 6 } else { 7 };
        assert_short(&registry.gather(), errors);
        let families = [one(&name), one(&name)];
        let errors = if valid(&name) { 1 } else { 2 };
        assert_short(&Gathered::from(families.to_vec()), errors);
    }
}

#[test]
fn the_error_of_an_appended_family_with_a_long_name_is_short() {
    for described in [vec![Desc::gauge("a", "Help.")], vec![]] {
        let registry = Registry::new();
        let inner = Gathered::from(vec![one("a")]).into_families();
        let end = if described.is_empty() { " " } else { "" };
        registry.must_register(collector_fn(described, move |samples| {
            for family in inner.clone() {
                samples.append(family.with_name(&format!("{}{end}", long(1))));
            }
            Ok(())
        }));
        assert_short(&registry.gather(), 1);
    }
}

#[test]
fn the_error_of_a_collision_with_a_long_name_is_short() {
    let h = histogram(&[], 1, 1.0);
    let families = vec![
        family(&long(1), MetricType::HISTOGRAM, vec![h]),
        one(&format!("{}_count", long(1))),
    ];
    assert_short(&Gathered::from(families), 1);
}

#[test]
fn the_errors_of_a_collector_with_many_long_names_are_short() {
    let registry = Registry::new();
    for collector in 0..100 {
        let name = |number| format!("{}_{collector}_{number}", "x".repeat(1000));
        let descs = (0..100).map(|number| Desc::gauge(&name(number), "Help."));
        registry.must_register(collector_fn(descs.collect(), move |_| {
            Err("no sensor".repeat(1 << 17).into())
        }));
    }
    assert_short(&registry.gather(), 100);
    let registry = Registry::new();
    let descs = (0..1000).map(|number| Desc::gauge(&format!("a_{number}"), "Help."));
    let descs: Vec<Desc> = descs.collect();
    registry.must_register(collector_fn(descs, |_: &mut Samples<'_>| {
        panic!("no sensor")
    }));
    assert_eq!(
        shown(&registry.gather()).1,
        [
            "the collector of `a_0`, `a_1`, `a_2`, `a_3`, `a_4`, `a_5`, `a_6`, `a_7`, \
             `a_8`, `a_9` and 990 more panicked: no sensor (the program's log says where)"
        ]
    );
}

#[test]
fn the_errors_of_long_messages_and_panics_are_short() {
    let registry = Registry::new();
    let text = || "\u{1}é".repeat(1 << 19);
    registry.must_register(collector_fn(Vec::new(), move |_| panic!("{}", text())));
    registry.must_register(collector_fn(Vec::new(), move |_| Err(text().into())));
    let desc = Desc::gauge("a", "Help.");
    registry.must_register(unchecked(move |samples| {
        samples.left_out(&desc, &text());
    }));
    registry.must_register(collects("crates", move || panic!("{}", text())));
    assert_short(&registry.gather(), 4);
    let panics = gatherer_fn(move || -> Gathered { panic!("{}", text()) });
    assert_short(&Gatherers(vec![Box::new(panics)]).gather(), 1);
    let crates = prometheus::Registry::new();
    let panics = collects("crates", move || panic!("{}", text()));
    crates.register(panics).unwrap();
    assert_short(&Gatherer::gather(&crates), 1);
}

#[test]
fn a_collector_that_leaves_out_many_metrics_has_a_hundred_errors() {
    let registry = Registry::new();
    let desc = Desc::gauge("a", "Help.");
    registry.must_register(unchecked(move |samples| {
        for number in 0..100_000 {
            samples.left_out(&desc, &number);
        }
    }));
    let gathered = registry.gather();
    assert_short(&gathered, 101);
    assert_eq!(
        gathered.errors()[100].to_string(),
        "and 99900 more error(s)"
    );
}

// Duplicates among many samples.

/// Returns the numbers below `count`, shuffled.
fn shuffled(count: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..count).collect();
    let mut state: u64 = 42;
    for at in (1..numbers.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        numbers.swap(at, (state >> 33) as usize % (at + 1));
    }
    numbers
}

/// Gathers from one custom collector with a series for each of `numbers`.
fn gathered(numbers: Vec<u64>) -> Gathered {
    let registry = Registry::new();
    let desc = Desc::gauge("a", "Help.").label("number").label("parity");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        for number in &numbers {
            let parity = ["even", "odd"][(number % 2) as usize];
            samples.set(&desc, *number as f64, &[&number.to_string(), parity]);
        }
        Ok(())
    }));
    registry.gather()
}

#[test]
fn one_duplicate_among_ten_thousand_samples_is_found_in_any_order() {
    let sorted: Vec<u64> = (0..10_000).collect();
    let reversed: Vec<u64> = (0..10_000).rev().collect();
    for numbers in [sorted, reversed, shuffled(10_000)] {
        let gathered_once = gathered(numbers.clone());
        assert_eq!(gathered_once.errors(), []);
        assert_eq!(gathered_once.families()[0].samples().len(), 10_000);
        for (at, twice_at) in [(0, 10_000), (9_999, 0), (5_000, 5_001), (17, 8_000)] {
            let mut numbers = numbers.clone();
            let number = numbers[at];
            numbers.insert(twice_at, number);
            let parity = ["even", "odd"][(number % 2) as usize];
            let series = format!("a{{number=\"{number}\",parity=\"{parity}\"}}");
            let expected =
                (String::new(), vec![twice("the collector of `a`", &series)]);
            assert_eq!(shown(&gathered(numbers)), expected);
        }
    }
}

#[test]
fn one_duplicate_among_ten_thousand_samples_is_found_despite_empty_labels() {
    let numbers = shuffled(10_000);
    let new = |last: &'static str| {
        let desc = Desc::gauge("a", "Help.").label("number").label("x");
        let numbers = numbers.clone();
        move |samples: &mut Samples<'_>| {
            for number in &numbers {
                samples.set(&desc, 1.0, &[&number.to_string(), ""]);
            }
            samples.set(&desc, 1.0, &["17", last]);
        }
    };
    let (samples, errors) = gathered_of(vec![new("y")]);
    assert_eq!((samples.lines().count(), errors.len()), (10_001, 0));
    let series = "a{number=\"17\",x=\"\"}";
    let expected = (String::new(), vec![twice(UNCHECKED, series)]);
    assert_eq!(gathered_of(vec![new("")]), expected);
}

// Several sources.

/// Creates a gauge called `name`, and one with a name that others have as well.
fn named_and_same(name: &'static str) -> Registry {
    let registry = Registry::new();
    registry.must_register(collects(name, move || vec![one(name)]));
    registry.must_register(collects("same", || vec![one("same")]));
    registry
}

#[test]
fn gatherers_merge_several_and_check_them_together() {
    let own = GatherError::LeftOut {
        name: "x".to_owned(),
        problem: "a problem of its own".to_owned(),
    };
    let closure = move || {
        let metrics = vec![gauge(3.0, &[("x", "1")]), gauge(4.0, &[])];
        let families = Gathered::from(vec![gauges("closure", metrics)]);
        Gathered::new(families.into_families(), vec![own.clone()])
    };
    let several = Gatherers(vec![
        Box::new(named_and_same("one")),
        Box::new(named_and_same("two")),
        Box::new(gatherer_fn(|| -> Gathered { panic!("no sensor") })),
        Box::new(gatherer_fn(closure)),
    ]);
    let (samples, errors) = shown(&several.gather());
    assert_eq!(
        samples,
        "closure 4\nclosure{x=\"1\"} 3\none 1\nsame 1\ntwo 1"
    );
    assert_eq!(
        errors,
        [
            "a source of families panicked: no sensor (the program's log says where)"
                .to_owned(),
            "`x` was not collected: a problem of its own".to_owned(),
            twice(SOURCE, "same"),
        ]
    );
}

#[test]
fn the_crates_default_registry_may_be_among_several() {
    let in_default = prometheus::Gauge::new("in_default", "Help.").unwrap();
    in_default.set(5.0);
    prometheus::register(Box::new(in_default)).unwrap();
    let ours = Registry::new();
    ours.must_register(value("ours", 1.0));
    let shared: Arc<dyn Gatherer> = Arc::new(named_and_same("shared"));
    let boxed: Box<dyn Gatherer> = Box::new(Arc::clone(&shared));
    let nested = Gatherers(vec![Box::new(ours)]);
    let several = Gatherers(vec![
        Box::new(prometheus::default_registry().clone()),
        Box::new(boxed),
        Box::new(nested),
    ]);
    let samples = samples_of(&several);
    // On Linux, the default registry has a process collector.
    let ours = samples.lines().filter(|line| !line.starts_with("process_"));
    assert_eq!(
        ours.collect::<Vec<_>>(),
        ["in_default 5", "ours 1", "same 1", "shared 1"]
    );
    assert_eq!(samples_of(&shared), "same 1\nshared 1");
    assert_eq!(samples_of(&Arc::new(Box::new(shared))), "same 1\nshared 1");
}

#[test]
fn no_sources_gather_nothing() {
    assert_eq!(samples_of(&Gatherers::default()), "");
    assert_eq!(samples_of(&Registry::new()), "");
}

// Order.

const VALUES: [&str; 24] = [
    "",
    " ",
    "!",
    "#",
    "\0",
    "\0\0",
    "\u{1f}",
    "a",
    "a ",
    "a!",
    "a#",
    "a\0",
    "a\0b",
    "aa",
    "ab",
    "abcdefgh",
    "abcdefgh ",
    "abcdefghi",
    "b",
    "]",
    "é",
    "\u{10ffff}",
    "a,b",
    "~",
];

/// Values that are escaped in an exposition.
const ESCAPED: [&str; 12] = [
    "\"", "\\", "\n", "a\"", "a\\", "a\n", "\\n", "\"\"", "\\\\", "a\"b", "a\nb",
    "a\\b",
];

fn label_values(gathered: &Gathered, label: &str) -> Vec<String> {
    assert_eq!(gathered.errors(), []);
    let samples = gathered.families().iter().flat_map(Family::samples);
    samples.map(|sample| sample.label(label).unwrap()).collect()
}

fn assert_sorted(values: &[&str]) {
    let mut expected = values.to_vec();
    expected.sort_unstable();
    let vec = GaugeVec::new(Opts::new("a", "A."), &["x"]).unwrap();
    for value in values {
        vec.with_label_values(&[value]).set(1.0);
    }
    let registry = Registry::new();
    registry.must_register(vec);
    assert_eq!(label_values(&registry.gather(), "x"), expected);
}

#[test]
fn the_crates_vectors_are_sorted_by_label_value() {
    assert_sorted(&VALUES);
}

#[test]
fn the_crates_vectors_are_sorted_by_label_value_where_it_is_escaped() {
    assert_sorted(&[&VALUES[..], &ESCAPED].concat());
}

#[test]
fn samples_of_the_crate_are_sorted_by_one_label_after_the_other() {
    // Not as a vector: the crate confuses the values (`a`, empty) and (empty, `a`).
    let mut expected = Vec::new();
    let mut metrics = Vec::new();
    for y in VALUES {
        for x in VALUES {
            metrics.push(gauge(1.0, &[("y", y), ("x", x)]));
            expected.push((x.to_owned(), y.to_owned()));
        }
    }
    expected.sort_unstable();
    let gathered = Gathered::from(vec![gauges("a", metrics)]);
    let (x, y) = (label_values(&gathered, "x"), label_values(&gathered, "y"));
    assert_eq!(x.into_iter().zip(y).collect::<Vec<_>>(), expected);
}

/// Creates a collector of `a` that sets `values` of the label `x` in their order.
fn unsorted(module: &str, values: &'static [&str]) -> impl Collector + use<> {
    let desc = Desc::gauge("a", "A.");
    let desc = desc.label("x").const_label("module", module);
    collector_fn(vec![desc.clone()], move |samples| {
        for value in values {
            samples.set(&desc, 1.0, &[value]);
        }
        Ok(())
    })
}

#[test]
fn samples_of_one_own_collector_keep_their_order() {
    let registry = Registry::new();
    registry.must_register(unsorted("m", &["z", "a", "m", ""]));
    let expected = ["z", "a", "m", ""];
    assert_eq!(label_values(&registry.gather(), "x"), expected);
}

#[test]
fn samples_of_several_collectors_of_one_name_are_sorted_together() {
    let registry = Registry::new();
    registry.must_register(unsorted("n", &["z", "a "]));
    registry.must_register(unsorted("m", &["z", "a", "a!"]));
    let opts = Opts::new("a", "A.").const_label("module", "a");
    let vec = GaugeVec::new(opts, &["x"]).unwrap();
    for value in ["z", "b"] {
        vec.with_label_values(&[value]).set(1.0);
    }
    registry.must_register(vec);
    assert_eq!(
        samples_of(&registry),
        "a{module=\"a\",x=\"b\"} 1\na{module=\"a\",x=\"z\"} 1\n\
         a{module=\"m\",x=\"a\"} 1\na{module=\"m\",x=\"a!\"} 1\n\
         a{module=\"m\",x=\"z\"} 1\n\
         a{module=\"n\",x=\"a \"} 1\na{module=\"n\",x=\"z\"} 1"
    );
}

#[test]
fn an_unchecked_collector_is_named_by_its_type() {
    struct Silent;
    impl Collector for Silent {
        fn describe(&self) -> Vec<&Desc> {
            Vec::new()
        }
        fn collect(&self, _: &mut Samples<'_>) -> Result<(), CollectError> {
            Err("no sensor".into())
        }
    }
    let registry = Registry::new();
    registry.must_register(Silent);
    let gathered = registry.gather();
    let words = gathered.errors()[0].to_string();
    let name = std::any::type_name::<Silent>();
    assert_eq!(
        words,
        format!("an unchecked collector ({name}) failed: no sensor")
    );
}

/// Creates a registry of collectors that report these gauges.
fn of_gauges(collectors: &[&'static [&'static str]]) -> Registry {
    let registry = Registry::new();
    for &names in collectors {
        registry.must_register(unchecked(move |samples| {
            for name in names {
                samples.set(&Desc::gauge(name, "Help."), 1.0, &[]);
            }
        }));
    }
    registry
}

#[test]
fn a_collector_that_contradicts_only_dropped_ones_is_kept() {
    // The second repeats the first's, and the third the second's.
    let gathered = of_gauges(&[&["a"], &["a", "b"], &["b", "c"]]).gather();
    assert_eq!(
        shown(&gathered),
        ("a 1\nb 1\nc 1".to_owned(), vec![twice(UNCHECKED, "a")])
    );
    // A chain: every second one is kept.
    let chain = [
        &["a", "b"][..],
        &["b", "c"],
        &["c", "d"],
        &["d", "e"],
        &["e", "f"],
    ];
    let (samples, errors) = shown(&of_gauges(&chain).gather());
    assert_eq!(samples, "a 1\nb 1\nc 1\nd 1\ne 1\nf 1");
    assert_eq!(errors, [twice(UNCHECKED, "b"), twice(UNCHECKED, "d")]);
}

#[test]
fn the_type_of_a_dropped_collector_doesnt_count() {
    let registry = of_gauges(&[&["y"]]);
    registry.must_register(unchecked(|samples| {
        samples.set(&Desc::gauge("x", "Help."), 1.0, &[]);
        samples.set(&Desc::gauge("y", "Help."), 1.0, &[]);
    }));
    registry.must_register(unchecked(|samples| {
        samples.set(&Desc::counter("x", "Help."), 2.0, &[]);
    }));
    let expected = ("x 2\ny 1".to_owned(), vec![twice(UNCHECKED, "y")]);
    assert_eq!(shown(&registry.gather()), expected);
}

#[test]
fn the_first_of_two_mutually_contradictory_collectors_is_kept() {
    let registry = of_gauges(&[&["h_count", "a"]]);
    registry.must_register(unchecked(|samples| {
        samples.histogram(&Desc::histogram("h", "Help."), 0, 0.0, &[], &[]);
        samples.set(&Desc::gauge("a", "Help."), 1.0, &[]);
    }));
    registry.must_register(good());
    let (samples, errors) = shown(&registry.gather());
    assert_eq!(
        (samples.as_str(), errors.len()),
        ("a 1\ngood 1\nh_count 1", 1)
    );
}

#[test]
fn an_error_whose_display_panics_costs_its_collector() {
    struct Bad(bool);
    impl std::fmt::Display for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            if self.0 {
                panic!("no words")
            } else {
                Err(std::fmt::Error)
            }
        }
    }
    impl std::fmt::Debug for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Ok(())
        }
    }
    impl std::error::Error for Bad {}
    for panics in [true, false] {
        let registry = Registry::new();
        registry
            .must_register(collector_fn(Vec::new(), move |_| Err(Bad(panics).into())));
        registry.must_register(good());
        let (samples, errors) = shown(&registry.gather());
        assert_eq!((samples.as_str(), errors.len()), ("good 1", 1));
        assert!(
            errors[0].starts_with("an unchecked collector panicked: "),
            "{errors:?}"
        );
    }
}

#[test]
fn a_panic_whose_payload_panics_costs_its_collector() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), |_| std::panic::panic_any(Bomb)));
    registry.must_register(good());
    let (samples, errors) = shown(&registry.gather());
    assert_eq!((samples.as_str(), errors.len()), ("good 1", 1));
}

#[test]
fn the_collector_that_describes_a_metric_isnt_blamed_for_others() {
    let registry = Registry::new();
    registry.must_register(unchecked(|samples| {
        samples.set(&Desc::gauge("victim", "Another help."), 1.0, &[]);
    }));
    registry.must_register(value("victim", 2.0));
    let (samples, errors) = shown(&registry.gather());
    assert_eq!(samples, "victim 2");
    let begins =
        "an unchecked collector reported `victim` with the help \"Another help.\"";
    assert!(
        errors.len() == 1 && errors[0].starts_with(begins),
        "{errors:?}"
    );
}

#[test]
fn a_long_chain_of_contradictions_and_many_descriptors_are_gathered_in_time() {
    // Not a speed test: it fails only at a hundred times the usual duration.
    let registry = Registry::new();
    let name = |number: usize| format!("c_{number}");
    for number in 0..5000 {
        registry.must_register(unchecked(move |samples| {
            samples.set(&Desc::gauge(&name(number), "Help."), 1.0, &[]);
            samples.set(&Desc::counter(&name(number + 1), "Help."), 1.0, &[]);
        }));
    }
    let gathered = registry.gather();
    assert_eq!(gathered.families().len(), 5000);
    let descs = (0..10_000).map(|number| {
        Desc::gauge("many", "Help.").const_label("number", &number.to_string())
    });
    let descs: Vec<Desc> = descs.collect();
    let reported = descs.clone();
    let registry = Registry::new();
    registry.must_register(collector_fn(descs, move |samples| {
        for desc in &reported {
            samples.set(desc, 1.0, &[]);
        }
        Ok(())
    }));
    assert_eq!(registry.gather().families()[0].samples().len(), 10_000);
}

#[test]
fn the_first_and_the_third_of_three_in_a_cycle_are_kept() {
    let registry = Registry::new();
    let histogram = |name: &'static str, gauges: &'static [&'static str]| {
        unchecked(move |samples| {
            samples.histogram(&Desc::histogram(name, "Help."), 0, 0.0, &[], &[]);
            for gauge in gauges {
                samples.set(&Desc::gauge(gauge, "Help."), 1.0, &[]);
            }
        })
    };
    registry.must_register(histogram("a", &["b_count"]));
    registry.must_register(histogram("b", &["a_count", "c"]));
    registry.must_register(unchecked(|samples| {
        for name in ["c", "d"] {
            samples.set(&Desc::gauge(name, "Help."), 1.0, &[]);
        }
    }));
    let gathered = registry.gather();
    let names: Vec<&str> = gathered.families().iter().map(Family::name).collect();
    assert_eq!(names, ["a", "b_count", "c", "d"]);
    assert_eq!(gathered.errors().len(), 1);
}

#[test]
fn an_error_is_shorter_than_4_kib_whatever_it_quotes() {
    let words = "\u{10ffff}".repeat(2000);
    let descs =
        (0..11).map(|number| Desc::gauge(&format!("a{number}{}", "_x".repeat(60)), ""));
    let descs: Vec<Desc> = descs.collect();
    let registry = Registry::new();
    registry.must_register(collector_fn(descs.clone(), move |samples| {
        samples.left_out(&descs[0], &words);
        Err(words.clone().into())
    }));
    let gathered = registry.gather();
    let lengths = gathered
        .errors()
        .iter()
        .map(|error| error.to_string().len());
    let lengths: Vec<usize> = lengths.collect();
    assert!(lengths.iter().all(|length| *length < 4096), "{lengths:?}");
}
