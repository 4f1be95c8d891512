//! The interface `prometheus.Registerer` as Go documents it, sentence by sentence, and
//! what a registry adds to it.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod families;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use exporter_workbook::collect::{
    CollectError, Collector, Samples, collector_fn, value_fn,
};
use exporter_workbook::desc::{Desc, MetricKind};
use exporter_workbook::exposition::Format;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::{
    AnyCollector, Difference, Gathered, IntoCollector, LabelNames, RegisterError,
    Registerer, Registry,
};
use exporter_workbook::testutil;
use families::{collects, gauges, words};
use prometheus::core as theirs;
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts,
};

/// Describes whatever it is told to, and collects one gauge.
struct Described {
    descs: Vec<theirs::Desc>,
    gauge: Gauge,
}

impl theirs::Collector for Described {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.gauge.collect()
    }
}

fn described(descs: &[theirs::Desc]) -> Described {
    let gauge = gauge("described", "Described.");
    let descs = descs.to_vec();
    Described { descs, gauge }
}

/// Creates a collector without descriptors, of its own gauge.
fn unchecked(name: &str) -> Described {
    let gauge = gauge(name, "Unchecked.");
    let descs = Vec::new();
    Described { descs, gauge }
}

fn desc(
    name: &str,
    help: &str,
    labels: &[&str],
    constant: &[(&str, &str)],
) -> theirs::Desc {
    let owned = |text: &&str| (*text).to_owned();
    let constant = constant.iter().map(|(k, v)| (owned(k), owned(v)));
    let labels = labels.iter().map(owned).collect();
    theirs::Desc::new(owned(&name), owned(&help), labels, constant.collect()).unwrap()
}

/// Creates a collector of this library that describes `desc` and reports nothing.
fn own(desc: Desc) -> impl Collector {
    collector_fn(vec![desc], |_: &mut Samples<'_>| Ok(()))
}

fn gauge(name: &str, help: &str) -> Gauge {
    Gauge::new(name, help).unwrap()
}

/// Returns the names of the families in a scrape without errors.
fn names(registry: &Registry) -> Vec<String> {
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    let families = gathered.families().iter();
    families.map(|family| family.name().to_owned()).collect()
}

/// Returns the lines of samples of a scrape without errors.
fn samples(registry: &Registry) -> String {
    let text = testutil::gather_to_text(registry).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

fn labels(constant: &[&str], variable: &[&str]) -> LabelNames {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    LabelNames {
        constant: owned(constant),
        variable: owned(variable),
    }
}

// "Register … returns an error if the descriptors provided by the Collector are invalid"

/// Asserts that registration fails, and how the reason begins.
#[track_caller]
fn assert_invalid<K>(collector: impl IntoCollector<K>, reason: &str) {
    let registry = Registry::new();
    let name = collector.descs()[0].name().to_owned();
    let error = registry.register(collector).unwrap_err();
    let expected = format!("the descriptor of `{name}` is invalid: {reason}");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(matches!(error, RegisterError::Invalid { .. }));
    assert_eq!(names(&registry), [""; 0]);
}

#[test]
fn register_returns_an_error_if_a_descriptor_is_invalid() {
    let good = || desc("a", "A.", &["zone"], &[("module", "m")]);
    for name in ["a-b", "", "9a", "a b", "ä"] {
        let reason = format!("`{name}` isn't a metric name: use");
        let mut desc = good();
        desc.fq_name = name.to_owned();
        assert_invalid(described(&[desc]), &reason);
        assert_invalid(own(Desc::gauge(name, "A.")), &reason);
    }
    for label in ["9th", "a:b", "", "ä"] {
        let reason = format!("`{label}` isn't a label name: use");
        let mut desc = good();
        desc.variable_labels.push(label.to_owned());
        assert_invalid(described(&[desc]), &reason);
        assert_invalid(own(Desc::gauge("a", "A.").label(label)), &reason);
        assert_invalid(own(Desc::gauge("a", "A.").const_label(label, "")), &reason);
    }
    let mut twice = good();
    twice.variable_labels.push("zone".to_owned());
    let reason = "it has the label `zone` twice, keep one";
    assert_invalid(described(&[twice]), reason);
    let zone = || Desc::gauge("a", "A.").label("zone");
    assert_invalid(own(zone().label("zone")), reason);
    assert_invalid(own(zone().const_label("zone", "z")), reason);
}

#[test]
fn register_returns_an_error_for_what_the_crate_accepts_silently() {
    assert_invalid(
        described(&[desc("a", "A.", &["__zone"], &[])]),
        "label names that begin with `__` are reserved: rename `__zone`",
    );
    assert_invalid(
        described(&[desc("a", "A.", &["module"], &[("module", "m")])]),
        "it has the label `module` twice, keep one",
    );
}

#[test]
fn a_constant_label_that_begins_with_two_underscores_is_invalid() {
    let opts = Opts::new("a", "A.").const_label("__name__", "b");
    let gauge = Gauge::with_opts(opts).unwrap();
    assert_eq!(
        Registry::new().register(gauge).unwrap_err().to_string(),
        "the descriptor of `a` is invalid: label names that begin with `__` are \
         reserved: rename `__name__`"
    );
}

#[test]
fn the_label_of_buckets_or_quantiles_is_invalid_on_a_histogram_or_summary() {
    for (desc, label, kind) in [
        (Desc::histogram("a", "A."), "le", "histogram"),
        (Desc::summary("a", "A."), "quantile", "summary"),
    ] {
        let reason =
            format!("the label `{label}` belongs to the {kind} itself, rename yours");
        assert_invalid(own(desc.clone().label(label)), &reason);
        assert_invalid(own(desc.const_label(label, "1")), &reason);
    }
    let other = Desc::gauge("a", "A.").label("le").label("quantile");
    Registry::new().register(own(other)).unwrap();
}

#[test]
fn a_metric_name_may_have_colons_and_digits_after_the_first_character() {
    Registry::new().register(gauge(":a_9:Z", "A.")).unwrap();
}

// "… or if they — in combination with descriptors of already registered Collectors — do
// not fulfill the consistency and uniqueness criteria"

#[track_caller]
fn assert_inconsistent(error: &RegisterError, of: &str, differ: &Difference) {
    match error {
        RegisterError::Inconsistent { name, difference } => {
            assert_eq!((name.as_str(), &**difference), (of, differ));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn register_returns_an_error_if_the_help_is_inconsistent() {
    let registry = Registry::new();
    registry.register(gauge("a", "One.")).unwrap();
    let difference = Difference::Help {
        first: "One.".to_owned(),
        now: "Two.".to_owned(),
    };
    let error = registry.register(gauge("a", "Two.")).unwrap_err();
    assert_inconsistent(&error, "a", &difference);
    assert_eq!(
        error.to_string(),
        "`a` is described in two ways, first with the help \"One.\" and now with the \
         help \"Two.\": use the first description, or another name (a registry holds a \
         name to its first description for good)"
    );
    let error = registry
        .register(own(Desc::gauge("a", "Two.")))
        .unwrap_err();
    assert_inconsistent(&error, "a", &difference);
}

#[test]
fn register_returns_an_error_if_the_label_names_are_inconsistent() {
    let registry = Registry::new();
    let first = desc("a", "A.", &["zone"], &[("module", "m")]);
    registry.register(described(&[first])).unwrap();
    for (now, offered) in [
        (
            desc("a", "A.", &["path"], &[("module", "n")]),
            labels(&["module"], &["path"]),
        ),
        (
            desc("a", "A.", &[], &[("module", "n")]),
            labels(&["module"], &[]),
        ),
        // The same names in swapped roles.
        (
            desc("a", "A.", &["module"], &[("zone", "z")]),
            labels(&["zone"], &["module"]),
        ),
    ] {
        let error = registry.register(described(&[now])).unwrap_err();
        let first = labels(&["module"], &["zone"]);
        let difference = Difference::Labels {
            first,
            now: offered,
        };
        assert_inconsistent(&error, "a", &difference);
    }
}

#[test]
fn inconsistent_label_names_are_named() {
    let registry = Registry::new();
    let first = desc("a", "A.", &["zone"], &[("module", "m")]);
    registry.register(described(&[first])).unwrap();
    let now = desc("a", "A.", &["path", "code"], &[]);
    assert_eq!(
        registry
            .register(described(&[now]))
            .unwrap_err()
            .to_string(),
        "`a` is described in two ways, first with the constant labels [\"module\"] and \
         the variable labels [\"zone\"] and now with the constant labels [] and the \
         variable labels [\"code\", \"path\"]: use the first description, or another name \
         (a registry holds a name to its first description for good)"
    );
}

#[test]
fn register_returns_an_error_if_the_type_is_inconsistent() {
    let registry = Registry::new();
    registry.register(own(Desc::gauge("a", "A."))).unwrap();
    let counter = || Desc::counter("a", "A.").const_label("x", "1");
    let error = registry.register(own(counter())).unwrap_err();
    let difference = Difference::Kind {
        first: MetricKind::Gauge,
        now: MetricKind::Counter,
    };
    assert_inconsistent(&error, "a", &difference);
    assert_eq!(
        error.to_string(),
        "`a` is described in two ways, first as a gauge and now as a counter: use the \
         first description, or another name (a registry holds a name to its first \
         description for good)"
    );
    // A descriptor of the crate has no type and leaves it open.
    let module = |value| desc("b", "B.", &[], &[("module", value)]);
    registry.register(described(&[module("m")])).unwrap();
    let of_type = |desc: Desc, value| own(desc.const_label("module", value));
    let counter = of_type(Desc::counter("b", "B."), "n");
    registry.register(counter).unwrap();
    let summary = of_type(Desc::summary("b", "B."), "o");
    let error = registry.register(summary).unwrap_err();
    let difference = Difference::Kind {
        first: MetricKind::Counter,
        now: MetricKind::Summary,
    };
    assert_inconsistent(&error, "b", &difference);
}

#[test]
fn label_names_may_come_in_any_order() {
    let registry = Registry::new();
    let first = desc("a", "A.", &["zone", "path"], &[("module", "m")]);
    let second = desc("a", "A.", &["path", "zone"], &[("module", "n")]);
    registry.register(described(&[first])).unwrap();
    registry.register(described(&[second])).unwrap();
}

#[test]
fn one_name_with_other_constant_values_is_consistent() {
    let registry = Registry::new();
    for module in ["http-server", "worker"] {
        let opts = Opts::new("a", "A.").const_label("module", module);
        registry.register(Gauge::with_opts(opts).unwrap()).unwrap();
    }
    assert_eq!(
        samples(&registry),
        "a{module=\"http-server\"} 0\na{module=\"worker\"} 0"
    );
}

#[test]
fn descriptors_of_one_collector_are_consistent_with_each_other() {
    let one = desc("a", "One.", &[], &[("module", "m")]);
    let two = desc("a", "Two.", &[], &[("module", "n")]);
    let error = Registry::new()
        .register(described(&[one, two]))
        .unwrap_err();
    let difference = Difference::Help {
        first: "One.".to_owned(),
        now: "Two.".to_owned(),
    };
    assert_inconsistent(&error, "a", &difference);
}

#[test]
fn the_same_descriptor_with_other_variable_labels_is_inconsistent() {
    let [one, two] = ["zone", "path"].map(|label| desc("a", "A.", &[label], &[]));
    let error = Registry::new()
        .register(described(&[one, two]))
        .unwrap_err();
    let difference = Difference::Labels {
        first: labels(&[], &["zone"]),
        now: labels(&[], &["path"]),
    };
    assert_inconsistent(&error, "a", &difference);
}

#[test]
fn a_descriptor_is_unique_among_collectors() {
    let registry = Registry::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| desc(name, "A.", &[], &[]));
    registry
        .register(described(&[a.clone(), b.clone()]))
        .unwrap();
    for descs in [
        vec![b.clone()],
        vec![c.clone(), b.clone()],
        vec![b.clone(), a, c],
    ] {
        let error = registry.register(described(&descs)).unwrap_err();
        assert!(
            matches!(&error, RegisterError::DuplicateDescriptor { name } if name == "b"),
            "{error}"
        );
    }
    let error = registry.register(own(Desc::gauge("b", "A."))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`b` with the same constant labels is described by another registered collector: \
         register one of the two, or tell them apart by a constant label"
    );
}

#[test]
fn a_descriptor_may_appear_twice_in_one_collector() {
    let registry = Registry::new();
    let a = desc("a", "A.", &[], &[]);
    registry
        .register(described(&[a.clone(), a.clone()]))
        .unwrap();
    assert!(registry.unregister(&described(&[a])));
}

#[test]
fn a_register_that_fails_changes_nothing() {
    let registry = Registry::new();
    registry.register(gauge("taken", "Taken.")).unwrap();
    let refused = [
        desc("free", "First.", &[], &[]),
        desc("taken", "Taken.", &[], &[]),
    ];
    registry.register(described(&refused)).unwrap_err();
    let refused = [
        desc("free", "First.", &[], &[]),
        desc("taken", "Other.", &[], &[]),
    ];
    registry.register(described(&refused)).unwrap_err();
    // The crate's registry would bind `free` to the help of the refused collectors.
    registry.register(gauge("free", "Second.")).unwrap();
    assert_eq!(names(&registry), ["free", "taken"]);
}

#[test]
fn a_refused_collector_is_not_gathered() {
    let registry = Registry::new();
    registry.register(gauge("a", "A.")).unwrap();
    registry.register(gauge("a", "A.")).unwrap_err();
    assert_eq!(samples(&registry), "a 0");
}

// "If the provided Collector is equal to a Collector already registered (which includes
// the case of re-registering the same Collector), the returned error is an instance of
// AlreadyRegisteredError, which contains the previously registered Collector."

#[test]
fn an_equal_collector_is_already_registered() {
    let registry = Registry::new();
    let queue_length = gauge("queue_length", "Items.");
    registry.register(queue_length.clone()).unwrap();
    for equal in [queue_length.clone(), gauge("queue_length", "Items.")] {
        let error = registry.register(equal).unwrap_err();
        assert!(matches!(error, RegisterError::AlreadyRegistered { .. }));
        assert_eq!(
            error.to_string(),
            "`queue_length` is registered already: register it once and change its value \
             through a clone, or leave out one of the two collectors"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
        error.existing::<Gauge>().unwrap().inc();
        assert!(error.existing::<IntCounter>().is_none());
    }
    assert_eq!(queue_length.get(), 2.0);
}

#[test]
fn only_already_registered_has_an_existing_collector() {
    let registry = Registry::new();
    registry.register(gauge("a", "One.")).unwrap();
    let error = registry.register(gauge("a", "Two.")).unwrap_err();
    assert!(error.existing::<Gauge>().is_none());
}

#[test]
fn a_collector_with_the_same_set_of_descriptors_is_equal() {
    let registry = Registry::new();
    let [a, b] = ["a", "b"].map(|name| desc(name, "A.", &[], &[]));
    registry
        .register(described(&[a.clone(), b.clone()]))
        .unwrap();
    let error = registry.register(described(&[b, a])).unwrap_err();
    assert!(
        matches!(&error, RegisterError::AlreadyRegistered { names, .. }
        if names == "`b`, `a`")
    );
    assert!(error.existing::<Described>().is_some());
}

#[test]
fn the_previously_registered_collector_is_available() {
    let registry = Registry::new();
    let new = || IntCounterVec::new(Opts::new("errors_total", "Errors."), &["cause"]);
    let first = registry.register_or_existing(new().unwrap()).unwrap();
    let registerer: &dyn Registerer = &registry;
    let second = registerer.register_or_existing(new().unwrap()).unwrap();
    second.with_label_values(&["network"]).inc();
    assert_eq!(first.with_label_values(&["network"]).get(), 1);
    assert_eq!(names(&registry), ["errors_total"]);
}

#[test]
fn a_previously_registered_custom_collector_is_available() {
    let registry = Registry::new();
    let new = || Arc::new(own(Desc::gauge("a", "A.")));
    let first = registry.register_or_existing(new()).unwrap();
    let second = registry.register_or_existing(new()).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn a_previously_registered_collector_of_another_type_is_an_error() {
    let registry = Registry::new();
    let gauge = gauge("errors_total", "Errors.");
    registry.register_or_existing(gauge).unwrap();
    let counter = IntCounter::new("errors_total", "Errors.").unwrap();
    let error = registry.register_or_existing(counter).unwrap_err();
    assert!(
        matches!(error, RegisterError::AlreadyRegistered { .. }),
        "{error}"
    );
    assert!(error.existing::<Gauge>().is_some());
}

#[test]
fn an_existing_collector_isnt_returned_for_another_description() {
    let registry = Registry::new();
    registry.register_or_existing(gauge("a", "One.")).unwrap();
    let other = gauge("a", "Two.");
    let error = registry.register_or_existing(other).unwrap_err();
    assert!(
        matches!(error, RegisterError::Inconsistent { .. }),
        "{error}"
    );
    let opts = |label| Opts::new("b", "B.").const_label(label, "x");
    let with = |label| Gauge::with_opts(opts(label)).unwrap();
    registry.register_or_existing(with("module")).unwrap();
    let error = registry.register_or_existing(with("zone")).unwrap_err();
    assert!(
        matches!(error, RegisterError::Inconsistent { .. }),
        "{error}"
    );
    let error = registry.register_or_existing(with("__zone")).unwrap_err();
    assert!(matches!(error, RegisterError::Invalid { .. }), "{error}");
}

#[test]
fn one_registry_never_answers_for_another() {
    let new = || IntCounter::new("errors_total", "Errors.").unwrap();
    let first = Registry::new().register_or_existing(new()).unwrap();
    let second = Registry::new().register_or_existing(new()).unwrap();
    second.inc();
    assert_eq!(first.get(), 0);
}

#[test]
fn a_clone_is_the_same_registry() {
    let registry = Registry::new();
    registry.clone().register(gauge("a", "A.")).unwrap();
    registry.register(gauge("a", "A.")).unwrap_err();
    assert_eq!(names(&registry), ["a"]);
}

#[test]
fn an_unregistered_collector_isnt_the_existing_one() {
    let registry = Registry::new();
    let new = || IntCounter::new("errors_total", "Errors.").unwrap();
    let first = registry.register_or_existing(new()).unwrap();
    first.inc();
    assert!(registry.unregister(&first));
    let second = registry.register_or_existing(new()).unwrap();
    assert_eq!(second.get(), 0);
    assert_eq!(samples(&registry), "errors_total 0");
}

#[test]
fn threads_that_register_at_once_share_one_collector() {
    for _ in 0..50 {
        let registry = Registry::new();
        let total: u64 = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let new = IntCounter::new("errors_total", "Errors.").unwrap();
                        let counter = registry.register_or_existing(new).unwrap();
                        counter.inc();
                        counter
                    })
                })
                .collect();
            let counters: Vec<_> = threads.into_iter().map(|t| t.join()).collect();
            counters.into_iter().last().unwrap().unwrap().get()
        });
        assert_eq!(total, 4);
    }
}

// "A Collector whose Describe method does not yield any Desc is treated as unchecked.
// Registration will always succeed. No check for re-registering … is performed."

#[test]
fn registration_of_an_unchecked_collector_always_succeeds() {
    let registry = Registry::new();
    for name in ["a", "b", "c"] {
        registry.register(unchecked(name)).unwrap();
    }
    let nothing = || collector_fn(Vec::new(), |_: &mut Samples<'_>| Ok(()));
    registry.register(nothing()).unwrap();
    registry.register(nothing()).unwrap();
    assert_eq!(names(&registry), ["a", "b", "c"]);
    registry.register(unchecked("b")).unwrap();
    assert_eq!(registry.gather().errors().len(), 1);
}

// "MustRegister works like Register but registers any number of Collectors and panics
// upon the first registration that causes an error."

#[test]
fn must_register_registers_collectors_of_every_kind() {
    let registry = Registry::new();
    registry.must_register(gauge("a", "A."));
    registry.must_register(unchecked("b"));
    registry.must_register(value_fn(Desc::gauge("c", "C."), || 3.0));
    registry.must_register(Box::new(value_fn(Desc::gauge("d", "D."), || 4.0)));
    registry.must_register(Arc::new(value_fn(Desc::gauge("e", "E."), || 5.0)));
    let boxed: Box<dyn theirs::Collector> = Box::new(gauge("f", "F."));
    registry.must_register(boxed);
    let boxed: Box<dyn Collector> = Box::new(value_fn(Desc::gauge("g", "G."), || 7.0));
    registry.must_register(boxed);
    registry.must_register(gauge("h", "H.").into_collector());
    assert_eq!(samples(&registry), "a 0\nb 0\nc 3\nd 4\ne 5\nf 0\ng 7\nh 0");
}

#[test]
fn must_register_panics_with_the_message_of_an_error() {
    let registry = Registry::new();
    registry.register(gauge("a", "A.")).unwrap();
    let error = registry.register(gauge("a", "Other.")).unwrap_err();
    let registerer: &dyn Registerer = &registry;
    let panics = [
        catch_unwind(AssertUnwindSafe(|| {
            registry.must_register(gauge("a", "Other."));
        })),
        catch_unwind(AssertUnwindSafe(|| {
            registerer.must_register(gauge("a", "Other."));
        })),
    ];
    for panic in panics {
        let words = panic.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(*words, error.to_string());
    }
    assert_eq!(names(&registry), ["a"]);
}

// "Unregister unregisters the Collector that equals the Collector passed in as an
// argument. … The function returns whether a Collector was unregistered."

#[test]
fn unregister_returns_whether_a_collector_was_unregistered() {
    let registry = Registry::new();
    let queue_length = gauge("queue_length", "Items.");
    assert!(!registry.unregister(&queue_length));
    registry.register(queue_length.clone()).unwrap();
    assert!(registry.unregister(&gauge("queue_length", "Items.")));
    assert!(!registry.unregister(&queue_length));
    assert_eq!(names(&registry), [""; 0]);
    registry.register(queue_length).unwrap();
    assert_eq!(names(&registry), ["queue_length"]);
}

#[test]
fn unregister_needs_the_whole_set_of_descriptors() {
    let registry = Registry::new();
    let [a, b] = ["a", "b"].map(|name| desc(name, "A.", &[], &[]));
    let both = || described(&[a.clone(), b.clone()]);
    registry.register(both()).unwrap();
    assert!(!registry.unregister(&described(std::slice::from_ref(&a))));
    let three = described(&[a.clone(), b.clone(), desc("c", "A.", &[], &[])]);
    assert!(!registry.unregister(&three));
    assert!(registry.unregister(&both()));
}

/// Registers ten thousand collectors of two and of four metrics, unregisters every
/// third, and asserts that exactly the others are gathered.
fn assert_each_is_itself<K, C: IntoCollector<K>>(new: impl Fn(usize, usize) -> C) {
    for metrics in [2, 4] {
        let registry = Registry::new();
        for id in 0..10_000 {
            registry.register(new(id, metrics)).unwrap();
        }
        for id in (0..10_000).step_by(3) {
            assert!(registry.unregister(&new(id, metrics)), "{id}");
            assert!(!registry.unregister(&new(id, metrics)), "{id}");
        }
        let rest = (0..10_000).filter(|id| id % 3 != 0);
        let rest: BTreeSet<String> = rest.map(|id| id.to_string()).collect();
        let gathered = registry.gather();
        assert_eq!(gathered.errors(), []);
        assert_eq!(gathered.families().len(), metrics);
        for family in gathered.families() {
            assert_eq!(family.samples().len(), rest.len());
            let ids = family.samples().map(|sample| sample.label("id").unwrap());
            assert_eq!(ids.collect::<BTreeSet<_>>(), rest);
        }
    }
}

/// A collector of the crate that reports a gauge of 1 for each of its descriptors.
struct Many(Vec<theirs::Desc>, String);

impl theirs::Collector for Many {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.0.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let gauge = || families::gauge(1.0, &[("id", &self.1)]);
        let names = self.0.iter().map(|desc| &desc.fq_name);
        names.map(|name| gauges(name, vec![gauge()])).collect()
    }
}

#[test]
fn a_constant_label_distinguishes_ten_thousand_collectors_of_the_crate() {
    assert_each_is_itself(|id, metrics| {
        let id = id.to_string();
        let names = (0..metrics).map(|number| format!("metric_{number}"));
        let descs = names.map(|name| desc(&name, "Help.", &[], &[("id", &id)]));
        Many(descs.collect(), id.clone())
    });
}

#[test]
fn a_constant_label_distinguishes_ten_thousand_custom_collectors() {
    assert_each_is_itself(|id, metrics| {
        let names = (0..metrics).map(|number| format!("metric_{number}"));
        let id = id.to_string();
        let descs =
            names.map(|name| Desc::gauge(&name, "Help.").const_label("id", &id));
        let descs: Vec<Desc> = descs.collect();
        collector_fn(descs.clone(), move |samples| {
            for desc in &descs {
                samples.set(desc, 1.0, &[]);
            }
            Ok(())
        })
    });
}

// "Note that an unchecked Collector cannot be unregistered"

#[test]
fn an_unchecked_collector_cannot_be_unregistered() {
    let registry = Registry::new();
    registry.must_register(unchecked("a"));
    registry.must_register(gauge("b", "B."));
    assert!(!registry.unregister(&unchecked("a")));
    assert_eq!(names(&registry), ["a", "b"]);
}

// "even after unregistering, it will not be possible to register a new Collector that is
// inconsistent with the unregistered Collector"

#[test]
fn an_inconsistent_collector_cannot_come_back_after_unregistering() {
    let registry = Registry::new();
    registry.register(gauge("a", "One.")).unwrap();
    assert!(registry.unregister(&gauge("a", "One.")));
    let error = registry.register(gauge("a", "Two.")).unwrap_err();
    let difference = Difference::Help {
        first: "One.".to_owned(),
        now: "Two.".to_owned(),
    };
    assert_inconsistent(&error, "a", &difference);
    registry.register(gauge("a", "One.")).unwrap();
}

// "Users of custom registries should use Registerer as type for registration purposes …
// In that way, they are free to use custom Registerer implementation"

/// Registers under other names.
struct Prefixing(Registry);

impl Registerer for Prefixing {
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError> {
        self.0.register_collector(collector.with_prefix("shop_"))
    }

    fn unregister_described(&self, descs: &[Desc]) -> bool {
        let prefixed = descs.iter().map(|desc| desc.clone().namespace("shop"));
        self.0.unregister_described(&prefixed.collect::<Vec<_>>())
    }
}

#[test]
fn a_registerer_is_used_without_knowing_which() {
    let registry = Registry::new();
    let custom = Prefixing(registry.clone());
    let registerers: [(&dyn Registerer, &str); 2] = [
        (&registry, "a 3\nb 0\nc 1"),
        (&custom, "shop_a 3\nshop_b 0\nshop_c 1"),
    ];
    for (registerer, expected) in registerers {
        let a = || value_fn(Desc::gauge("a", "A."), || 3.0);
        registerer.must_register(a());
        registerer.register(gauge("b", "B.")).unwrap();
        let error = registerer.register(gauge("b", "B.")).unwrap_err();
        assert!(error.existing::<Gauge>().is_some());
        let c = || IntCounter::new("c", "C.").unwrap();
        registerer.register_or_existing(c()).unwrap();
        registerer.register_or_existing(c()).unwrap().inc();
        assert_eq!(samples(&registry), expected);
        assert!(registerer.unregister(&a()));
        assert!(!registerer.unregister(&a()));
        assert!(registerer.unregister(&gauge("b", "B.")));
        assert!(registerer.unregister(&c()));
        assert_eq!(names(&registry), [""; 0]);
    }
}

// Prefixes and labels: "WrapRegistererWith returns a Registerer wrapping the provided
// Registerer. Collectors registered with the returned Registerer will be registered with
// the wrapped Registerer in a modified way."

fn histogram(name: &str) -> Histogram {
    let opts = HistogramOpts::new(name, "Help.").buckets(vec![1.0]);
    Histogram::with_opts(opts).unwrap()
}

/// Creates a vector with one label and one series.
fn vector(name: &str, path: &str) -> GaugeVec {
    let vec = GaugeVec::new(Opts::new(name, "Help."), &["path"]).unwrap();
    vec.with_label_values(&[path]).set(1.0);
    vec
}

/// Creates a collector that describes nothing, sets one sample and appends what `inner`
/// gathers.
fn outer(inner: Registry) -> impl Collector {
    let desc = Desc::counter("own_total", "Help.").label("path");
    collector_fn(Vec::new(), move |samples| {
        samples.set(&desc, 7.0, &["/"]).at(7000);
        for family in inner.gather().into_families() {
            samples.append(family);
        }
        Ok(())
    })
}

/// Registers a collector of each kind.
fn register_each_kind(wrapped: &Registry) {
    wrapped.must_register(gauge("gauge", "Help."));
    wrapped.must_register(vector("vector", "/"));
    wrapped.must_register(histogram("h"));
    let desc = Desc::summary("s", "Help.").label("path");
    let described = vec![desc.clone().const_label("module", "m")];
    let reported = described[0].clone();
    wrapped.must_register(collector_fn(described, move |samples| {
        samples.summary(&reported, 1, 2.0, &[(0.5, 2.0)], &["/"]);
        Ok(())
    }));
    let inner = Registry::new();
    inner.must_register(vector("inner", "/"));
    inner.must_register(value_fn(Desc::gauge("plain", "Help."), || 5.0));
    wrapped.must_register(outer(inner));
}

#[test]
fn a_prefix_and_labels_are_added_to_every_kind_of_collector() {
    let registry = Registry::new();
    let wrapped = registry.with_prefix("shop_");
    let wrapped = wrapped.with_labels(&[("zone", "eu"), ("app", "x\"")]);
    registry.must_register(gauge("bare", "Bare."));
    register_each_kind(&wrapped);
    let expected = "\
        bare 0\n\
        shop_gauge{app=\"x\\\"\",zone=\"eu\"} 0\n\
        shop_h_bucket{app=\"x\\\"\",zone=\"eu\",le=\"1\"} 0\n\
        shop_h_bucket{app=\"x\\\"\",zone=\"eu\",le=\"+Inf\"} 0\n\
        shop_h_sum{app=\"x\\\"\",zone=\"eu\"} 0\n\
        shop_h_count{app=\"x\\\"\",zone=\"eu\"} 0\n\
        shop_inner{app=\"x\\\"\",path=\"/\",zone=\"eu\"} 1\n\
        shop_own_total{app=\"x\\\"\",path=\"/\",zone=\"eu\"} 7 7000\n\
        shop_plain{app=\"x\\\"\",zone=\"eu\"} 5\n\
        shop_s{app=\"x\\\"\",module=\"m\",path=\"/\",zone=\"eu\",quantile=\"0.5\"} 2\n\
        shop_s_sum{app=\"x\\\"\",module=\"m\",path=\"/\",zone=\"eu\"} 2\n\
        shop_s_count{app=\"x\\\"\",module=\"m\",path=\"/\",zone=\"eu\"} 1\n\
        shop_vector{app=\"x\\\"\",path=\"/\",zone=\"eu\"} 1";
    assert_eq!(samples(&registry), expected);
    // It gathers all that the registry holds.
    assert_eq!(samples(&wrapped), expected);
}

#[test]
fn appended_families_keep_their_order_and_timestamps_with_other_labels() {
    let inner = Registry::new();
    let desc = Desc::histogram("h", "Help.").label("x");
    inner.must_register(collector_fn(vec![desc.clone()], move |samples| {
        samples.histogram(&desc, 2, 3.0, &[(1.0, 1)], &["b"]).at(5);
        samples.histogram(&desc, 1, 1.0, &[], &["a"]).at(5);
        Ok(())
    }));
    let registry = Registry::new();
    let with_labels = registry.with_labels(&[("y", "1")]);
    with_labels.must_register(collector_fn(Vec::new(), move |samples| {
        let mut families = inner.gather().into_families();
        samples.append(families.remove(0).with_name("renamed"));
        Ok(())
    }));
    assert_eq!(
        testutil::gather_to_text(&registry).unwrap(),
        "# HELP renamed Help.\n# TYPE renamed histogram\n\
         renamed_bucket{x=\"b\",y=\"1\",le=\"1\"} 1 5\n\
         renamed_bucket{x=\"b\",y=\"1\",le=\"+Inf\"} 2 5\n\
         renamed_sum{x=\"b\",y=\"1\"} 3 5\n\
         renamed_count{x=\"b\",y=\"1\"} 2 5\n\
         renamed_bucket{x=\"a\",y=\"1\",le=\"+Inf\"} 1 5\n\
         renamed_sum{x=\"a\",y=\"1\"} 1 5\n\
         renamed_count{x=\"a\",y=\"1\"} 1 5\n"
    );
}

#[test]
fn label_values_are_the_same_beside_added_labels() {
    let registry = Registry::new();
    let values = ["\",a=\"b", "\\\"", "a,b=\"", "\n", "{}", "é\\"];
    let wrapped = registry.with_labels(&[("m", "\",x=\"\\"), ("z", "")]);
    let vec = GaugeVec::new(Opts::new("a", "A."), &["path"]).unwrap();
    for value in values {
        vec.with_label_values(&[value]).set(1.0);
    }
    wrapped.must_register(vec);
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    let mut found = BTreeSet::new();
    for sample in gathered.families()[0].samples() {
        let labels = sample.labels();
        let [m, path, z] = labels.as_slice() else {
            panic!("{labels:?}");
        };
        assert_eq!(m, &("m".to_owned(), "\",x=\"\\".to_owned()));
        assert_eq!(z, &("z".to_owned(), String::new()));
        found.insert(path.1.clone());
    }
    assert_eq!(found, values.map(str::to_owned).into());
}

#[test]
fn prefixes_and_labels_may_be_added_several_times() {
    let registry = Registry::new();
    let one = registry.with_prefix("one_").with_labels(&[("z", "1")]);
    let two = one.with_prefix("two_").with_labels(&[("a", "2")]);
    let three = || {
        let collector = gauge("metric", "Help.").into_collector();
        let labelled = collector.with_prefix("four_").with_labels(&[("m", "3")]);
        labelled.with_prefix("three_")
    };
    two.must_register(three());
    one.must_register(gauge("metric", "Help."));
    assert_eq!(
        samples(&registry),
        "one_metric{z=\"1\"} 0\n\
         one_two_three_four_metric{a=\"2\",m=\"3\",z=\"1\"} 0"
    );
    assert!(!one.unregister(&three()));
    assert!(two.unregister(&three()));
    assert_eq!(samples(&registry), "one_metric{z=\"1\"} 0");
}

#[test]
fn one_collector_may_be_registered_with_several_labels() {
    let registry = Registry::new();
    let gauge = gauge("a", "A.");
    gauge.set(5.0);
    for zone in ["us", "eu"] {
        let labelled = registry.with_labels(&[("zone", zone)]);
        labelled.must_register(gauge.clone());
    }
    assert_eq!(samples(&registry), "a{zone=\"eu\"} 5\na{zone=\"us\"} 5");
    let error = registry.register(gauge).unwrap_err();
    let difference = Difference::Labels {
        first: labels(&["zone"], &[]),
        now: labels(&[], &[]),
    };
    assert_inconsistent(&error, "a", &difference);
}

#[test]
fn a_label_that_already_exists_is_refused() {
    let registry = Registry::new();
    let wrapped = registry.with_labels(&[("path", "p")]);
    let twice =
        "the descriptor of `a` is invalid: it has the label `path` twice, keep one";
    let a = || Desc::gauge("a", "A.");
    let errors = [
        wrapped.register(vector("a", "/")),
        wrapped.register(vector("a", "/").into_collector()),
        wrapped.register(own(a().label("path"))),
        wrapped.register(own(a().const_label("path", "p"))),
        wrapped
            .with_labels(&[("path", "q")])
            .register(gauge("a", "A.")),
        registry
            .with_labels(&[("path", "q"), ("path", "q")])
            .register(gauge("a", "A.")),
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().to_string(), twice);
    }
    registry.register(gauge("a", "A.")).unwrap();
}

#[test]
fn an_invalid_prefix_or_label_is_refused() {
    let registry = Registry::new();
    let le = registry.with_labels(&[("le", "1")]);
    let error = le.register(own(Desc::histogram("a", "A."))).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("`le` belongs to the histogram itself, rename yours")
    );
    for invalid in ["9x", "__x"] {
        let wrapped = registry.with_labels(&[(invalid, "1")]);
        wrapped.register(gauge("a", "A.")).unwrap_err();
    }
    let prefixed = registry.with_prefix("9");
    let error = prefixed.register(gauge("a", "A.")).unwrap_err();
    assert!(error.to_string().contains("`9a` isn't a metric name"));
    registry.register(gauge("a", "A.")).unwrap();
}

#[test]
fn a_label_of_buckets_fails_the_scrape_of_a_histogram_of_the_crate() {
    // A collector of the crate, whose descriptor has no type.
    let registry = Registry::new().with_labels(&[("le", "1")]);
    registry.must_register(histogram("a"));
    let error = "the collector of `a` reported `a`: the label `le` belongs to the \
                 histogram itself, rename yours";
    assert_eq!(only_errors(&registry), [error]);
}

/// Returns the errors of a scrape that gathers nothing.
fn only_errors(registry: &Registry) -> Vec<String> {
    let gathered = registry.gather();
    assert_eq!(Format::TEXT.to_text(gathered.families()), "");
    words(gathered.errors())
}

/// Creates a registry with a prefix and a label that the registered metrics already
/// have.
fn with_path() -> Registry {
    let registry = Registry::new().with_prefix("shop_");
    registry.with_labels(&[("path", "p")])
}

#[test]
fn a_label_that_already_exists_fails_the_scrape_of_an_unchecked_collector() {
    let registry = with_path();
    let desc = Desc::gauge("a", "A.").label("path");
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples.set(&desc, 1.0, &["/"]);
        Ok(())
    }));
    let error = "an unchecked collector reported `shop_a{path=\"/\"}`: it has the label `path` twice, \
                 keep one";
    assert_eq!(only_errors(&registry), [error]);
}

#[test]
fn a_label_that_already_exists_fails_the_scrape_of_an_appended_family() {
    let registry = with_path();
    let inner = Registry::new();
    inner.must_register(vector("a", "/"));
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        for family in inner.gather().into_families() {
            samples.append(family);
        }
        Ok(())
    }));
    let error = "an unchecked collector reported `shop_a`: it has the label `path` twice, \
                 keep one";
    assert_eq!(only_errors(&registry), [error]);
}

#[test]
fn a_label_that_already_exists_fails_the_scrape_of_what_the_crate_doesnt_describe() {
    let registry = with_path();
    let vec = vector("vec", "/");
    let gauge = gauge("vec", "Help.");
    registry.must_register(collects("described", move || {
        let mut families = theirs::Collector::collect(&vec);
        families.extend(theirs::Collector::collect(&gauge));
        families
    }));
    let error = "the collector of `shop_described` reported `shop_vec`: it has the label \
                 `path` twice, keep one";
    assert_eq!(only_errors(&registry), [error]);
}

#[test]
fn what_a_wrapped_collector_leaves_out_has_its_served_name() {
    let registry = Registry::new().with_prefix("shop_");
    let desc = Desc::gauge("a", "A.");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        samples.left_out(&desc, &"no sensor");
        Ok(())
    }));
    let expected = ["`shop_a` was not collected: no sensor"];
    assert_eq!(only_errors(&registry), expected);
}

#[test]
fn what_a_wrapped_collector_gets_wrong_has_its_served_name() {
    let registry = Registry::new().with_prefix("shop_");
    let desc = Desc::gauge("a", "A.");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        samples.set(&desc, 1.0, &["x"]);
        Ok(())
    }));
    let expected = "the collector of `shop_a` reported `shop_a`: it has the labels []: \
                    expected 0 label value(s), got 1";
    assert_eq!(only_errors(&registry), [expected]);
}

#[test]
fn an_undescribed_family_is_refused_through_a_wrapper_and_a_described_one_is_not() {
    let inner = Registry::new();
    inner.must_register(value_fn(Desc::gauge("a", "A."), || 1.0));
    for (described, expected) in [
        (Desc::gauge("a", "A."), "shop_a{z=\"1\"} 1"),
        (Desc::gauge("b", "B."), ""),
        (Desc::counter("a", "A."), ""),
    ] {
        let registry = Registry::new();
        let wrapped = registry.with_prefix("shop_").with_labels(&[("z", "1")]);
        let inner = inner.clone();
        wrapped.must_register(collector_fn(vec![described.clone()], move |samples| {
            for family in inner.gather().into_families() {
                samples.append(family);
            }
            Ok(())
        }));
        match expected {
            "" => assert_eq!(
                only_errors(&registry),
                [format!(
                    "the collector of `shop_{}` reported `shop_a`, which it doesn't \
                     describe: return its descriptor from `describe`, unchanged",
                    described.name()
                )]
            ),
            _ => assert_eq!(samples(&registry), expected),
        }
    }
}

#[test]
fn unregister_through_a_wrapper_includes_what_it_adds() {
    let registry = Registry::new();
    let wrapped = registry.with_prefix("shop_").with_labels(&[("zone", "eu")]);
    registry.must_register(gauge("a", "A."));
    wrapped.must_register(gauge("a", "A."));
    assert!(!wrapped.with_prefix("x_").unregister(&gauge("a", "A.")));
    assert!(wrapped.unregister(&gauge("a", "A.")));
    assert!(!wrapped.unregister(&gauge("a", "A.")));
    assert_eq!(samples(&registry), "a 0");
    wrapped.must_register(gauge("a", "A."));
    let as_served = Desc::gauge("shop_a", "A.").const_label("zone", "eu");
    assert!(registry.unregister(&own(as_served)));
    assert_eq!(samples(&registry), "a 0");
}

#[test]
fn register_or_existing_through_a_wrapper_includes_what_it_adds() {
    let registry = Registry::new();
    let wrapped = registry.with_prefix("shop_").with_labels(&[("zone", "eu")]);
    let new = || IntCounter::new("a_total", "A.").unwrap();
    let first = wrapped.register_or_existing(new()).unwrap();
    let bare = registry.register_or_existing(new()).unwrap();
    wrapped.register_or_existing(new()).unwrap().inc();
    assert_eq!((first.get(), bare.get()), (1, 0));
    assert_eq!(samples(&registry), "a_total 0\nshop_a_total{zone=\"eu\"} 1");
    let error = wrapped.register(new()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`shop_a_total` is registered")
    );
}

#[test]
fn a_handlers_own_metrics_may_go_through_a_wrapper() {
    let registry = Registry::new();
    let opts = || HandlerOpts {
        registry: Some(registry.with_prefix("shop_").with_labels(&[("a", "1")])),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts()).unwrap();
    promhttp::handler_for(&registry, opts()).unwrap();
    let response = handler.handle(&http::Request::new(()));
    assert_eq!(
        String::from_utf8(response.into_body().into_bytes()).unwrap(),
        "# HELP shop_promhttp_metric_handler_errors_total Total number of internal \
         errors encountered by the promhttp metric handler.\n\
         # TYPE shop_promhttp_metric_handler_errors_total counter\n\
         shop_promhttp_metric_handler_errors_total{a=\"1\",cause=\"encoding\"} 0\n\
         shop_promhttp_metric_handler_errors_total{a=\"1\",cause=\"gathering\"} 0\n"
    );
}

// Collectors that use their own registry.

#[test]
fn a_collector_may_register_and_unregister_others_while_it_collects() {
    let registry = Registry::new();
    let inner = registry.clone();
    registry.must_register(collector_fn(Vec::new(), move |_| {
        // On the same thread, and on another one that it waits for.
        if !inner.unregister(&gauge("a", "A.")) {
            inner.register(gauge("a", "A."))?;
        }
        let other = inner.clone();
        let registered =
            thread::spawn(move || other.register(gauge("b", "B.")).is_ok());
        registered.join().unwrap();
        Ok(())
    }));
    assert_eq!(names(&registry), [""; 0]);
    // The scrape collects what it found at its start.
    assert_eq!(names(&registry), ["a", "b"]);
    assert_eq!(names(&registry), ["b"]);
}

#[test]
fn a_collector_may_gather_its_own_registry_once_removed() {
    let registry = Registry::new();
    let inner = registry.clone();
    let depth = Mutex::new(0);
    registry.must_register(gauge("a", "A."));
    let desc = Desc::gauge("families", "The number of families.");
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        let first = {
            let mut depth = depth.lock().unwrap();
            *depth += 1;
            *depth == 1
        };
        let families = match first {
            true => inner.gather().families().len(),
            false => 0,
        };
        samples.set(&desc, families as f64, &[]);
        Ok(())
    }));
    assert_eq!(samples(&registry), "a 0\nfamilies 2");
}

#[test]
fn collectors_are_dropped_with_their_registry() {
    let value = Arc::new(());
    let held = Arc::clone(&value);
    let registry = Registry::new();
    let wrapped = registry.with_prefix("a_");
    wrapped.must_register(collector_fn(Vec::new(), move |_| {
        let _held = &held;
        Ok(())
    }));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(registry);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(wrapped);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// Panics when it is dropped.
struct PanicsWhenDropped(Gauge);

impl theirs::Collector for PanicsWhenDropped {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("no sensor");
    }
}

#[test]
fn a_panic_in_the_drop_of_a_collector_leaves_its_name_free() {
    let registry = Registry::new();
    let panics = PanicsWhenDropped(gauge("a", "A."));
    registry.register(panics).unwrap();
    let unregister = || registry.unregister(&gauge("a", "A."));
    catch_unwind(AssertUnwindSafe(unregister)).unwrap_err();
    assert_eq!(names(&registry), [""; 0]);
    registry.register(gauge("a", "A.")).unwrap();
    assert_eq!(names(&registry), ["a"]);
}

#[test]
fn a_panic_in_describe_leaves_the_registry_as_it_was() {
    struct Panics;
    impl Collector for Panics {
        fn describe(&self) -> Vec<&Desc> {
            panic!("no sensor")
        }
        fn collect(&self, _: &mut Samples<'_>) -> Result<(), CollectError> {
            Ok(())
        }
    }
    let registry = Registry::new();
    registry.register(gauge("a", "A.")).unwrap();
    let register = || registry.must_register(Panics);
    catch_unwind(AssertUnwindSafe(register)).unwrap_err();
    registry.register(gauge("b", "B.")).unwrap();
    assert_eq!(names(&registry), ["a", "b"]);
}

/// Waits in its `collect` until the test continues it.
#[derive(Clone)]
struct Waits(Gauge, mpsc::Sender<()>, Arc<Mutex<mpsc::Receiver<()>>>);

impl theirs::Collector for Waits {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.1.send(()).unwrap();
        let _ = self.2.lock().unwrap().recv();
        self.0.collect()
    }
}

#[test]
fn an_unregistered_collector_isnt_the_existing_one_even_while_it_collects() {
    let registry = Registry::new();
    let ((began, has_begun), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    let goes_on = Arc::new(Mutex::new(goes_on));
    let new = || Waits(gauge("a", "A."), began.clone(), Arc::clone(&goes_on));
    registry.register_or_existing(new()).unwrap();
    thread::scope(|scope| {
        let scrape = scope.spawn(|| samples(&registry));
        has_begun.recv().unwrap();
        assert!(registry.unregister(&new()));
        let second = registry.register_or_existing(new()).unwrap();
        second.0.set(5.0);
        drop(go_on);
        assert_eq!(scrape.join().unwrap(), "a 0");
    });
    assert_eq!(samples(&registry), "a 5");
}

/// Registers another collector when it is dropped.
struct RegistersWhenDropped(Registry, Gauge);

impl theirs::Collector for RegistersWhenDropped {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.1.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.1.collect()
    }
}

impl Drop for RegistersWhenDropped {
    fn drop(&mut self) {
        let _ = self.0.register(gauge("last", "Last."));
    }
}

#[test]
fn a_collector_may_register_another_when_it_is_dropped() {
    let (refused, unregistered) = (Registry::new(), Registry::new());
    let new =
        |registry: &Registry| RegistersWhenDropped(registry.clone(), gauge("a", "A."));
    refused.register(gauge("a", "A.")).unwrap();
    refused.register(new(&refused)).unwrap_err();
    assert_eq!(names(&refused), ["a", "last"]);
    unregistered.register(new(&unregistered)).unwrap();
    assert!(unregistered.unregister(&gauge("a", "A.")));
    assert_eq!(names(&unregistered), ["last"]);
}

// Messages don't grow with what they quote.

/// Returns the error that refuses the second of two collectors; its length is bounded.
#[track_caller]
fn assert_short_refusal(first: Vec<Desc>, second: Vec<Desc>) -> String {
    let registry = Registry::new();
    let new = |descs| collector_fn(descs, |_: &mut Samples<'_>| Ok(()));
    registry.register(new(first)).unwrap();
    let error = registry.register(new(second)).unwrap_err();
    for words in [error.to_string(), format!("{error:?}")] {
        let start: String = words.chars().take(300).collect();
        assert!(words.len() < 4096, "{} bytes: {start}", words.len());
    }
    error.to_string()
}

#[test]
fn a_refusal_is_short_whatever_it_quotes() {
    let long = "x".repeat(1 << 20);
    let named = || vec![Desc::gauge(&long, "A.")];
    assert_short_refusal(named(), named());
    assert_short_refusal(named(), vec![Desc::counter(&long, "A.")]);
    assert_short_refusal(named(), vec![Desc::gauge(&long, &long)]);
    assert_short_refusal(
        vec![Desc::gauge("a", &long)],
        vec![Desc::gauge("a", &"\u{1}".repeat(1 << 20))],
    );
    let labelled = |label: &str| vec![Desc::gauge("a", "A.").label(label)];
    assert_short_refusal(labelled(&long), labelled(&format!("{long}y")));
    let constant = Desc::gauge("a", "A.").const_label("b", &long);
    assert_short_refusal(vec![constant.clone()], vec![constant.clone()]);
    let both = vec![constant, Desc::gauge(&long, "A.")];
    assert_short_refusal(both, named());
    for invalid in [
        Desc::gauge(&format!("{long} "), "A."),
        Desc::gauge("b", "B.").label(&format!("__{long}")),
        Desc::gauge("b", "B.").label(&"é".repeat(1 << 20)),
        Desc::gauge("b", "B.").label(&long).label(&long),
    ] {
        assert_short_refusal(named(), vec![invalid]);
    }
}

#[test]
fn a_refusal_of_a_thousand_descriptors_is_short() {
    let thousand = |extra: &str| {
        let names = (0..1000).map(|number| format!("{}_{number}", "x".repeat(1000)));
        let descs = names.map(|name| Desc::gauge(&name, extra));
        descs.collect::<Vec<_>>()
    };
    assert_short_refusal(thousand("A."), thousand("A."));
    assert_short_refusal(thousand("A."), thousand("B."));
    assert_short_refusal(thousand("A."), thousand("A.").split_off(500));
    let names = (0..1000).map(|number| format!("label_{number}"));
    let labelled = names.fold(Desc::gauge("a", "A."), |desc, name| desc.label(&name));
    assert_short_refusal(vec![labelled.clone()], vec![labelled.label("one_more")]);
}

#[test]
fn an_existing_collector_is_available_without_its_type() {
    let registry = Registry::new();
    let wrapped = gauge("a", "A.")
        .into_collector()
        .with_labels(&[("zone", "eu")]);
    let first = registry.register_or_existing(wrapped.clone()).unwrap();
    let second = registry.register_or_existing(wrapped).unwrap();
    let gauges = [&first, &second].map(|any| any.downcast_ref::<Gauge>().unwrap());
    gauges[0].set(5.0);
    assert_eq!(gauges[1].get(), 5.0);
}

#[test]
fn a_descriptor_of_the_crate_may_describe_what_a_custom_collector_appends() {
    let gauge = gauge("a", "A.");
    let desc = Desc::from(prometheus::core::Collector::desc(&gauge)[0]);
    let registry = Registry::new();
    registry.must_register(collector_fn(vec![desc], move |samples| {
        let families = prometheus::core::Collector::collect(&gauge);
        for family in Gathered::from(families).into_families() {
            samples.append(family);
        }
        Ok(())
    }));
    assert_eq!(registry.gather().errors(), []);
    assert_eq!(names(&registry), ["a"]);
}
