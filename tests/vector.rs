//! Metric vectors: what they serve, whatever is created and removed meanwhile.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use exporter_workbook::desc::Desc;
use exporter_workbook::exposition::{Escaping, Format};
use exporter_workbook::registry::Registry;
use exporter_workbook::vector::{
    Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramVec, IntCounter,
    IntCounterVec, IntGauge, IntGaugeVec, OnLimit, VectorError,
};
use prometheus::{HistogramOpts, Opts};

fn text(registry: &Registry) -> String {
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    Format::TEXT.to_text(gathered.families())
}

fn queues() -> (Registry, IntGaugeVec) {
    let opts = Opts::new("queue_length", "The number of items.");
    let queues = IntGaugeVec::new(opts, &["queue"]).unwrap();
    let registry = Registry::new();
    registry.must_register(queues.clone());
    (registry, queues)
}

const HEAD: &str = "# HELP queue_length The number of items.\n\
                    # TYPE queue_length gauge\n";

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_type_is_served_with_its_children_sorted() {
    let registry = Registry::new();
    let opts = |name: &str| {
        Opts::new(name, "Help.")
            .namespace("a")
            .const_label("z", "1")
    };
    let gauges = GaugeVec::new(opts("gauge"), &["x"]).unwrap();
    let int_gauges = IntGaugeVec::new(opts("int_gauge"), &["x"]).unwrap();
    let counters = CounterVec::new(opts("counter_total"), &["x"]).unwrap();
    let int_counters = IntCounterVec::new(opts("int_counter_total"), &["x"]).unwrap();
    let histogram = HistogramOpts::from(opts("seconds")).buckets(vec![0.5, 1.0]);
    let histograms = HistogramVec::new(histogram, &["x"]).unwrap();
    registry.must_register(gauges.clone());
    registry.must_register(int_gauges.clone());
    registry.must_register(counters.clone());
    registry.must_register(int_counters.clone());
    registry.must_register(histograms.clone());
    gauges.with_label_values(&["b"]).set(-1.5);
    gauges.with_label_values(&["a"]).add(2.5);
    gauges.with_label_values(&["a"]).sub(0.5);
    int_gauges.with_label_values(&["b"]).dec();
    int_gauges.with_label_values(&["a"]).inc();
    counters.with_label_values(&["a"]).inc_by(0.25);
    int_counters.with_label_values(&["a"]).inc_by(3);
    histograms.with_label_values(&["a"]).observe(0.5);
    histograms.with_label_values(&["a"]).observe(0.75);
    histograms.with_label_values(&["a"]).observe(f64::NAN);
    histograms.with_label_values(&["0"]).observe(2.0);
    assert_eq!(
        text(&registry),
        "# HELP a_counter_total Help.\n\
         # TYPE a_counter_total counter\n\
         a_counter_total{x=\"a\",z=\"1\"} 0.25\n\
         # HELP a_gauge Help.\n\
         # TYPE a_gauge gauge\n\
         a_gauge{x=\"a\",z=\"1\"} 2\n\
         a_gauge{x=\"b\",z=\"1\"} -1.5\n\
         # HELP a_int_counter_total Help.\n\
         # TYPE a_int_counter_total counter\n\
         a_int_counter_total{x=\"a\",z=\"1\"} 3\n\
         # HELP a_int_gauge Help.\n\
         # TYPE a_int_gauge gauge\n\
         a_int_gauge{x=\"a\",z=\"1\"} 1\n\
         a_int_gauge{x=\"b\",z=\"1\"} -1\n\
         # HELP a_seconds Help.\n\
         # TYPE a_seconds histogram\n\
         a_seconds_bucket{x=\"0\",z=\"1\",le=\"0.5\"} 0\n\
         a_seconds_bucket{x=\"0\",z=\"1\",le=\"1\"} 0\n\
         a_seconds_bucket{x=\"0\",z=\"1\",le=\"+Inf\"} 1\n\
         a_seconds_sum{x=\"0\",z=\"1\"} 2\n\
         a_seconds_count{x=\"0\",z=\"1\"} 1\n\
         a_seconds_bucket{x=\"a\",z=\"1\",le=\"0.5\"} 1\n\
         a_seconds_bucket{x=\"a\",z=\"1\",le=\"1\"} 2\n\
         a_seconds_bucket{x=\"a\",z=\"1\",le=\"+Inf\"} 3\n\
         a_seconds_sum{x=\"a\",z=\"1\"} NaN\n\
         a_seconds_count{x=\"a\",z=\"1\"} 3\n"
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn metrics_without_labels_are_served_alone() {
    let registry = Registry::new();
    let gauge = Gauge::new("g", "Help.").unwrap();
    let int_gauge = IntGauge::with_opts(Opts::new("i", "Help.")).unwrap();
    let counter = Counter::new("c_total", "Help.").unwrap();
    let desc = Desc::counter("d_total", "Help.").const_label("z", "1");
    let int_counter = IntCounter::with_opts(desc).unwrap();
    let histogram = HistogramOpts::new("h", "Help.").buckets(vec![1.0, f64::INFINITY]);
    let histogram = Histogram::with_opts(histogram).unwrap();
    registry.must_register(gauge.clone());
    registry.must_register(int_gauge.clone());
    registry.must_register(counter.clone());
    registry.must_register(int_counter.clone());
    registry.must_register(histogram.clone());
    gauge.set(1.5);
    int_gauge.set(-2);
    counter.inc();
    int_counter.inc();
    histogram.observe(1.0);
    assert_eq!(histogram.observe_closure_duration(|| 7), 7);
    histogram.start_timer().stop_and_discard();
    drop(histogram.start_timer());
    assert!(histogram.start_timer().stop_and_record() < 1.0);
    histogram.start_timer().observe_duration();
    assert_eq!(histogram.get_sample_count(), 5);
    let sum = histogram.get_sample_sum();
    assert!((1.0..1.9).contains(&sum), "{sum}");
    let text = text(&registry);
    let expected = "# HELP c_total Help.\n# TYPE c_total counter\nc_total 1\n\
         # HELP d_total Help.\n# TYPE d_total counter\nd_total{z=\"1\"} 1\n\
         # HELP g Help.\n# TYPE g gauge\ng 1.5\n\
         # HELP h Help.\n# TYPE h histogram\n\
         h_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 5\nh_sum SUM\nh_count 5\n\
         # HELP i Help.\n# TYPE i gauge\ni -2\n";
    assert_eq!(text, expected.replace("SUM", &sum.to_string()));
    gauge.set_to_current_time();
    assert!(gauge.get() > 1.7e9, "{}", gauge.get());
    int_gauge.set_to_current_time();
    assert!(int_gauge.get() > 1_700_000_000, "{}", int_gauge.get());
}

#[test]
fn each_child_of_many_buckets_is_served_once_and_in_order() {
    for count in [1, 3, 100, 700] {
        let bounds: Vec<f64> = (1..=40).map(f64::from).collect();
        let opts = HistogramOpts::new("h", "Help.").buckets(bounds);
        let histograms = HistogramVec::new(opts, &["x"]).unwrap();
        let registry = Registry::new();
        registry.must_register(histograms.clone());
        for child in 0..count {
            let histogram = histograms.with_label_values(&[format!("{child:03}")]);
            histogram.observe(f64::from(child));
        }
        let text = text(&registry);
        let sums = text.lines().filter(|line| line.starts_with("h_sum"));
        let expected =
            (0..count).map(|child| format!("h_sum{{x=\"{child:03}\"}} {child}"));
        assert!(sums.eq(expected), "{count}");
        assert_eq!(text.lines().count(), 2 + 43 * count as usize);
    }
}

#[test]
fn what_is_removed_is_not_served_and_its_handle_still_works() {
    let (registry, queues) = queues();
    let mail = queues.with_label_values(&["mail"]);
    mail.set(1);
    queues.with_label_values(&["web"]).set(2);
    assert_eq!(
        text(&registry),
        format!(
            "{HEAD}queue_length{{queue=\"mail\"}} 1\nqueue_length{{queue=\"web\"}} 2\n"
        )
    );
    assert!(queues.remove_label_values(&["mail"]));
    assert!(!queues.remove_label_values(&["mail"]));
    assert!(!queues.remove_label_values(&["mail", "web"]));
    mail.set(3);
    assert_eq!((mail.get(), queues.len()), (3, 1));
    assert_eq!(
        text(&registry),
        format!("{HEAD}queue_length{{queue=\"web\"}} 2\n")
    );
}

#[test]
fn children_of_the_same_labels_follow_one_another() {
    let (registry, queues) = queues();
    queues.with_label_values(&["mail"]).set(1);
    queues.with_label_values(&["web"]).set(2);
    assert!(queues.remove_label_values(&["mail"]));
    assert_eq!(queues.with_label_values(&["mail"]).get(), 0);
    assert!(queues.remove(&HashMap::from([("queue", "web")])));
    assert_eq!(
        text(&registry),
        format!("{HEAD}queue_length{{queue=\"mail\"}} 0\n")
    );
    queues.reset();
    assert!(queues.is_empty());
    assert_eq!(text(&registry), "");
    queues.with_label_values(&["mail"]).inc();
    assert_eq!(
        text(&registry),
        format!("{HEAD}queue_length{{queue=\"mail\"}} 1\n")
    );
}

#[test]
fn values_that_read_alike_together_are_two_children() {
    let requests =
        IntCounterVec::new(Opts::new("r_total", "Help."), &["a", "b"]).unwrap();
    requests.with_label_values(&["ab", "c"]).inc();
    requests.with_label_values(&["a", "bc"]).inc();
    requests.with_label_values(&["a\",b=\"b", "c"]).inc();
    requests.with_label_values(&["a\\", "\n"]).inc();
    let labels = requests.children().into_iter().map(|(labels, child)| {
        let values = labels.into_iter().map(|(_, value)| value);
        (values.collect::<Vec<String>>(), child.get())
    });
    let labels: Vec<(Vec<String>, u64)> = labels.collect();
    let expected = [["a", "bc"], ["a\",b=\"b", "c"], ["a\\", "\n"], ["ab", "c"]];
    let expected = expected.map(|values| (values.map(str::to_owned).to_vec(), 1));
    assert_eq!(labels, expected);
}

/// Counts some requests by method, path and code.
fn requests() -> IntCounterVec {
    let opts = Opts::new("r_total", "Help.");
    IntCounterVec::new(opts, &["method", "path", "code"]).unwrap()
}

/// Returns the label values of all children; the labels are sorted by name.
fn values(vector: &IntCounterVec) -> Vec<String> {
    let children = vector.children().into_iter().map(|(labels, _)| {
        let values: Vec<String> = labels.into_iter().map(|(_, value)| value).collect();
        values.join(" ")
    });
    children.collect()
}

#[test]
fn curried_labels_need_no_value() {
    let requests = requests();
    let get = requests.curry_with(&HashMap::from([("method", "GET")]));
    let get = get.unwrap();
    let ok = get.curry_with(&HashMap::from([("code", "200")])).unwrap();
    ok.with_label_values(&["/"]).inc();
    ok.with(&HashMap::from([("path", "/a")])).inc();
    get.with_label_values(&["/", "500"]).inc();
    requests.with_label_values(&["POST", "/", "200"]).inc();
    let all = ["200 GET /", "200 GET /a", "200 POST /", "500 GET /"];
    assert_eq!(values(&requests), all);
    let error = ok.get_metric_with_label_values(&["GET", "/"]).err();
    assert_eq!(
        error.unwrap().to_string(),
        "`r_total` has the labels [\"path\"]: expected 1 label value(s), got 2"
    );
    let error = ok.curry_with(&HashMap::from([("code", "500")])).err();
    assert_eq!(
        error.unwrap().to_string(),
        "`r_total` has the labels [\"path\"], and the map has [\"code\"]"
    );
    assert!(ok.remove_label_values(&["/a"]));
    assert_eq!(values(&requests), [all[0], all[2], all[3]]);
}

#[test]
fn some_of_the_labels_remove_all_children_that_have_them() {
    let requests = requests();
    for values in [
        ["GET", "/", "200"],
        ["GET", "/", "500"],
        ["GET", "/a", "200"],
    ] {
        requests.with_label_values(&values).inc();
    }
    requests.with_label_values(&["POST", "/", "200"]).inc();
    let get = requests.curry_with(&HashMap::from([("method", "GET")]));
    let get = get.unwrap();
    assert!(!get.remove(&HashMap::from([("path", "/"), ("code", "404")])));
    assert_eq!(get.remove_partial(&HashMap::from([("path", "/")])), 2);
    assert_eq!(values(&requests), ["200 GET /a", "200 POST /"]);
    assert_eq!(
        requests.remove_partial(&HashMap::from([("status", "200")])),
        0
    );
    assert_eq!(requests.remove_partial(&HashMap::<&str, &str>::new()), 2);
    assert_eq!(values(&requests), [""; 0]);
}

#[test]
fn a_limit_counts_further_children_as_other() {
    let registry = Registry::new();
    let opts = Opts::new("r_total", "Help.").const_label("zone", "eu");
    let requests = IntCounterVec::new(opts, &["user"]).unwrap();
    let requests = requests.limit(2, OnLimit::Other);
    registry.must_register(requests.clone());
    for user in ["a", "b", "c", "d", "a", "c"] {
        requests.with_label_values(&[user]).inc();
    }
    assert_eq!(
        text(&registry),
        "# HELP r_total Help.\n\
         # TYPE r_total counter\n\
         r_total{user=\"a\",zone=\"eu\"} 2\n\
         r_total{user=\"b\",zone=\"eu\"} 1\n\
         r_total{user=\"other\",zone=\"eu\"} 3\n\
         # HELP vector_limit_hits_total Number of times a metric vector had no place for \
         another child.\n\
         # TYPE vector_limit_hits_total counter\n\
         vector_limit_hits_total{vector=\"r_total{zone=\\\"eu\\\"}\"} 3\n"
    );
}

#[test]
fn other_itself_has_a_place_and_is_no_hit() {
    let registry = Registry::new();
    let requests = IntCounterVec::new(Opts::new("r_total", "Help."), &["user"]);
    let requests = requests.unwrap().limit(1, OnLimit::Other);
    registry.must_register(requests.clone());
    for user in ["a", "other", "b"] {
        requests.with_label_values(&[user]).inc();
    }
    assert_eq!(
        text(&registry),
        "# HELP r_total Help.\n\
         # TYPE r_total counter\n\
         r_total{user=\"a\"} 1\n\
         r_total{user=\"other\"} 2\n\
         # HELP vector_limit_hits_total Number of times a metric vector had no place for \
         another child.\n\
         # TYPE vector_limit_hits_total counter\n\
         vector_limit_hits_total{vector=\"r_total\"} 1\n"
    );
}

#[test]
fn a_limited_vector_of_names_in_utf8_may_have_such_a_prefix() {
    let registry = Registry::new();
    let queues = Desc::gauge("queue", "Help.").utf8();
    let queues = IntGaugeVec::new(queues, &["name"]).unwrap();
    let queues = queues.limit(1, OnLimit::Refuse);
    let prefixed = registry.with_prefix("shop.");
    prefixed.must_register(queues.clone());
    for name in ["a", "b"] {
        queues.with_label_values(&[name]).set(1);
    }
    assert_eq!(
        text(&registry),
        "# HELP shop_queue Help.\n# TYPE shop_queue gauge\n\
         shop_queue{name=\"a\"} 1\n\
         # HELP shop_vector_limit_hits_total Number of times a metric vector had no place \
         for another child.\n\
         # TYPE shop_vector_limit_hits_total counter\n\
         shop_vector_limit_hits_total{vector=\"queue\"} 1\n"
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn names_in_utf8_are_escaped_with_what_the_registry_adds() {
    let registry = Registry::new();
    let prefixed = registry
        .with_prefix("p.")
        .with_labels(&[("zone.name", "eu")]);
    let requests = Desc::counter("a_total", "").utf8();
    let requests = IntCounterVec::new(requests, &["x.y"]).unwrap();
    prefixed.must_register(requests.clone());
    registry.must_register(requests.clone());
    requests.with_label_values(&["\""]).inc();
    let families = registry.gather().into_families();
    for (escaping, expected) in [
        (
            Escaping::AllowUtf8,
            "# TYPE a_total counter\na_total{\"x.y\"=\"\\\"\"} 1\n\
             # TYPE \"p.a_total\" counter\n\
             {\"p.a_total\",\"x.y\"=\"\\\"\",\"zone.name\"=\"eu\"} 1\n",
        ),
        (
            Escaping::Underscores,
            "# TYPE a_total counter\na_total{x_y=\"\\\"\"} 1\n\
             # TYPE p_a_total counter\n\
             p_a_total{x_y=\"\\\"\",zone_name=\"eu\"} 1\n",
        ),
        (
            Escaping::Dots,
            "# TYPE a_total counter\na_total{x_dot_y=\"\\\"\"} 1\n\
             # TYPE p_dot_a__total counter\n\
             p_dot_a__total{x_dot_y=\"\\\"\",zone_dot_name=\"eu\"} 1\n",
        ),
        (
            Escaping::Values,
            "# TYPE a_total counter\na_total{U__x_2e_y=\"\\\"\"} 1\n\
             # TYPE U__p_2e_a__total counter\n\
             U__p_2e_a__total{U__x_2e_y=\"\\\"\",U__zone_2e_name=\"eu\"} 1\n",
        ),
    ] {
        let format = Format::TEXT.with_escaping(escaping);
        assert_eq!(format.to_text(&families), expected);
    }
}

#[test]
fn a_removed_child_makes_room() {
    let requests = IntCounterVec::new(Opts::new("r_total", "Help."), &["user"]);
    let requests = requests.unwrap().limit(2, OnLimit::Other);
    for user in ["a", "b", "c"] {
        requests.with_label_values(&[user]).inc();
    }
    assert_eq!(values(&requests), ["a", "b", "other"]);
    assert!(requests.remove_label_values(&["a"]));
    requests.with_label_values(&["c"]).inc();
    requests.with_label_values(&["d"]).inc();
    assert_eq!(values(&requests), ["b", "c", "other"]);
}

#[test]
fn a_limit_refuses_further_children_and_nothing_panics() {
    let opts = Opts::new("r_total", "Help.");
    let requests = IntCounterVec::new(opts, &["user"]).unwrap();
    let requests = requests.limit(1, OnLimit::Refuse);
    requests.with_label_values(&["a"]).inc();
    let error = requests.get_metric_with_label_values(&["b"]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "`r_total` has 1 children, its limit, and creates no other: give its labels fewer \
         values, or raise the limit"
    );
    let unserved = requests.with_label_values(&["b"]);
    unserved.inc();
    assert_eq!((unserved.get(), requests.len()), (1, 1));
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn errors_name_what_is_wrong() {
    let error = |result: Result<_, VectorError>| result.err().unwrap().to_string();
    assert_eq!(
        error(Gauge::new("a-b", "Help.").map(drop)),
        "`a-b`: `a-b` isn't a metric name: use letters, digits, `_` and `:`, but no \
         leading digit"
    );
    assert_eq!(
        error(GaugeVec::new(Opts::new("a", "Help."), &["b", "b"]).map(drop)),
        "`a`: it has the label `b` twice, keep one"
    );
    assert_eq!(
        error(GaugeVec::new(Desc::counter("a", "Help."), &[]).map(drop)),
        "`a` is described as a counter, not as a gauge"
    );
    assert_eq!(
        error(HistogramVec::new(HistogramOpts::new("a", "Help."), &["le"]).map(drop)),
        "`a`: the label `le` belongs to the histogram itself, rename yours"
    );
    assert_eq!(
        error(
            Counter::with_opts(Opts::new("a", "Help.").variable_label("b")).map(drop)
        ),
        "`a` has the labels [\"b\"]: expected 1 label value(s), got 0"
    );
    for (bounds, shown) in [
        (vec![1.0, 0.5], "[1, 0.5]"),
        (vec![1.0, 1.0], "[1, 1]"),
        (vec![f64::NAN], "[NaN]"),
        (vec![f64::NEG_INFINITY, 1.0], "[-Inf, 1]"),
    ] {
        let desc = Desc::histogram("a", "Help.");
        assert_eq!(
            error(HistogramVec::with_buckets(desc, bounds, &[]).map(drop)),
            format!(
                "`a` has the bucket bounds {shown}: sort finite numbers, each once"
            )
        );
    }
    let (_, queues) = queues();
    assert_eq!(
        error(
            queues
                .get_metric_with(&HashMap::from([("b", "1"), ("a", "1")]))
                .map(drop)
        ),
        "`queue_length` has the labels [\"queue\"], and the map has [\"a\", \"b\"]"
    );
    let more = HashMap::from([("queue", "1"), ("a", "1")]);
    assert_eq!(
        error(queues.get_metric_with(&more).map(drop)),
        "`queue_length` has the labels [\"queue\"], and the map has [\"a\", \"queue\"]"
    );
    let long = "x".repeat(1 << 20);
    assert_eq!(
        error(queues.get_metric_with_label_values(&[&long]).map(drop)),
        "`queue_length`: label values of 1048584 bytes are too long"
    );
    queues.with_label_values(&[&long]).inc();
    assert!(queues.is_empty());
}

#[test]
fn a_child_is_registered_by_its_vector_only() {
    let (_, queues) = queues();
    let registry = Registry::new();
    let error = registry.register(queues.with_label_values(&["mail"]));
    assert_eq!(
        error.unwrap_err().to_string(),
        "the descriptor of `` is invalid: it is the child of a vector, which serves it: \
         register the vector instead"
    );
}

#[test]
#[should_panic = "expected 1 label value(s), got 2"]
fn a_wrong_number_of_values_panics() {
    queues().1.with_label_values(&["a", "b"]);
}

#[test]
#[should_panic = "a counter cannot decrease"]
fn a_decreasing_counter_panics() {
    Counter::new("a_total", "Help.").unwrap().inc_by(-1.0);
}

#[test]
#[should_panic = "a counter cannot decrease"]
fn a_counter_panics_rather_than_become_nan() {
    Counter::new("a_total", "Help.").unwrap().inc_by(f64::NAN);
}

#[test]
fn vectors_of_one_name_are_merged_and_wrapped() {
    let registry = Registry::new();
    let vector = |zone: &str| {
        let opts = Opts::new("q", "Help.").const_label("zone", zone);
        IntGaugeVec::new(opts, &["queue"]).unwrap()
    };
    let (east, west) = (vector("east"), vector("west"));
    registry.with_prefix("shop_").must_register(west.clone());
    registry.with_prefix("shop_").must_register(east.clone());
    for (at, queue) in ["b", "", "a"].into_iter().enumerate() {
        east.with_label_values(&[queue]).set(at as i64);
        west.with_label_values(&[queue]).set(-(at as i64));
    }
    let labelled = registry.with_labels(&[("app", "x")]);
    let (_, queues) = queues();
    labelled.must_register(queues.clone());
    queues.with_label_values(&["mail"]).inc();
    assert_eq!(
        text(&registry),
        format!(
            "{HEAD}queue_length{{app=\"x\",queue=\"mail\"}} 1\n\
             # HELP shop_q Help.\n\
             # TYPE shop_q gauge\n\
             shop_q{{queue=\"\",zone=\"east\"}} 1\n\
             shop_q{{queue=\"\",zone=\"west\"}} -1\n\
             shop_q{{queue=\"a\",zone=\"east\"}} 2\n\
             shop_q{{queue=\"a\",zone=\"west\"}} -2\n\
             shop_q{{queue=\"b\",zone=\"east\"}} 0\n\
             shop_q{{queue=\"b\",zone=\"west\"}} 0\n"
        )
    );
}

#[test]
fn a_duplicate_elsewhere_does_not_cost_the_vector() {
    let (registry, queues) = queues();
    queues.with_label_values(&["mail"]).inc();
    let twice = || {
        exporter_workbook::collect::collector_fn(Vec::new(), |samples| {
            samples.set(&Desc::gauge("twice", "Help."), 1.0, &[]);
            Ok(())
        })
    };
    registry.must_register(twice());
    registry.must_register(twice());
    let gathered = registry.gather();
    assert_eq!(gathered.errors().len(), 1);
    assert_eq!(
        Format::TEXT.to_text(gathered.families()),
        format!(
            "{HEAD}queue_length{{queue=\"mail\"}} 1\n\
             # HELP twice Help.\n# TYPE twice gauge\ntwice 1\n"
        )
    );
}

/// A generator of numbers that aren't quite random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What a scrape serves of `model`.
fn expected(model: &BTreeMap<String, i64>) -> String {
    let lines = model
        .iter()
        .map(|(queue, value)| format!("queue_length{{queue=\"{queue}\"}} {value}\n"));
    let lines: String = lines.collect();
    match lines.as_str() {
        "" => lines,
        lines => format!("{HEAD}{lines}"),
    }
}

#[test]
fn scrapes_show_what_was_created_and_removed_in_order() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    // Few and many children, so that pages appear, are divided, shrink and vanish.
    for most in [3, 300, 3000] {
        let (registry, queues) = queues();
        let mut model = BTreeMap::new();
        for round in 0..60 {
            for _ in 0..numbers.below(most) {
                let queue = format!("q{}", numbers.below(most));
                let removes = numbers.below(4) < if round % 4 < 2 { 1 } else { 3 };
                if removes {
                    let removed = queues.remove_label_values(&[&queue]);
                    assert_eq!(removed, model.remove(&queue).is_some());
                } else {
                    let by = numbers.below(100) as i64;
                    queues.with_label_values(&[&queue]).add(by);
                    *model.entry(queue).or_default() += by;
                }
            }
            if numbers.below(20) == 0 {
                queues.reset();
                model.clear();
            }
            assert_eq!(queues.len(), model.len());
            assert_eq!(text(&registry), expected(&model));
        }
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn any_values_are_in_the_order_of_what_they_are_unescaped() {
    const PARTS: &str = "\"|\\|\n|n|a|\\n|\0|\u{1}|!|#|[|]|\u{7f}|é|\u{10ffff}|\",b=\"";
    let parts: Vec<&str> = PARTS.split('|').collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut value = || {
        let some = (0..numbers.below(4)).map(|_| parts[numbers.below(16) as usize]);
        some.collect::<String>()
    };
    let gauges = IntGaugeVec::new(Opts::new("g", "Help."), &["b", "a"]).unwrap();
    let mut model = BTreeSet::new();
    for round in 0..40 {
        for _ in 0..100 {
            let (a, b) = (value(), value());
            gauges.with_label_values(&[&b, &a]).inc();
            model.insert([a, b]);
        }
        let gone: Vec<_> = model.iter().skip(round).step_by(7).cloned().collect();
        for values in gone {
            assert!(gauges.remove_label_values(&[&values[1], &values[0]]));
            model.remove(&values);
        }
        let served = gauges.children().into_iter().map(|(labels, _)| {
            let values: Vec<String> =
                labels.into_iter().map(|(_, value)| value).collect();
            <[String; 2]>::try_from(values).unwrap()
        });
        assert!(served.eq(model.iter().cloned()), "in round {round}");
    }
}

#[test]
fn scrapes_at_the_same_time_all_show_the_new_children() {
    let (registry, queues) = queues();
    let mut model = BTreeMap::new();
    for round in 0..50 {
        for number in 0..100 {
            let queue = format!("q{round}-{number}");
            queues.with_label_values(&[&queue]).set(1);
            model.insert(queue, 1);
        }
        let expected = expected(&model);
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| assert_eq!(text(&registry), expected));
            }
        });
    }
}

#[test]
fn children_may_change_during_scrapes() {
    churn(Duration::from_secs(1));
}

#[test]
#[ignore = "takes 30 s"]
fn children_may_change_during_scrapes_for_half_a_minute() {
    churn(Duration::from_secs(30));
}

/// Lets four threads create, change and remove children during scrapes.
fn churn(time: Duration) {
    const STAY: usize = 2000;
    let (registry, queues) = queues();
    let names = (0..STAY).map(|number| format!("stays-{number}"));
    names.for_each(|name| queues.with_label_values(&[name]).set(7));
    let stay =
        (0..STAY).map(|number| format!("queue_length{{queue=\"stays-{number}\"}} 7"));
    let stay: BTreeSet<String> = stay.collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        for seed in 1..=4 {
            let (queues, is_over) = (queues.clone(), &is_over);
            threads.spawn(move || {
                let mut numbers = Numbers(seed);
                while !is_over.load(Ordering::Relaxed) {
                    change(&queues, &mut numbers);
                }
            });
        }
        for _ in 0..2 {
            threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    check(&text(&registry), &stay);
                }
            });
        }
        thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
    });
}

/// Creates, changes or removes a child.
fn change(queues: &IntGaugeVec, numbers: &mut Numbers) {
    let queue = format!("s{}", numbers.below(5000));
    match numbers.below(3) {
        0 => _ = queues.remove_label_values(&[&queue]),
        _ => queues.with_label_values(&[&queue]).set(1),
    }
    if numbers.below(20_000) == 0 {
        queues.remove_partial(&HashMap::from([("queue", format!("{queue}0"))]));
    }
}

/// Checks that an exposition is sorted, has no duplicate, and has the lines `stay`.
fn check(text: &str, stay: &BTreeSet<String>) {
    let lines: Vec<&str> = text.lines().skip(2).collect();
    let parts = lines.iter().map(|line| line.split_once(' ').unwrap());
    let series: Vec<&str> = parts.clone().map(|(series, _)| series).collect();
    assert!(series.is_sorted_by(|one, next| one < next));
    for (series, value) in parts {
        let is_set = value == "1" || value == "0" && !series.contains("stays");
        assert!(
            is_set || value == "7" && series.contains("stays"),
            "{series} {value}"
        );
    }
    let lines: BTreeSet<&str> = lines.into_iter().collect();
    assert_eq!(
        stay.iter().find(|line| !lines.contains(line.as_str())),
        None
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn counters_and_histograms_have_exemplars_and_the_time_of_their_creation() {
    let registry = Registry::new();
    let requests =
        IntCounterVec::new(Opts::new("r_total", "Help."), &["code"]).unwrap();
    let opts = HistogramOpts::new("h", "Help.").buckets(vec![1.0]);
    let histogram = Histogram::with_opts(opts).unwrap();
    registry.must_register(requests.clone());
    registry.must_register(histogram.clone());
    let ok = requests.with_label_values(&["200"]);
    ok.inc_by_with_exemplar(2, &[("trace_id", "first")]);
    ok.inc_by_with_exemplar(1, &[("trace_id", "second")]);
    ok.inc_by_with_exemplar(1, &[("trace_id", &"x".repeat(121))]);
    ok.inc_by_with_exemplar(1, &[("trace-id", "x")]);
    requests.with_label_values(&["500"]).inc();
    histogram.observe_with_exemplar(0.5, &[("trace_id", "low")]);
    histogram.observe_with_exemplar(1.5, &[("trace_id", "high")]);
    histogram.observe_with_exemplar(1.0, &[("trace_id", "bound")]);
    let format = Format::OPEN_METRICS_1_0_0.with_created_samples();
    let text = format.to_text(registry.gather().families());
    assert_eq!(
        without_times(&text),
        "# HELP h Help.\n# TYPE h histogram\n\
         h_bucket{le=\"1.0\"} 2 # {trace_id=\"bound\"} 1.0 TIME\n\
         h_bucket{le=\"+Inf\"} 3 # {trace_id=\"high\"} 1.5 TIME\n\
         h_sum 3.0\nh_count 3\nh_created TIME\n\
         # HELP r Help.\n# TYPE r counter\n\
         r_total{code=\"200\"} 5.0 # {trace_id=\"second\"} 1.0 TIME\n\
         r_created{code=\"200\"} TIME\n\
         r_total{code=\"500\"} 1.0\n\
         r_created{code=\"500\"} TIME\n\
         # EOF\n"
    );
}

/// Replaces Unix seconds with a fraction.
fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let number: f64 = word.trim().parse().unwrap_or_default();
        if number > 1.7e9 {
            word.replace(word.trim(), "TIME")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

#[test]
fn a_counter_that_is_reset_was_created_then() {
    let counter = Counter::new("c_total", "Help.").unwrap();
    let created = || {
        let registry = Registry::new();
        registry.must_register(counter.clone());
        let families = registry.gather().into_families();
        families[0].samples().next().unwrap().created().unwrap()
    };
    let first = created();
    thread::sleep(Duration::from_millis(2));
    assert_eq!(created(), first);
    counter.reset();
    assert!(created() > first);
}
