//! One `register` for both kinds of collectors: ours and the `prometheus` crate's.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

use prometheus::core as theirs;
use prometheus::proto::MetricFamily;

use super::crate_metrics::OfCrate;
use crate::collect::{Collector, Wrap};
use crate::desc::Desc;

/// What can be registered: a [`Collector`], a collector of the `prometheus` crate such
/// as its `Gauge`, or an [`AnyCollector`]. `Kind` distinguishes the implementations and
/// is inferred. Wrap a type that is both kinds of collector in one that isn't.
pub trait IntoCollector<Kind>: Sized {
    /// Returns the descriptors by which a registry identifies the collector.
    fn descs(&self) -> Vec<Desc>;

    /// Erases the type of the collector.
    fn into_collector(self) -> AnyCollector;
}

/// The marker of [`IntoCollector`] for a [`Collector`].
pub enum Ours {}

/// The marker of [`IntoCollector`] for a collector of the `prometheus` crate.
pub enum Theirs {}

/// The marker of [`IntoCollector`] for a boxed collector of the `prometheus` crate.
pub enum TheirsBoxed {}

/// The marker of [`IntoCollector`] for an [`AnyCollector`].
pub enum Either {}

/// A collector of either kind; a clone is the same collector.
#[derive(Clone)]
pub struct AnyCollector {
    pub(super) collector: Arc<dyn Collector>,
    /// The same collector, or the one that `collector` adapts.
    typed: Arc<dyn Any + Send + Sync>,
    pub(super) type_name: &'static str,
    pub(super) wrap: Wrap,
}

impl AnyCollector {
    fn new<C: Send + Sync + 'static>(
        typed: Arc<C>,
        collector: Arc<dyn Collector>,
    ) -> AnyCollector {
        let (type_name, wrap) = (type_name::<C>(), Wrap::default());
        AnyCollector {
            collector,
            typed,
            type_name,
            wrap,
        }
    }

    /// Returns the collector itself, if it is of type `C`.
    #[must_use]
    pub fn downcast_ref<C: 'static>(&self) -> Option<&C> {
        self.typed.downcast_ref()
    }

    /// Returns the same collector with `prefix` added to the name of each metric; Go's
    /// `WrapCollectorWithPrefix`.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> AnyCollector {
        self.wrapped(&Wrap {
            prefix: prefix.to_owned(),
            ..Wrap::default()
        })
    }

    /// Returns the same collector with `labels` added to each metric; Go's
    /// `WrapCollectorWith`.
    #[must_use]
    pub fn with_labels(mut self, labels: &[(&str, &str)]) -> AnyCollector {
        self.wrap.add_labels(labels);
        self
    }

    /// Returns the same collector with what a registry adds.
    pub(super) fn wrapped(mut self, outer: &Wrap) -> AnyCollector {
        self.wrap.prefix.insert_str(0, &outer.prefix);
        self.wrap.labels.extend_from_slice(&outer.labels);
        self
    }
}

impl fmt::Debug for AnyCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyCollector")
            .field(&self.type_name)
            .finish()
    }
}

impl<C: Collector + 'static> IntoCollector<Ours> for C {
    fn descs(&self) -> Vec<Desc> {
        self.describe().into_iter().cloned().collect()
    }

    fn into_collector(self) -> AnyCollector {
        let collector = Arc::new(self);
        AnyCollector::new(Arc::clone(&collector), collector)
    }
}

impl<C: theirs::Collector + 'static> IntoCollector<Theirs> for C {
    fn descs(&self) -> Vec<Desc> {
        self.desc().into_iter().map(Desc::from).collect()
    }

    fn into_collector(self) -> AnyCollector {
        let collector = Arc::new(self);
        AnyCollector::new(Arc::clone(&collector), Arc::new(OfCrate::new(collector)))
    }
}

impl IntoCollector<TheirsBoxed> for Box<dyn theirs::Collector> {
    fn descs(&self) -> Vec<Desc> {
        self.desc().into_iter().map(Desc::from).collect()
    }

    fn into_collector(self) -> AnyCollector {
        Boxed(self).into_collector()
    }
}

/// A boxed collector, since the crate doesn't implement its trait for boxes.
struct Boxed(Box<dyn theirs::Collector>);

impl theirs::Collector for Boxed {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}

impl IntoCollector<Either> for AnyCollector {
    fn descs(&self) -> Vec<Desc> {
        let descs = self.collector.describe().into_iter();
        descs.map(|desc| self.wrap.desc(desc)).collect()
    }

    fn into_collector(self) -> AnyCollector {
        self
    }
}
