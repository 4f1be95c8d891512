//! The interface `prometheus.Registerer` as Go documents it, sentence by sentence.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use exporter_workbook::gather::Gatherer;
use exporter_workbook::register::{
    Difference, LabelNames, RegisterError, Registerer, register_or_existing,
};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntCounter, IntCounterVec, Opts, Registry};

/// Describes whatever it is told to, and collects one gauge.
struct Described {
    descs: Vec<Desc>,
    gauge: Gauge,
}

impl Collector for Described {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.gauge.collect()
    }
}

fn described(descs: &[Desc]) -> Box<dyn Collector> {
    let gauge = gauge("described", "Described.");
    let descs = descs.to_vec();
    Box::new(Described { descs, gauge })
}

/// A collector without descriptors, of a gauge of its own.
fn unchecked(name: &str) -> Box<dyn Collector> {
    let gauge = gauge(name, "Unchecked.");
    let descs = Vec::new();
    Box::new(Described { descs, gauge })
}

fn desc(name: &str, help: &str, labels: &[&str], constant: &[(&str, &str)]) -> Desc {
    let owned = |text: &&str| (*text).to_owned();
    let constant = constant.iter().map(|(k, v)| (owned(k), owned(v)));
    let labels = labels.iter().map(owned).collect();
    Desc::new(owned(&name), owned(&help), labels, constant.collect()).unwrap()
}

fn gauge(name: &str, help: &str) -> Gauge {
    Gauge::new(name, help).unwrap()
}

fn boxed(name: &str, help: &str) -> Box<dyn Collector> {
    Box::new(gauge(name, help))
}

fn names(registry: &Registry) -> Vec<String> {
    let families = Gatherer::gather(registry).families;
    families.iter().map(|f| f.name().to_owned()).collect()
}

/// Through the trait: the SDK's own method of this name hides it on a `Registry`.
fn register(
    registry: &Registry,
    collector: Box<dyn Collector>,
) -> Result<(), RegisterError> {
    Registerer::register(registry, collector)
}

fn labels(constant: &[&str], variable: &[&str]) -> LabelNames {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    LabelNames {
        constant: owned(constant),
        variable: owned(variable),
    }
}

// "Register … returns an error if the descriptors provided by the Collector are invalid"

/// Asserts that nothing is registered, and how the reason begins.
fn assert_invalid(desc: Desc, reason: &str) {
    let registry = Registry::new();
    let name = desc.fq_name.clone();
    let error = register(&registry, described(&[desc])).unwrap_err();
    let expected = format!("the descriptor of `{name}` is invalid: {reason}");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(matches!(error, RegisterError::Invalid { .. }));
    assert_eq!(names(&registry), [""; 0]);
}

#[test]
fn register_returns_an_error_if_a_descriptor_is_invalid() {
    let good = || desc("a", "A.", &["zone"], &[("module", "m")]);
    for name in ["a-b", "", "9a", "a b", "ä"] {
        let mut desc = good();
        desc.fq_name = name.to_owned();
        assert_invalid(desc, &format!("`{name}` is not a metric name, which has"));
    }
    for label in ["9th", "a:b", ""] {
        let mut desc = good();
        desc.variable_labels.push(label.to_owned());
        assert_invalid(desc, &format!("`{label}` is not a label name, which has"));
    }
    let mut twice = good();
    twice.variable_labels.push("zone".to_owned());
    assert_invalid(twice, "it has the label `zone` twice");
}

#[test]
fn register_returns_an_error_for_what_the_sdk_makes_without_a_word() {
    assert_invalid(
        desc("a", "A.", &["__zone"], &[]),
        "label names that begin with `__` are Prometheus's own, rename `__zone`",
    );
    assert_invalid(
        desc("a", "A.", &["module"], &[("module", "m")]),
        "it has the label `module` twice, constant and variable ones together, keep one",
    );
}

#[test]
fn a_constant_label_that_begins_with_two_underscores_is_invalid() {
    let opts = Opts::new("a", "A.").const_label("__name__", "b");
    let gauge = Gauge::with_opts(opts).unwrap();
    assert_eq!(
        register(&Registry::new(), Box::new(gauge))
            .unwrap_err()
            .to_string(),
        "the descriptor of `a` is invalid: label names that begin with `__` are \
         Prometheus's own, rename `__name__`"
    );
}

#[test]
fn a_metric_name_may_have_colons_and_digits_after_the_first_character() {
    register(&Registry::new(), boxed(":a_9:Z", "A.")).unwrap();
}

// "… or if they — in combination with descriptors of already registered Collectors — do
// not fulfill the consistency and uniqueness criteria"

#[test]
fn register_returns_an_error_if_the_help_is_inconsistent() {
    let registry = Registry::new();
    register(&registry, boxed("a", "One.")).unwrap();
    let error = register(&registry, boxed("a", "Two.")).unwrap_err();
    assert_eq!(
        error,
        RegisterError::Inconsistent {
            name: "a".to_owned(),
            difference: Difference::Help {
                first: "One.".to_owned(),
                now: "Two.".to_owned(),
            },
        }
    );
    assert_eq!(
        error.to_string(),
        "`a` is described in two ways, first by the help \"One.\" and now by the help \
         \"Two.\": use the first description, or another name (a registry holds a name \
         to its first description for good)"
    );
}

#[test]
fn register_returns_an_error_if_the_label_names_are_inconsistent() {
    let registry = Registry::new();
    let first = desc("a", "A.", &["zone"], &[("module", "m")]);
    register(&registry, described(&[first])).unwrap();
    for (now, offered) in [
        (
            desc("a", "A.", &["path"], &[("module", "n")]),
            labels(&["module"], &["path"]),
        ),
        (
            desc("a", "A.", &[], &[("module", "n")]),
            labels(&["module"], &[]),
        ),
        // The same names, each in the other role.
        (
            desc("a", "A.", &["module"], &[("zone", "z")]),
            labels(&["zone"], &["module"]),
        ),
    ] {
        assert_eq!(
            register(&registry, described(&[now])).unwrap_err(),
            RegisterError::Inconsistent {
                name: "a".to_owned(),
                difference: Difference::Labels {
                    first: labels(&["module"], &["zone"]),
                    now: offered,
                },
            }
        );
    }
}

#[test]
fn label_names_may_come_in_any_order() {
    let registry = Registry::new();
    let first = desc("a", "A.", &["zone", "path"], &[("module", "m")]);
    let second = desc("a", "A.", &["path", "zone"], &[("module", "n")]);
    register(&registry, described(&[first])).unwrap();
    register(&registry, described(&[second])).unwrap();
}

#[test]
fn one_name_with_other_constant_values_is_consistent() {
    let registry = Registry::new();
    for module in ["http-server", "worker"] {
        let opts = Opts::new("a", "A.").const_label("module", module);
        register(&registry, Box::new(Gauge::with_opts(opts).unwrap())).unwrap();
    }
    assert_eq!(registry.gather()[0].get_metric().len(), 2);
}

#[test]
fn descriptors_of_one_collector_are_consistent_with_each_other() {
    let one = desc("a", "One.", &[], &[("module", "m")]);
    let two = desc("a", "Two.", &[], &[("module", "n")]);
    let error = register(&Registry::new(), described(&[one, two])).unwrap_err();
    assert!(
        matches!(&error, RegisterError::Inconsistent { name, .. } if name == "a"),
        "{error}"
    );
}

#[test]
fn a_descriptor_is_unique_among_collectors() {
    let registry = Registry::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| desc(name, "A.", &[], &[]));
    register(&registry, described(&[a.clone(), b.clone()])).unwrap();
    for descs in [
        vec![b.clone()],
        vec![c.clone(), b.clone()],
        vec![b.clone(), a, c],
    ] {
        assert_eq!(
            register(&registry, described(&descs)).unwrap_err(),
            RegisterError::DuplicateDescriptor {
                name: "b".to_owned()
            }
        );
    }
    let error = register(&registry, described(&[b])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`b` with the same constant labels is described by another registered collector: \
         leave it out of one of them, or tell them apart by a constant label"
    );
}

#[test]
fn a_descriptor_may_stand_twice_in_one_collector() {
    let registry = Registry::new();
    let a = desc("a", "A.", &[], &[]);
    register(&registry, described(&[a.clone(), a.clone()])).unwrap();
    assert!(Registerer::unregister(&registry, &*described(&[a])));
}

#[test]
fn a_register_that_fails_changes_nothing() {
    let registry = Registry::new();
    register(&registry, boxed("taken", "Taken.")).unwrap();
    let refused = [
        desc("free", "First.", &[], &[]),
        desc("taken", "Taken.", &[], &[]),
    ];
    register(&registry, described(&refused)).unwrap_err();
    let refused = [
        desc("free", "First.", &[], &[]),
        desc("taken", "Other.", &[], &[]),
    ];
    register(&registry, described(&refused)).unwrap_err();
    // The SDK's registry would hold `free` to the help of the refused collectors.
    register(&registry, boxed("free", "Second.")).unwrap();
    assert_eq!(names(&registry), ["free", "taken"]);
}

// "If the provided Collector is equal to a Collector already registered (which includes
// the case of re-registering the same Collector), the returned error is an instance of
// AlreadyRegisteredError, which contains the previously registered Collector."

#[test]
fn an_equal_collector_is_already_registered() {
    let registry = Registry::new();
    let queue_length = gauge("queue_length", "Items.");
    register(&registry, Box::new(queue_length.clone())).unwrap();
    for equal in [queue_length, gauge("queue_length", "Items.")] {
        let error = register(&registry, Box::new(equal)).unwrap_err();
        assert_eq!(
            error,
            RegisterError::AlreadyRegistered {
                names: "`queue_length`".to_owned()
            }
        );
        assert_eq!(
            error.to_string(),
            "`queue_length` is registered already: register it once and change its value \
             through a clone, or leave out one of the two collectors"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}

#[test]
fn a_collector_with_the_same_set_of_descriptors_is_equal() {
    let registry = Registry::new();
    let [a, b] = ["a", "b"].map(|name| desc(name, "A.", &[], &[]));
    register(&registry, described(&[a.clone(), b.clone()])).unwrap();
    assert_eq!(
        register(&registry, described(&[b, a])).unwrap_err(),
        RegisterError::AlreadyRegistered {
            names: "one of `b`, `a`".to_owned()
        }
    );
}

#[test]
fn the_previously_registered_collector_can_be_had() {
    let registry = Registry::new();
    let new = || IntCounterVec::new(Opts::new("errors_total", "Errors."), &["cause"]);
    let first = register_or_existing(&registry, new().unwrap()).unwrap();
    let second = register_or_existing(&registry, new().unwrap()).unwrap();
    second.with_label_values(&["network"]).inc();
    assert_eq!(first.with_label_values(&["network"]).get(), 1);
    assert_eq!(names(&registry), ["errors_total"]);
}

#[test]
fn a_previously_registered_collector_of_another_type_is_an_error() {
    let registry = Registry::new();
    register_or_existing(&registry, gauge("errors_total", "Errors.")).unwrap();
    let counter = IntCounter::new("errors_total", "Errors.").unwrap();
    assert_eq!(
        register_or_existing(&registry, counter).unwrap_err(),
        RegisterError::AlreadyRegistered {
            names: "`errors_total`".to_owned()
        }
    );
}

#[test]
fn an_existing_collector_is_given_to_nobody_who_describes_it_otherwise() {
    let registry = Registry::new();
    register_or_existing(&registry, gauge("a", "One.")).unwrap();
    let error = register_or_existing(&registry, gauge("a", "Two.")).unwrap_err();
    assert!(
        matches!(error, RegisterError::Inconsistent { .. }),
        "{error}"
    );
    let opts = |label| Opts::new("b", "B.").const_label(label, "x");
    let with = |label| Gauge::with_opts(opts(label)).unwrap();
    register_or_existing(&registry, with("module")).unwrap();
    let error = register_or_existing(&registry, with("zone")).unwrap_err();
    assert!(
        matches!(error, RegisterError::Inconsistent { .. }),
        "{error}"
    );
    let error = register_or_existing(&registry, with("__zone")).unwrap_err();
    assert!(matches!(error, RegisterError::Invalid { .. }), "{error}");
}

#[test]
fn one_registry_never_answers_for_another() {
    let new = || IntCounter::new("errors_total", "Errors.").unwrap();
    let first = register_or_existing(&Registry::new(), new()).unwrap();
    let second = register_or_existing(&Registry::new(), new()).unwrap();
    second.inc();
    assert_eq!(first.get(), 0);
}

#[test]
fn a_collector_that_is_gone_is_not_the_existing_one() {
    let registry = Registry::new();
    let new = || IntCounter::new("errors_total", "Errors.").unwrap();
    let first = register_or_existing(&registry, new()).unwrap();
    first.inc();
    // Past the trait, by the SDK's own method.
    Registry::unregister(&registry, Box::new(first)).unwrap();
    let second = register_or_existing(&registry, new()).unwrap();
    assert_eq!(second.get(), 0);
    assert_eq!(
        registry.gather()[0].get_metric()[0]
            .get_counter()
            .get_value(),
        0.0
    );
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
                        let counter = register_or_existing(&registry, new).unwrap();
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
    for name in ["a", "b", "b", "b"] {
        register(&registry, unchecked(name)).unwrap();
    }
    assert_eq!(names(&registry), ["a", "b"]);
    assert_eq!(registry.gather()[1].get_metric().len(), 3);
}

// "MustRegister works like Register but registers any number of Collectors and panics
// upon the first registration that causes an error."

#[test]
fn must_register_registers_any_number_of_collectors() {
    let registry = Registry::new();
    registry.must_register(vec![]);
    registry.must_register(vec![boxed("a", "A."), boxed("b", "B."), unchecked("c")]);
    assert_eq!(names(&registry), ["a", "b", "c"]);
}

#[test]
fn must_register_panics_upon_the_first_error_with_its_words() {
    let registry = Registry::new();
    let error = {
        register(&registry, boxed("a", "A.")).unwrap();
        register(&registry, boxed("a", "Other.")).unwrap_err()
    };
    let panic = catch_unwind(AssertUnwindSafe(|| {
        registry.must_register(vec![
            boxed("b", "B."),
            boxed("a", "Other."),
            boxed("c", "C."),
        ]);
    }))
    .unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), error.to_string());
    assert_eq!(names(&registry), ["a", "b"]);
}

// "Unregister unregisters the Collector that equals the Collector passed in as an
// argument. … The function returns whether a Collector was unregistered."

#[test]
fn unregister_returns_whether_a_collector_was_unregistered() {
    let registry = Registry::new();
    let queue_length = gauge("queue_length", "Items.");
    assert!(!Registerer::unregister(&registry, &queue_length));
    register(&registry, Box::new(queue_length.clone())).unwrap();
    assert!(Registerer::unregister(
        &registry,
        &gauge("queue_length", "Items.")
    ));
    assert!(!Registerer::unregister(&registry, &queue_length));
    assert_eq!(names(&registry), [""; 0]);
    register(&registry, Box::new(queue_length)).unwrap();
    assert_eq!(names(&registry), ["queue_length"]);
}

// "Note that an unchecked Collector cannot be unregistered"

#[test]
fn an_unchecked_collector_cannot_be_unregistered() {
    let registry = Registry::new();
    registry.must_register(vec![unchecked("a"), boxed("b", "B.")]);
    // One that was registered past the trait, which the SDK would give up for any other.
    Registry::register(&registry, unchecked("c")).unwrap();
    assert!(!Registerer::unregister(&registry, &*unchecked("a")));
    assert_eq!(names(&registry), ["a", "b", "c"]);
}

// "even after unregistering, it will not be possible to register a new Collector that is
// inconsistent with the unregistered Collector"

#[test]
fn an_inconsistent_collector_cannot_come_back_after_unregistering() {
    let registry = Registry::new();
    register(&registry, boxed("a", "One.")).unwrap();
    assert!(Registerer::unregister(&registry, &gauge("a", "One.")));
    let error = register(&registry, boxed("a", "Two.")).unwrap_err();
    assert!(
        matches!(&error, RegisterError::Inconsistent { name, .. } if name == "a"),
        "{error}"
    );
    register(&registry, boxed("a", "One.")).unwrap();
}

// "Users of custom registries should use Registerer as type for registration purposes …
// In that way, they are free to use custom Registerer implementation"

#[test]
fn a_registerer_is_used_without_knowing_which() {
    struct Prefixing(Registry);
    impl Registerer for Prefixing {
        fn register(&self, collector: Box<dyn Collector>) -> Result<(), RegisterError> {
            Registerer::register(&self.0, collector)
        }
        fn unregister(&self, collector: &dyn Collector) -> bool {
            Registerer::unregister(&self.0, collector)
        }
    }
    let registry = Registry::new();
    let custom = Prefixing(registry.clone());
    let registerers: [&dyn Registerer; 2] = [&registry, &custom];
    for (registerer, name) in registerers.into_iter().zip(["a", "b"]) {
        registerer.must_register(vec![boxed(name, "A.")]);
    }
    assert_eq!(names(&registry), ["a", "b"]);
}

// What cannot be given on top of the SDK's registry.

#[test]
fn what_was_registered_past_the_trait_is_answered_as_the_sdk_does() {
    let registry = Registry::new();
    Registry::register(&registry, boxed("a", "One.")).unwrap();
    let other_labels = desc("a", "One.", &[], &[("module", "m")]);
    assert_eq!(
        register(&registry, boxed("a", "Two.")).unwrap_err(),
        RegisterError::AlreadyRegistered {
            names: "`a`".to_owned()
        }
    );
    let error = register(&registry, described(&[other_labels])).unwrap_err();
    assert!(
        matches!(&error, RegisterError::Refused { names, .. } if names == "`a`"),
        "{error}"
    );
}

/// Registers another collector while it collects, and says whether that was possible
/// within so many milliseconds.
struct Registers(Registry, mpsc::Sender<bool>, Arc<AtomicU64>);

impl Collector for Registers {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let (registry, (done, registered)) = (self.0.clone(), mpsc::channel());
        thread::spawn(move || {
            let _ = done.send(register(&registry, boxed("a", "A.")).is_ok());
        });
        // On this thread, it could wait for itself.
        let limit = Duration::from_millis(self.2.load(Ordering::SeqCst));
        let answer = registered.recv_timeout(limit);
        let _ = self.1.send(answer.is_ok());
        Vec::new()
    }
}

#[test]
fn a_register_waits_for_the_sdks_gather_and_not_for_this_librarys() {
    let registry = Registry::new();
    let (sender, registered) = mpsc::channel();
    let limit = Arc::new(AtomicU64::new(200));
    let collector = Registers(registry.clone(), sender, Arc::clone(&limit));
    register(&registry, Box::new(collector)).unwrap();
    registry.gather();
    assert!(!registered.recv().unwrap());
    limit.store(60_000, Ordering::SeqCst);
    Gatherer::gather(&registry);
    assert!(registered.recv().unwrap());
}

#[test]
fn collectors_go_with_their_registry() {
    let value = Arc::new(());
    struct Holds(#[allow(dead_code, reason = "it is held")] Arc<()>);
    impl Collector for Holds {
        fn desc(&self) -> Vec<&Desc> {
            Vec::new()
        }
        fn collect(&self) -> Vec<MetricFamily> {
            Vec::new()
        }
    }
    let registry = Registry::new();
    register(&registry, Box::new(Holds(Arc::clone(&value)))).unwrap();
    assert_eq!(Arc::strong_count(&value), 2);
    drop(registry);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// Panics as it is dropped.
struct PanicsWhenDropped(Gauge);

impl Collector for PanicsWhenDropped {
    fn desc(&self) -> Vec<&Desc> {
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
    register(&registry, Box::new(panics)).unwrap();
    let unregister = || Registerer::unregister(&registry, &gauge("a", "A."));
    catch_unwind(AssertUnwindSafe(unregister)).unwrap_err();
    assert_eq!(names(&registry), [""; 0]);
    register(&registry, boxed("a", "A.")).unwrap();
    assert_eq!(names(&registry), ["a"]);
}

/// Waits in its collect until it is let go.
#[derive(Clone)]
struct Waits(Gauge, mpsc::Sender<()>, Arc<Mutex<mpsc::Receiver<()>>>);

impl Collector for Waits {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.1.send(()).unwrap();
        let _ = self.2.lock().unwrap().recv();
        self.0.collect()
    }
}

#[test]
fn a_collector_that_is_still_collected_is_not_the_existing_one_if_it_is_gone() {
    let registry = Registry::new();
    let ((began, has_begun), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    let goes_on = Arc::new(Mutex::new(goes_on));
    let new = || Waits(gauge("a", "A."), began.clone(), Arc::clone(&goes_on));
    register_or_existing(&registry, new()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| Gatherer::gather(&registry));
        has_begun.recv().unwrap();
        Registry::unregister(&registry, Box::new(new())).unwrap();
        let second = register_or_existing(&registry, new()).unwrap();
        second.0.set(5.0);
        drop(go_on);
    });
    assert_eq!(
        registry.gather()[0].get_metric()[0].get_gauge().get_value(),
        5.0
    );
}

#[test]
fn the_same_descriptor_with_other_variable_labels_is_inconsistent() {
    let [one, two] = ["zone", "path"].map(|label| desc("a", "A.", &[label], &[]));
    let error = register(&Registry::new(), described(&[one, two])).unwrap_err();
    assert!(
        matches!(error, RegisterError::Inconsistent { .. }),
        "{error}"
    );
}

/// Registers another collector as it is dropped.
struct RegistersWhenDropped(Registry, Gauge);

impl Collector for RegistersWhenDropped {
    fn desc(&self) -> Vec<&Desc> {
        self.1.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.1.collect()
    }
}

impl Drop for RegistersWhenDropped {
    fn drop(&mut self) {
        let _ = register(&self.0, boxed("last", "Last."));
    }
}

#[test]
fn a_collector_may_register_another_as_it_is_dropped() {
    let (refused, unregistered) = (Registry::new(), Registry::new());
    let new = |registry: &Registry| {
        let a = gauge("a", "A.");
        Box::new(RegistersWhenDropped(registry.clone(), a))
    };
    register(&refused, boxed("a", "A.")).unwrap();
    register(&refused, new(&refused)).unwrap_err();
    assert_eq!(names(&refused), ["a", "last"]);
    register(&unregistered, new(&unregistered)).unwrap();
    assert!(Registerer::unregister(&unregistered, &gauge("a", "A.")));
    assert_eq!(names(&unregistered), ["last"]);
}

#[test]
fn the_sdks_registry_gathers_nothing_that_was_not_registered() {
    let registry = Registry::new();
    register(&registry, boxed("a", "A.")).unwrap();
    register(&registry, boxed("a", "A.")).unwrap_err();
    let families: HashMap<String, usize> = registry
        .gather()
        .iter()
        .map(|family| (family.name().to_owned(), family.get_metric().len()))
        .collect();
    assert_eq!(families, HashMap::from([("a".to_owned(), 1)]));
}
