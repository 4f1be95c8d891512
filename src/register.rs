//! Putting collectors into a registry.
//!
//! The counterpart of `prometheus.Registerer` in Go, whose `MustRegister` the SDK lacks.
//! The SDK's own [`Registry::register`] hides the one of this trait on a value of type
//! [`Registry`]; both put the same collector into the same registry.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::gather::Gatherer;

/// Something that collectors can be registered with.
pub trait Registerer {
    /// Adds `collector` to every later gather.
    ///
    /// # Errors
    ///
    /// When an equal collector is there already, or one with the same name that is
    /// described in another way.
    fn register(&self, collector: Box<dyn Collector>) -> Result<(), RegisterError>;

    /// Registers each of `collectors`: for metrics that the program itself states, where
    /// an error is a mistake in its source.
    ///
    /// # Panics
    ///
    /// At the first that [`Registerer::register`] refuses, with the words of the error,
    /// as Go's `MustRegister` does. Those before it stay registered.
    #[track_caller]
    fn must_register(&self, collectors: Vec<Box<dyn Collector>>) {
        for collector in collectors {
            if let Err(error) = self.register(collector) {
                panic!("{error}");
            }
        }
    }
}

/// Why a collector was not registered.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A collector with a metric of this name and these constant labels is there.
    #[error(
        "{names} is registered already: register it once and change its value through a \
         clone, or leave out one of the two collectors"
    )]
    AlreadyRegistered {
        /// The metrics that the collector describes; the SDK does not say which it is.
        names: String,
    },
    /// The SDK's registry refuses it for another reason.
    #[error("cannot register {names}: {reason}")]
    Refused {
        /// The metrics that the collector describes.
        names: String,
        /// The SDK's words.
        reason: String,
    },
}

/// As the message itself, because that is what `main` prints of an error it returns.
impl fmt::Debug for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RegisterError {
    /// What the SDK answered for a collector of `names`.
    pub(crate) fn new(names: String, error: prometheus::Error) -> RegisterError {
        match error {
            prometheus::Error::AlreadyReg => RegisterError::AlreadyRegistered { names },
            prometheus::Error::Msg(reason) => RegisterError::Refused { names, reason },
            other => RegisterError::Refused {
                names,
                reason: other.to_string(),
            },
        }
    }
}

impl Registerer for Registry {
    fn register(&self, collector: Box<dyn Collector>) -> Result<(), RegisterError> {
        let names = names(&*collector);
        Registry::register(self, collector)
            .map_err(|error| RegisterError::new(names, error))
    }
}

fn names(collector: &dyn Collector) -> String {
    let names: Vec<String> = collector
        .desc()
        .iter()
        .map(|desc| format!("`{}`", desc.fq_name))
        .collect();
    match names.as_slice() {
        [] => "a collector that describes no metric".to_owned(),
        [name] => name.clone(),
        _ => format!("one of {}", names.join(", ")),
    }
}

/// Registers `collector`, or gives the equal one that this function registered with the
/// same `registry` before: Go's `AlreadyRegisteredError.ExistingCollector`, which the
/// SDK's registry has no way to ask for.
///
/// The one way to reach a collector inside the SDK's registry is a gather, so finding an
/// existing one costs a gather, in which the collector hands out a clone of itself.
pub(crate) fn register_or_existing<C>(
    registry: &Registry,
    collector: C,
) -> Result<C, RegisterError>
where
    C: Collector + Clone + 'static,
{
    let shared = Box::new(Shared(collector.clone()));
    let Err(error) = Registerer::register(registry, shared) else {
        return Ok(collector);
    };
    SEARCH.set(Some(Search {
        desc_ids: desc_ids(&collector),
        found: None,
    }));
    let gathered = Gatherer::gather(registry);
    let found = SEARCH.take().and_then(|search| search.found);
    match found.and_then(|existing| existing.downcast::<C>().ok()) {
        Some(existing) => Ok(*existing),
        // The gather may have ended before it came to the one that was looked for.
        None => Err(match gathered.errors.first() {
            Some(failure) => RegisterError::Refused {
                names: names(&collector),
                reason: format!("looking for the one that is registered, {failure}"),
            },
            None => error,
        }),
    }
}

struct Search {
    desc_ids: Vec<u64>,
    found: Option<Box<dyn Any>>,
}

thread_local! {
    // A registry collects on the thread that asked it to, so what one thread looks for
    // is never found by another.
    static SEARCH: RefCell<Option<Search>> = const { RefCell::new(None) };
}

/// A collector that a search can find.
struct Shared<C>(C);

impl<C: Collector + Clone + 'static> Collector for Shared<C> {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        SEARCH.with_borrow_mut(|search| match search {
            Some(search) if search.desc_ids == desc_ids(&self.0) => {
                search.found = Some(Box::new(self.0.clone()));
            }
            _ => {}
        });
        self.0.collect()
    }
}

fn desc_ids(collector: &dyn Collector) -> Vec<u64> {
    collector.desc().iter().map(|desc| desc.id).collect()
}

#[cfg(test)]
mod tests {
    use prometheus::{Gauge, IntCounter};

    use super::*;

    fn gauge(help: &str) -> Gauge {
        Gauge::new("queue_length", help).unwrap()
    }

    #[test]
    fn an_equal_collector_is_registered_already() {
        let registry = Registry::new();
        registry.must_register(vec![Box::new(gauge("Items."))]);
        let error =
            Registerer::register(&registry, Box::new(gauge("Items."))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`queue_length` is registered already: register it once and change its value \
             through a clone, or leave out one of the two collectors"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
    }

    #[test]
    fn a_refusal_of_the_sdk_names_the_metric_and_keeps_its_words() {
        struct Twice(Gauge);
        impl Collector for Twice {
            fn desc(&self) -> Vec<&Desc> {
                [self.0.desc(), self.0.desc()].concat()
            }
            fn collect(&self) -> Vec<MetricFamily> {
                self.0.collect()
            }
        }
        let twice = Box::new(Twice(gauge("Items.")));
        assert_eq!(
            Registerer::register(&Registry::new(), twice)
                .unwrap_err()
                .to_string(),
            "cannot register one of `queue_length`, `queue_length`: a duplicate descriptor within \
             the same collector the same fully-qualified name: \"queue_length\""
        );
    }

    #[test]
    #[should_panic(expected = "`queue_length` is registered already")]
    fn must_register_panics_at_the_first_error() {
        let registry = Registry::new();
        registry
            .must_register(vec![Box::new(gauge("Items.")), Box::new(gauge("Items."))]);
    }

    #[test]
    fn must_register_keeps_what_came_before_the_panic() {
        let registry = Registry::new();
        let (first, second) = (gauge("Items."), gauge("Items."));
        first.set(1.0);
        second.set(2.0);
        let clone = registry.clone();
        std::thread::spawn(move || {
            clone.must_register(vec![Box::new(first), Box::new(second)]);
        })
        .join()
        .unwrap_err();
        assert_eq!(
            registry.gather()[0].get_metric()[0].get_gauge().get_value(),
            1.0
        );
    }

    #[test]
    fn the_existing_collector_is_found_again_and_is_the_same() {
        let registry = Registry::new();
        let new = || IntCounter::new("errors_total", "Errors.").unwrap();
        let first = register_or_existing(&registry, new()).unwrap();
        let second = register_or_existing(&registry, new()).unwrap();
        second.inc();
        assert_eq!(first.get(), 1);
        assert_eq!(registry.gather().len(), 1);
    }

    #[test]
    fn a_strangers_collector_of_the_same_name_is_an_error() {
        let registry = Registry::new();
        registry.must_register(vec![Box::new(gauge("Items."))]);
        let counter = IntCounter::new("queue_length", "Items.").unwrap();
        assert_eq!(
            register_or_existing(&registry, counter).unwrap_err(),
            RegisterError::AlreadyRegistered {
                names: "`queue_length`".to_owned()
            }
        );
    }

    #[test]
    fn a_collector_that_panics_is_named_as_what_hides_the_existing_one() {
        struct Panics;
        impl Collector for Panics {
            fn desc(&self) -> Vec<&Desc> {
                Vec::new()
            }
            fn collect(&self) -> Vec<MetricFamily> {
                panic!("no sensor")
            }
        }
        let registry = Registry::new();
        registry.must_register(vec![Box::new(gauge("Items.")), Box::new(Panics)]);
        let error = register_or_existing(&registry, gauge("Items.")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot register `queue_length`: looking for the one that is registered, a \
             collector panicked: no sensor (the program's log says where)"
        );
    }

    #[test]
    fn one_registry_never_answers_for_another() {
        let new = || IntCounter::new("errors_total", "Errors.").unwrap();
        let first = register_or_existing(&Registry::new(), new()).unwrap();
        let second = register_or_existing(&Registry::new(), new()).unwrap();
        second.inc();
        assert_eq!(first.get(), 0);
    }
}
