//! Vectors: metrics of one name that differ in their label values.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use prometheus::HistogramOpts;

use super::children::{Children, Most, Refused};
use super::histogram::bounds;
use super::labels::{Curried, rendered};
use super::limit::Limit;
use super::number::Number;
use super::snapshot::Snapshot;
use super::{GenericCounter, GenericGauge, Histogram, Metric, OnLimit, VectorError};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::{Desc, labels};
use crate::names::shown;

/// Metrics of one name, one for each combination of label values. A clone is the same
/// vector.
///
/// Children are compared by their labels rather than by a hash of them, so `["ab", "c"]`
/// and `["a", "bc"]` are two. Keep the handle of a child rather than look it up again. It
/// stays valid if the child is removed, but what it then counts isn't served.
///
/// ```
/// use exporter_workbook::registry::Registry;
/// use exporter_workbook::vector::IntGaugeVec;
/// use prometheus::Opts;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let opts = Opts::new("queue_length", "The number of items in the queue.");
/// let queue_length = IntGaugeVec::new(opts, &["queue"])?;
/// let registry = Registry::new();
/// registry.register(queue_length.clone())?;
/// queue_length.with_label_values(&["mail"]).set(7);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MetricVec<M: Metric> {
    shared: Arc<Shared<M>>,
    curried: Curried,
}

struct Shared<M: Metric> {
    desc: Desc,
    plan: M::Plan,
    children: Children<M::State>,
    limit: OnceLock<Limit>,
}

impl<N: Number> MetricVec<GenericGauge<N>> {
    /// Creates a vector of gauges from the crate's `Opts` or a [`Desc`], with the labels
    /// `label_names` besides its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, or if it is described as
    /// another type.
    pub fn new(
        opts: impl Into<Desc>,
        label_names: &[&str],
    ) -> Result<Self, VectorError> {
        Self::of(opts.into(), label_names, |_| Ok(()))
    }
}

impl<N: Number> MetricVec<GenericCounter<N>> {
    /// Creates a vector of counters from the crate's `Opts` or a [`Desc`], with the
    /// labels `label_names` besides its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, or if it is described as
    /// another type.
    pub fn new(
        opts: impl Into<Desc>,
        label_names: &[&str],
    ) -> Result<Self, VectorError> {
        Self::of(opts.into(), label_names, |_| Ok(()))
    }
}

impl MetricVec<Histogram> {
    /// Creates a vector of histograms from the crate's options, with the labels
    /// `label_names` besides theirs.
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, or if the bounds aren't
    /// finite numbers in ascending order (`+Inf` may be the last).
    pub fn new(opts: HistogramOpts, label_names: &[&str]) -> Result<Self, VectorError> {
        Self::with_buckets(opts.common_opts, opts.buckets, label_names)
    }

    /// Does the same for a [`Desc`] and upper bounds.
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, if it is described as another
    /// type, or if the bounds aren't finite numbers in ascending order (`+Inf` may be
    /// the last).
    pub fn with_buckets(
        desc: impl Into<Desc>,
        buckets: Vec<f64>,
        label_names: &[&str],
    ) -> Result<Self, VectorError> {
        Self::of(desc.into(), label_names, |desc| bounds(desc, buckets))
    }
}

impl<M: Metric> MetricVec<M> {
    fn of(
        desc: Desc,
        label_names: &[&str],
        plan: impl FnOnce(&Desc) -> Result<M::Plan, VectorError>,
    ) -> Result<Self, VectorError> {
        let names = label_names.iter();
        let desc = names.fold(desc, |desc, name| desc.label(name));
        let desc = VectorError::check(desc, M::KIND)?;
        let plan = plan(&desc)?;
        Ok(Self::of_valid(desc, plan))
    }

    /// Creates a vector with a descriptor that is valid.
    pub(crate) fn of_valid(desc: Desc, plan: M::Plan) -> Self {
        MetricVec {
            shared: Arc::new(Shared {
                desc,
                plan,
                children: Children::default(),
                limit: OnceLock::new(),
            }),
            curried: Curried::default(),
        }
    }

    /// Limits the number of children. Each time there is no place for another one, the
    /// vector counts that in `vector_limit_hits_total{vector="…"}`, which is registered
    /// with it. Call it before; a second limit has no effect.
    #[must_use]
    pub fn limit(self, most: usize, on_limit: OnLimit) -> Self {
        let desc = &self.shared.desc;
        let _ = self.shared.limit.set(Limit::new(most, on_limit, desc));
        self
    }

    /// Returns the child with these values, in the order of the label names; creates it
    /// if necessary.
    ///
    /// # Errors
    ///
    /// Returns an error if the number of values is wrong, if the values are longer than
    /// 1 MiB, or if the limit is reached and refuses another child.
    pub fn get_metric_with_label_values<V: AsRef<str>>(
        &self,
        values: &[V],
    ) -> Result<M, VectorError> {
        let labels = self.curried.render(&self.shared.desc, values)?;
        let Shared { children, .. } = &*self.shared;
        let child = match children.get(&labels) {
            Some(child) => child,
            None => self.create(&labels)?,
        };
        Ok(M::handle(child))
    }

    /// Returns the child with these values, which the source code states in number; Go's
    /// `WithLabelValues`. If there can be no such child, because of a limit or because
    /// the values are longer than 1 MiB, the returned metric works but isn't served.
    ///
    /// # Panics
    ///
    /// Panics if the number of values is wrong.
    #[track_caller]
    pub fn with_label_values<V: AsRef<str>>(&self, values: &[V]) -> M {
        self.or_unserved(self.get_metric_with_label_values(values))
    }

    /// Returns the child with these values by label name; creates it if necessary.
    ///
    /// # Errors
    ///
    /// Returns an error if the names aren't those of the labels, or if
    /// [`get_metric_with_label_values`](MetricVec::get_metric_with_label_values) would.
    pub fn get_metric_with<V: AsRef<str>>(
        &self,
        labels: &HashMap<&str, V>,
    ) -> Result<M, VectorError> {
        self.get_metric_with_label_values(
            &self.curried.values(&self.shared.desc, labels)?,
        )
    }

    /// Returns the child with these values by label name, like
    /// [`with_label_values`](MetricVec::with_label_values); Go's `With`.
    ///
    /// # Panics
    ///
    /// Panics if the names aren't those of the labels.
    #[track_caller]
    pub fn with<V: AsRef<str>>(&self, labels: &HashMap<&str, V>) -> M {
        self.or_unserved(self.get_metric_with(labels))
    }

    /// Returns the same vector with the values of some labels set, so that only the
    /// others remain to be stated; Go's `CurryWith`.
    ///
    /// # Errors
    ///
    /// Returns an error if it doesn't have one of the labels.
    pub fn curry_with<V: AsRef<str>>(
        &self,
        labels: &HashMap<&str, V>,
    ) -> Result<Self, VectorError> {
        Ok(MetricVec {
            shared: Arc::clone(&self.shared),
            curried: self.curried.with(&self.shared.desc, labels)?,
        })
    }

    /// Removes the child with these values. Returns whether there was one.
    pub fn remove_label_values<V: AsRef<str>>(&self, values: &[V]) -> bool {
        let labels = self.curried.render(&self.shared.desc, values);
        labels.is_ok_and(|labels| self.shared.children.remove(&labels))
    }

    /// Removes the child with these values by label name. Returns whether there was one.
    pub fn remove<V: AsRef<str>>(&self, labels: &HashMap<&str, V>) -> bool {
        let values = self.curried.values(&self.shared.desc, labels);
        values.is_ok_and(|values| self.remove_label_values(&values))
    }

    /// Removes the children that have all of these values. Returns how many there were;
    /// Go's `DeletePartialMatch`. It compares every child.
    pub fn remove_partial<V: AsRef<str>>(&self, labels: &HashMap<&str, V>) -> usize {
        let children = &self.shared.children;
        let is_wanted = |child: &str| {
            let has = labels::parse(child);
            let has = |name: &str, value: &str| {
                has.iter().any(|(n, v)| n == name && v == value)
            };
            let mut curried = self.curried.labels(&self.shared.desc);
            let mut wanted = labels.iter();
            curried.all(|(name, value)| has(name, value))
                && wanted.all(|(name, value)| has(name, value.as_ref()))
        };
        let pages = children.in_order();
        let all = pages.iter().flat_map(|page| page.iter());
        let wanted = all.filter(|(child, _)| is_wanted(child));
        wanted.filter(|(child, _)| children.remove(child)).count()
    }

    /// Removes all children.
    pub fn reset(&self) {
        self.shared.children.reset();
    }

    /// Returns the number of children.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.children.len()
    }

    /// Returns whether there are no children.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the children that there are now, sorted by their label values, each with
    /// its labels.
    #[must_use]
    pub fn children(&self) -> Vec<(Vec<(String, String)>, M)> {
        let pages = self.shared.children.in_order();
        let all = pages.iter().flat_map(|page| page.iter());
        all.map(|(text, child)| (labels::parse(text), M::handle(Arc::clone(child))))
            .collect()
    }

    #[cold]
    fn create(&self, labels: &str) -> Result<Arc<M::State>, VectorError> {
        let Shared { children, plan, .. } = &*self.shared;
        let new = || M::state(plan);
        let name = || shown(self.shared.desc.name()).into_owned();
        let too_long = || VectorError::TooLong {
            name: name(),
            length: labels.len(),
        };
        let Some(limit) = self.shared.limit.get() else {
            let child = children.get_or_create(labels, Most::ANY, new);
            return child.map_err(|_| too_long());
        };
        let other = rendered(&self.shared.desc, |_| "other");
        let most = limit.most(&other);
        match children.get_or_create(labels, most, new) {
            Ok(child) => return Ok(child),
            Err(Refused::TooLong) => return Err(too_long()),
            Err(Refused::Full) => limit.hits.inc(),
        }
        match limit.on_limit {
            OnLimit::Refuse => Err(limit.error(name())),
            OnLimit::Other => {
                let child = children.get_or_create(&other, most, new);
                child.map_err(|_| too_long())
            }
        }
    }

    #[track_caller]
    fn or_unserved(&self, child: Result<M, VectorError>) -> M {
        match child {
            Ok(child) => child,
            Err(VectorError::Limit { .. } | VectorError::TooLong { .. }) => {
                M::handle(M::state(&self.shared.plan))
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl<M: Metric> Collector for MetricVec<M> {
    fn describe(&self) -> Vec<&Desc> {
        let limit = self.shared.limit.get().map(|limit| &limit.desc);
        [&self.shared.desc].into_iter().chain(limit).collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let Shared { desc, children, .. } = &*self.shared;
        let snapshot = Snapshot::<M>::new(children.in_order());
        samples.append(snapshot.family(desc));
        if let Some(limit) = self.shared.limit.get() {
            samples.set(&limit.desc, limit.hits.get() as f64, &[]);
        }
        Ok(())
    }
}
