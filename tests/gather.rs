//! What a gather leaves out, and what it says of it.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod families;

use std::collections::HashMap;

use exporter_workbook::gather::{GatherError, Gathered, Gatherer, Gatherers, report};
use exporter_workbook::register::Registerer;
use families::{
    collects, counter, family, gauge, gauges, histogram, labelled, summary, untyped,
};
use prometheus::core::Collector;
use prometheus::proto::{Metric, MetricFamily, MetricType};
use prometheus::{GaugeVec, Opts, Registry, TextEncoder};

/// The samples, and the errors in words.
fn checked(families: Vec<MetricFamily>) -> (String, Vec<String>) {
    shown(&Gathered::checked(families))
}

fn shown(gathered: &Gathered) -> (String, Vec<String>) {
    let text = TextEncoder::new().encode_to_string(&gathered.families);
    let samples: Vec<String> = text
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let errors = gathered.errors.iter().map(ToString::to_string).collect();
    (samples.join("\n"), errors)
}

/// Asserts that of `bad` beside a good gauge only the good one is left.
fn assert_left_out(bad: MetricFamily, error: &str) {
    let good = gauges("good", vec![gauge(1.0, &[])]);
    let expected = ("good 1".to_owned(), vec![error.to_owned()]);
    assert_eq!(checked(vec![bad, good]), expected);
}

#[test]
fn what_fits_together_is_merged_and_sorted() {
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
fn a_series_is_there_once() {
    let twice = || gauge(1.0, &[("module", "m"), ("zone", "z")]);
    let other_order = gauge(2.0, &[("zone", "z"), ("module", "m")]);
    let error = "`a{module=\"m\",zone=\"z\"}` was collected twice: tell the two apart by \
                 a label, or collect it once";
    let (samples, errors) = checked(vec![gauges("a", vec![twice(), other_order])]);
    assert_eq!(samples, "a{module=\"m\",zone=\"z\"} 1");
    assert_eq!(errors, [error]);
    // In two families, as two collectors hand them over.
    let families = vec![gauges("a", vec![twice()]), gauges("a", vec![twice()])];
    assert_eq!(checked(families).1, [error]);
}

#[test]
fn metrics_that_share_a_part_of_their_labels_are_not_one_series() {
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
fn one_series_at_two_times_is_not_a_duplicate() {
    let mut later = gauge(2.0, &[]);
    later.set_timestamp_ms(1000);
    let (samples, errors) = checked(vec![gauges("a", vec![later, gauge(1.0, &[])])]);
    assert_eq!((samples.as_str(), errors.len()), ("a 1\na 2 1000", 0));
}

#[test]
fn a_gather_gives_a_hundred_errors_and_how_many_more_there_are() {
    let misnamed = |number: usize| one(&format!("a-{number}"));
    let gathered = Gathered::checked((0..250).map(misnamed).collect());
    assert_eq!(gathered.errors.len(), 101);
    assert_eq!(gathered.errors[100].to_string(), "and 150 error(s) more");
}

#[test]
fn of_a_long_label_value_a_message_has_the_beginning() {
    let long = "é".repeat(101);
    let metric = || gauge(1.0, &[("x", &long)]);
    let (_, errors) = checked(vec![gauges("a", vec![metric(), metric()])]);
    let begins = format!("`a{{x=\"{}\"…}}` was collected twice", "é".repeat(100));
    assert!(errors[0].starts_with(&begins), "{errors:?}");
}

#[test]
fn a_collector_may_gather_another_registry_by_the_sdks_method() {
    let common = HashMap::from([("who".to_owned(), "x".to_owned())]);
    let inner = Registry::new_custom(Some("inner".to_owned()), Some(common)).unwrap();
    inner.must_register(vec![collects("b", || vec![one("b")])]);
    let outer = Registry::new();
    let gathers = collects("gathers", move || {
        let mut families = inner.gather();
        families[0].set_help("Of the inner one.".to_owned());
        families
    });
    outer.register(gathers).unwrap();
    outer.must_register(vec![collects("a", || vec![one("a")]), good()]);
    // The SDK collects in an order of its own.
    for _ in 0..50 {
        let gathered = Gatherer::gather(&outer);
        let (samples, errors) = shown(&gathered);
        assert_eq!(samples, "a 1\ngood 1\ninner_b{who=\"x\"} 1");
        assert_eq!(errors, [""; 0]);
        assert_eq!(gathered.families[2].help(), "Of the inner one.");
    }
}

#[test]
fn a_gather_during_a_registration_has_the_prefix_and_the_labels() {
    let common = HashMap::from([("zone".to_owned(), "z".to_owned())]);
    let registry = Registry::new_custom(Some("shop".to_owned()), Some(common)).unwrap();
    registry.must_register(vec![good()]);
    let gathering = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = prometheus::Gauge::new("other", "O.").unwrap();
            while gathering.load(std::sync::atomic::Ordering::Relaxed) {
                registry.must_register(vec![Box::new(other.clone())]);
                assert!(Registerer::unregister(&registry, &other));
            }
        });
        let wrong = (0..2000).find_map(|_| {
            let (samples, _) = shown(&Gatherer::gather(&registry));
            (!samples.starts_with("shop_good{zone=\"z\"} 1")).then_some(samples)
        });
        gathering.store(false, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(wrong, None);
    });
}

#[test]
fn a_family_without_metrics_contradicts_none() {
    let empty = family("a", MetricType::COUNTER, vec![]);
    let families = vec![empty, gauges("a", vec![gauge(1.0, &[])])];
    assert_eq!(checked(families), ("a 1".to_owned(), vec![]));
}

#[test]
fn of_many_bad_metrics_ten_are_named_and_the_others_counted() {
    let many = vec![gauge(1.0, &[("zone", "z")]); 100];
    let (samples, errors) = checked(vec![gauges("a", many)]);
    assert_eq!(samples, "a{zone=\"z\"} 1");
    assert_eq!(errors.len(), 11);
    assert_eq!(
        errors[10],
        "of `a`, 89 metric(s) more were dropped for such a reason"
    );
}

#[test]
fn one_name_has_one_type() {
    let families = vec![
        gauges("a", vec![gauge(1.0, &[])]),
        family("a", MetricType::COUNTER, vec![counter(2.0)]),
    ];
    let error = "`a` was collected as a gauge and as a counter: give both the same type, \
                 or one of them another name";
    assert_eq!(
        checked(families),
        ("a 1".to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn one_name_has_one_help_text() {
    let mut other = gauges("a", vec![gauge(2.0, &[("x", "1")])]);
    other.set_help("Other.".to_owned());
    let families = vec![gauges("a", vec![gauge(1.0, &[])]), other];
    let error = "`a` was collected with the help \"Help.\" and with the help \"Other.\": \
                 give both the same, or one of them another name";
    assert_eq!(
        checked(families),
        ("a 1".to_owned(), vec![error.to_owned()])
    );
}

#[test]
fn a_value_is_of_its_familys_type() {
    assert_left_out(
        family("a", MetricType::COUNTER, vec![gauge(1.0, &[])]),
        "`a` was dropped: it has a value of the type gauge, and its family is of the type \
         counter: give the family its type with `set_field_type` (one without is a counter)",
    );
    let (_, errors) = checked(vec![gauges("a", vec![untyped(3.0)])]);
    assert!(
        errors[0].contains("a value of the type untyped"),
        "{errors:?}"
    );
    let gathered =
        Gathered::checked(vec![family("a", MetricType::UNTYPED, vec![untyped(3.0)])]);
    assert_eq!((gathered.families.len(), gathered.errors.len()), (1, 0));
}

#[test]
fn names_are_those_of_the_data_model() {
    for name in ["", "a-b", "9a", "a b", "ä"] {
        let error = format!(
            "metric family dropped: `{name}` is not a metric name, which has letters, \
             digits, `_` and `:`, and no digit first"
        );
        assert_left_out(gauges(name, vec![gauge(1.0, &[])]), &error);
    }
    for label in ["", "a-b", "9a", "a:b"] {
        let error = format!(
            "`a{{{label}=\"1\"}}` was dropped: `{label}` is not a label name, which has \
             letters, digits and `_`, and no digit first"
        );
        assert_left_out(gauges("a", vec![gauge(1.0, &[(label, "1")])]), &error);
    }
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[("__name__", "b")])]),
        "`a{__name__=\"b\"}` was dropped: label names that begin with `__` are \
         Prometheus's own, rename `__name__`",
    );
}

#[test]
fn a_label_is_there_once() {
    assert_left_out(
        gauges("a", vec![gauge(1.0, &[("x", "1"), ("y", "1"), ("x", "2")])]),
        "`a{x=\"1\",x=\"2\",y=\"1\"}` was dropped: it has the label `x` twice",
    );
}

#[test]
fn a_bad_label_is_dropped_with_its_metric_alone() {
    let metrics = vec![
        gauge(1.0, &[("x", "1")]),
        gauge(2.0, &[("__x", "1")]),
        gauge(3.0, &[("x", "2")]),
        gauge(4.0, &[("__x", "2")]),
    ];
    let (samples, errors) = checked(vec![gauges("a", metrics)]);
    assert_eq!(samples, "a{x=\"1\"} 1\na{x=\"2\"} 3");
    assert_eq!(errors.len(), 2);
}

#[test]
fn the_labels_of_buckets_and_quantiles_are_their_own() {
    for (metric, of, label, kind) in [
        (
            histogram(&[], 1, 0.0),
            MetricType::HISTOGRAM,
            "le",
            "histogram",
        ),
        (
            summary(&[], 1, 0.0),
            MetricType::SUMMARY,
            "quantile",
            "summary",
        ),
    ] {
        let metric = labelled(metric, &[(label, "1")]);
        assert_left_out(
            family("a", of, vec![metric]),
            &format!(
                "`a{{{label}=\"1\"}}` was dropped: the label `{label}` is the {kind}'s \
                 own, name yours otherwise"
            ),
        );
    }
    let (samples, _) = checked(vec![gauges("a", vec![gauge(1.0, &[("le", "1")])])]);
    assert_eq!(samples, "a{le=\"1\"} 1");
}

fn one(name: &str) -> MetricFamily {
    gauges(name, vec![gauge(1.0, &[])])
}

#[test]
fn a_name_is_no_sample_of_another_family() {
    let histogram = || family("a", MetricType::HISTOGRAM, vec![histogram(&[], 1, 0.0)]);
    let summary = || family("a", MetricType::SUMMARY, vec![summary(&[], 1, 0.0)]);
    for (name, other, kind) in [
        ("a_bucket", histogram(), "histogram"),
        ("a_count", histogram(), "histogram"),
        ("a_sum", histogram(), "histogram"),
        ("a_count", summary(), "summary"),
        ("a_sum", summary(), "summary"),
    ] {
        let gathered = Gathered::checked(vec![one(name), other.clone()]);
        assert_eq!(gathered.families, [other]);
        assert_eq!(
            gathered.errors[0].to_string(),
            format!(
                "`{name}` collides with the {kind} `a`, which has samples of that name: \
                 rename one of them"
            )
        );
    }
    let names = ["a_bucket", "b", "b_count", "c_count"];
    let mut fine: Vec<MetricFamily> = names.map(one).into();
    fine.push(summary());
    assert_eq!(Gathered::checked(fine).errors, []);
}

fn assert_bad_buckets(buckets: &[(f64, u64)], count: u64, problem: &str) {
    assert_left_out(
        family(
            "a",
            MetricType::HISTOGRAM,
            vec![histogram(buckets, count, 0.0)],
        ),
        &format!("`a` was dropped: {problem}"),
    );
}

#[test]
fn buckets_are_in_order() {
    let after = |bound: &str| {
        format!("its bucket `le` {bound} comes after 1: sort them, each once")
    };
    assert_bad_buckets(&[(1.0, 1), (0.5, 1)], 1, &after("0.5"));
    assert_bad_buckets(&[(1.0, 1), (1.0, 1)], 1, &after("1"));
    assert_bad_buckets(&[(1.0, 1), (f64::NAN, 1)], 1, &after("NaN"));
    assert_bad_buckets(&[(f64::NAN, 1)], 1, "a bucket's bound is no number");
}

#[test]
fn buckets_add_up() {
    let inf = f64::INFINITY;
    let decreasing = "its bucket `le` 2 counts 1 and the one before it 2: each counts \
                      those before it as well";
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
        assert_eq!(Gathered::checked(families).errors, []);
    }
}

/// A summary of these quantiles.
fn of(quantiles: &[f64]) -> Metric {
    let quantiles: Vec<(f64, f64)> = quantiles.iter().map(|q| (*q, 0.0)).collect();
    summary(&quantiles, 1, 0.0)
}

#[test]
fn quantiles_are_in_order_and_between_0_and_1() {
    for (quantiles, problem) in [
        (vec![1.5], "its quantile 1.5 lies not between 0 and 1"),
        (vec![f64::NAN], "its quantile NaN lies not between 0 and 1"),
        (
            vec![0.5, 0.5],
            "its quantile 0.5 comes after 0.5: sort them, each once",
        ),
        (
            vec![0.9, 0.5],
            "its quantile 0.5 comes after 0.9: sort them, each once",
        ),
    ] {
        assert_left_out(
            family("a", MetricType::SUMMARY, vec![of(&quantiles)]),
            &format!("`a` was dropped: {problem}"),
        );
    }
}

// Registries.

fn good() -> Box<dyn Collector> {
    collects("good", || vec![gauges("good", vec![gauge(1.0, &[])])])
}

#[test]
fn a_panic_in_a_collector_is_an_error_that_names_it_and_the_rest_is_gathered() {
    let registry = Registry::new();
    let panics = collects("broken", || panic!("no sensor"));
    registry.must_register(vec![good(), panics]);
    for _ in 0..2 {
        let gathered = Gatherer::gather(&registry);
        assert_eq!(
            gathered.errors,
            [GatherError::CollectorPanicked {
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
fn a_panic_of_a_collector_that_the_sdk_registered_leaves_nothing() {
    let registry = Registry::new();
    registry.must_register(vec![good()]);
    registry
        .register(collects("broken", || panic!("no sensor")))
        .unwrap();
    for _ in 0..2 {
        let gathered = Gatherer::gather(&registry);
        assert_eq!(gathered.families, []);
        assert_eq!(
            gathered.errors[0].to_string(),
            "a collector panicked: no sensor (the program's log says where)"
        );
    }
}

#[test]
fn what_two_collectors_contradict_is_kept_from_the_first() {
    for _ in 0..20 {
        let registry = Registry::new();
        for (name, value) in [("a", 1.0), ("b", 2.0), ("c", 3.0)] {
            let make = move || vec![gauges("same", vec![gauge(value, &[])])];
            registry.must_register(vec![collects(name, make)]);
        }
        let (samples, errors) = shown(&Gatherer::gather(&registry));
        assert_eq!((samples.as_str(), errors.len()), ("same 1", 2));
    }
}

#[test]
fn a_registry_gathers_alike_by_whichever_way_it_was_registered() {
    let (ours, sdks) = (Registry::new(), Registry::new());
    let vec = || {
        let vec = GaugeVec::new(Opts::new("a", "A."), &["zone", "path"]).unwrap();
        for values in [["z", "p"], ["z", "o"], ["y", "p"]] {
            vec.with_label_values(&values).set(1.0);
        }
        vec
    };
    ours.must_register(vec![Box::new(vec()), good()]);
    sdks.register(Box::new(vec())).unwrap();
    sdks.register(good()).unwrap();
    let gathered = Gatherer::gather(&ours);
    assert_eq!(gathered.errors, []);
    assert_eq!(gathered.families, Gatherer::gather(&sdks).families);
    assert_eq!(gathered.families, ours.gather());
}

#[test]
fn a_registrys_prefix_and_labels_are_on_every_family_and_sorted() {
    let common = HashMap::from([
        ("a_zone".to_owned(), "z".to_owned()),
        ("z_zone".to_owned(), "y".to_owned()),
    ]);
    let registry = Registry::new_custom(Some("shop".to_owned()), Some(common)).unwrap();
    let vec = GaugeVec::new(Opts::new("a", "A."), &["path"]).unwrap();
    vec.with_label_values(&["/"]).set(1.0);
    registry.must_register(vec![Box::new(vec), good()]);
    registry
        .register(collects("past", || {
            vec![gauges("past", vec![gauge(2.0, &[])])]
        }))
        .unwrap();
    assert_eq!(
        shown(&Gatherer::gather(&registry)),
        (
            "shop_a{a_zone=\"z\",path=\"/\",z_zone=\"y\"} 1\n\
             shop_good{a_zone=\"z\",z_zone=\"y\"} 1\n\
             shop_past{a_zone=\"z\",z_zone=\"y\"} 2"
                .to_owned(),
            vec![]
        )
    );
}

/// A gauge under `name`, and one under a name that others have as well.
fn named_and_same(name: &'static str) -> Registry {
    let registry = Registry::new();
    registry.must_register(vec![
        collects(name, move || vec![one(name)]),
        collects("same", || vec![one("same")]),
    ]);
    registry
}

#[test]
fn gatherers_merge_several_and_check_them_together() {
    let closure = || Gathered {
        families: vec![gauges("closure", vec![gauge(3.0, &[]), gauge(4.0, &[])])],
        errors: vec![GatherError::InvalidName {
            problem: "a problem of its own".to_owned(),
        }],
    };
    let several = Gatherers(vec![
        Box::new(named_and_same("one")),
        Box::new(named_and_same("two")),
        Box::new(|| -> Gathered { panic!("no sensor") }),
        Box::new(closure),
    ]);
    let (samples, errors) = shown(&several.gather());
    assert_eq!(samples, "closure 3\none 1\nsame 1\ntwo 1");
    let twice =
        "was collected twice: tell the two apart by a label, or collect it once";
    assert_eq!(
        errors,
        [
            "a gatherer panicked: no sensor (the program's log says where)".to_owned(),
            "metric family dropped: a problem of its own".to_owned(),
            format!("`closure` {twice}"),
            format!("`same` {twice}"),
        ]
    );
}

/// A collector that finds nothing to read, and says so.
fn broken(name: &'static str) -> Box<dyn Collector> {
    collects(name, move || {
        report(name, &"no sensor");
        Vec::new()
    })
}

/// A collector that gathers another registry by this library.
fn outer_of(inner: Registry) -> Box<dyn Collector> {
    collects("outer", move || {
        report("before", &"outer");
        let families = Gatherer::gather(&inner).families;
        report("after", &"outer");
        families
    })
}

#[test]
fn what_a_collector_reports_is_an_error_of_the_gather_that_asks_it() {
    // Nobody gathers.
    report("a", &"not heard");
    let registry = Registry::new();
    registry.must_register(vec![broken("a")]);
    assert!(Registry::gather(&registry).is_empty());
    let outer = Registry::new();
    outer.must_register(vec![outer_of(registry.clone())]);
    let error = |name, problem| format!("`{name}` was not collected: {problem}");
    let heard = |gatherer: &dyn Gatherer| shown(&gatherer.gather()).1;
    assert_eq!(heard(&registry), [error("a", "no sensor")]);
    // What the inner registry's collector reports is the inner gather's.
    let of_outer = [error("before", "outer"), error("after", "outer")];
    assert_eq!(heard(&outer), of_outer);
    // A closure may ask collectors itself.
    let closure = || {
        broken("b").collect();
        Gathered::default()
    };
    assert_eq!(heard(&closure), [error("b", "no sensor")]);
    let several: Vec<Box<dyn Gatherer>> = vec![Box::new(registry), Box::new(closure)];
    let of_both = [error("a", "no sensor"), error("b", "no sensor")];
    assert_eq!(heard(&Gatherers(several)), of_both);
}

#[test]
fn what_was_reported_before_a_panic_is_not_kept_for_the_next_gather() {
    let panics = || -> Gathered {
        report("a", &"no sensor");
        panic!("on purpose")
    };
    let gathered = Gatherers(vec![Box::new(panics)]).gather();
    assert_eq!(gathered.errors.len(), 1);
    report("b", &"not heard");
    assert!(Gatherer::gather(&Registry::new()).errors.is_empty());
}
