//! A metric family as it is served: its samples with their labels already rendered.

use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};

use super::{Exemplar, Extra, Point, Points, Rendered, Value};
use crate::desc::labels::{self, Owner, Template};
use crate::desc::{Desc, MetricKind};
use crate::names::Names;

/// A metric family with its samples, in the order in which they are served.
///
/// A registry gathers families. A [`Collector`](crate::collect::Collector) that filters
/// or renames the families of another registry passes them on with
/// [`Samples::append`](crate::collect::Samples::append).
#[derive(Clone)]
pub struct Family {
    pub(crate) name: Arc<str>,
    pub(crate) help: Arc<str>,
    pub(crate) kind: MetricKind,
    pub(crate) names: Names,
    /// Its own samples, if it isn't a vector's.
    own: Points,
    of_vector: Option<OfVector>,
}

/// A vector's samples, which are written without a copy.
#[derive(Clone)]
struct OfVector {
    rendered: Arc<dyn Rendered>,
    /// A copy for whoever asks for one.
    copy: OnceLock<Points>,
}

impl Family {
    /// Creates a family of `desc` without samples. A family whose descriptor has no
    /// type is untyped.
    pub(crate) fn new(desc: &Desc) -> Family {
        Family {
            name: desc.shared_name(),
            help: desc.shared_help(),
            kind: desc.kind().unwrap_or(MetricKind::Untyped),
            names: desc.names(),
            own: Points::default(),
            of_vector: None,
        }
    }

    /// Creates a family of `desc` with samples that are read when they are written.
    pub(crate) fn of_vector(desc: &Desc, rendered: Arc<dyn Rendered>) -> Family {
        Family::new(desc).with_rendered(rendered)
    }

    /// Returns the same family with other samples of a vector.
    pub(crate) fn with_rendered(&self, rendered: Arc<dyn Rendered>) -> Family {
        let copy = OnceLock::new();
        Family {
            of_vector: Some(OfVector { rendered, copy }),
            ..self.without_samples()
        }
    }

    pub(crate) fn without_samples(&self) -> Family {
        Family {
            name: Arc::clone(&self.name),
            help: Arc::clone(&self.help),
            kind: self.kind,
            names: self.names,
            own: Points::default(),
            of_vector: None,
        }
    }

    /// Returns the samples that can be written without a copy.
    pub(crate) fn rendered(&self) -> Option<&Arc<dyn Rendered>> {
        self.of_vector.as_ref().map(|vector| &vector.rendered)
    }

    pub(crate) fn points(&self) -> &Points {
        match &self.of_vector {
            None => &self.own,
            Some(OfVector { rendered, copy }) => {
                copy.get_or_init(|| Points::of(&**rendered))
            }
        }
    }

    pub(crate) fn points_mut(&mut self) -> &mut Points {
        if let Some(OfVector { rendered, copy }) = self.of_vector.take() {
            let copy = copy.into_inner();
            self.own = copy.unwrap_or_else(|| Points::of(&*rendered));
        }
        &mut self.own
    }

    /// Returns the same family with the values of all samples read.
    pub(crate) fn read(mut self) -> Family {
        self.points_mut();
        self
    }

    pub(crate) fn into_points(mut self) -> Points {
        mem::take(self.points_mut())
    }

    pub(crate) fn count(&self) -> usize {
        match self.rendered() {
            Some(rendered) => rendered.count(),
            None => self.own.all.len(),
        }
    }

    /// Returns the name, such as `queue_length`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the help text, which may be empty.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }

    /// Returns the type.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner {
            name: self.name(),
            kind: Some(self.kind),
            names: self.names,
        }
    }

    /// Returns the problem with the name, if there is one. A family may have got it
    /// after its labels were checked.
    pub(crate) fn name_problem(&self) -> Option<String> {
        self.owner().name_problem().or_else(|| {
            if self.kind != MetricKind::StateSet {
                return None;
            }
            self.samples().find_map(|sample| {
                let labels = sample.labels();
                let names = labels.iter().map(|(name, _)| name.as_str());
                self.owner().labels_problem(names.collect())
            })
        })
    }

    /// Renames the family. If the name is invalid, gathering the family is an error.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Family {
        self.name = name.into();
        self
    }

    /// Permits any text as a name; see [`Desc::utf8`].
    #[must_use]
    pub fn utf8(mut self) -> Family {
        self.names = Names::Utf8;
        self
    }

    /// Replaces the help text.
    #[must_use]
    pub fn with_help(mut self, help: &str) -> Family {
        self.help = help.into();
        self
    }

    /// Returns the samples.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample<'_>> {
        let points = self.points();
        points.all.iter().map(|point| Sample { points, point })
    }

    /// Keeps the samples for which `keep` returns true.
    pub fn retain(&mut self, keep: impl Fn(Sample<'_>) -> bool) {
        let kept: Vec<bool> = self.samples().map(keep).collect();
        let mut kept = kept.into_iter();
        let points = &mut self.points_mut().all;
        points.retain(|_| kept.next().unwrap_or_default());
    }

    /// Adds a sample with the labels of `template`.
    #[inline]
    pub(crate) fn push<'v>(
        &mut self,
        template: &Template,
        label_value: impl Fn(usize) -> &'v str,
        value: Value,
    ) -> Result<&mut Point, String> {
        self.points_mut()
            .push(value, |labels| template.push(labels, label_value))
    }
}

/// One sample of a family; for a histogram, a summary or a state set, all of its lines.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    points: &'a Points,
    point: &'a Point,
}

impl<'a> Sample<'a> {
    /// Returns the labels by name, without `le`, `quantile` and the label of a state.
    #[must_use]
    pub fn labels(&self) -> Vec<(String, String)> {
        labels::parse(self.points.labels_of(self.point))
    }

    /// Returns the value of the label `name`, if it has one.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<String> {
        let mut labels = self.labels().into_iter();
        labels
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        &self.point.value
    }

    /// Returns the timestamp in Unix milliseconds, if the collector set one.
    #[must_use]
    pub fn timestamp(&self) -> Option<i64> {
        let time = self.point.time();
        (time != Point::NO_TIME).then_some(time)
    }

    /// Returns when the sample was created, in Unix milliseconds, if the collector said
    /// so.
    #[must_use]
    pub fn created(&self) -> Option<i64> {
        self.extra()?.created
    }

    /// Returns the exemplars.
    #[must_use]
    pub fn exemplars(&self) -> &'a [Exemplar] {
        self.extra().map_or(&[], |extra| &extra.exemplars)
    }

    pub(crate) fn extra(&self) -> Option<&'a Extra> {
        self.point.extra.as_deref()
    }
}

impl fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.points.labels_of(self.point);
        write!(f, "{{{labels}}} {:?}", self.value())?;
        match self.timestamp() {
            Some(time) => write!(f, " {time}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family")
            .field("name", &self.name())
            .field("help", &self.help())
            .field("kind", &self.kind())
            .field("samples", &self.samples().collect::<Vec<_>>())
            .finish()
    }
}
