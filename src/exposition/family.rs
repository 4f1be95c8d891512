//! A metric family as it is served: its samples with their labels already rendered.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::{Labels, Rendered, Value};
use crate::desc::labels::{self, Template};
use crate::desc::{Desc, MetricKind};

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

/// Samples with their labels.
#[derive(Clone, Default)]
pub(crate) struct Points {
    /// The rendered labels of all samples, one after the other.
    pub labels: String,
    pub all: Vec<Point>,
    /// Whether any label value is empty, which is the same as no label.
    pub has_empty: bool,
}

/// The problem with labels beyond the offsets that a [`Point`] can store.
pub(crate) const TOO_LONG: &str = "the labels of its family are longer than 4 GiB";

/// One metric of a family.
#[derive(Clone)]
pub(crate) struct Point {
    /// Where its labels begin.
    pub start: u32,
    pub length: u32,
    /// The timestamp in Unix milliseconds, or [`Point::NO_TIME`].
    pub time: i64,
    pub value: Value,
}

impl Point {
    #[inline]
    fn range(&self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }

    pub const NO_TIME: i64 = i64::MIN;
}

impl Family {
    /// Creates a family of `desc` without samples. A family whose descriptor has no
    /// type is untyped.
    pub(crate) fn new(desc: &Desc) -> Family {
        Family {
            name: desc.shared_name(),
            help: desc.shared_help(),
            kind: desc.kind().unwrap_or(MetricKind::Untyped),
            own: Points::default(),
            of_vector: None,
        }
    }

    /// Creates a family of `desc` with samples that are read when they are written.
    pub(crate) fn of_vector(desc: &Desc, rendered: Arc<dyn Rendered>) -> Family {
        let copy = OnceLock::new();
        Family {
            of_vector: Some(OfVector { rendered, copy }),
            ..Family::new(desc)
        }
    }

    pub(crate) fn without_samples(&self) -> Family {
        Family {
            name: Arc::clone(&self.name),
            help: Arc::clone(&self.help),
            kind: self.kind,
            own: Points::default(),
            of_vector: None,
        }
    }

    /// Returns the samples that can be written without a copy.
    pub(crate) fn rendered(&self) -> Option<&dyn Rendered> {
        self.of_vector.as_ref().map(|vector| &*vector.rendered)
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

    /// Renames the family. If the name is invalid, gathering the family is an error.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Family {
        self.name = name.into();
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

impl Points {
    /// Adds a sample whose labels `write` appends; it returns whether a value is empty.
    #[inline]
    fn push(
        &mut self,
        value: Value,
        write: impl FnOnce(&mut String) -> bool,
    ) -> Result<&mut Point, String> {
        let start = self.labels.len();
        self.has_empty |= write(&mut self.labels);
        let end = u32::try_from(self.labels.len()).map_err(|_| TOO_LONG.to_owned())?;
        let (start, length) = (start as u32, end - start as u32);
        let at = self.all.len();
        let time = Point::NO_TIME;
        self.all.push(Point {
            start,
            length,
            time,
            value,
        });
        Ok(&mut self.all[at])
    }

    fn of(rendered: &dyn Rendered) -> Points {
        let mut points = Points::default();
        points.all.reserve(rendered.count());
        for page in 0..rendered.pages() {
            rendered.read(page, &mut |labels, value| {
                // A vector has less than 4 GiB of labels.
                let _ = points.push(value.clone(), |all| {
                    all.push_str(labels.text());
                    labels::has_empty(labels.text())
                });
            });
        }
        points
    }

    /// Appends all of `others`.
    pub fn append(&mut self, others: Points) {
        let start = self.labels.len() as u32;
        self.labels.push_str(&others.labels);
        self.all.extend(others.all.into_iter().map(|point| Point {
            start: point.start + start,
            ..point
        }));
        self.has_empty |= others.has_empty;
    }

    /// Returns the rendered labels of `point`, without braces.
    pub fn labels_of(&self, point: &Point) -> &str {
        &self.labels[point.range()]
    }

    /// Returns the same as bytes, without checks for character boundaries.
    #[inline]
    pub fn label_bytes(&self, point: &Point) -> &[u8] {
        &self.labels.as_bytes()[point.range()]
    }

    /// Returns the same for a scrape.
    #[inline]
    pub fn rendered(&self, point: &Point) -> Labels<'_> {
        let Range { start, end } = point.range();
        Labels::new(&self.labels, start, end)
    }

    /// Returns what identifies the series of `point`.
    pub fn identity(&self, point: &Point) -> Cow<'_, str> {
        labels::without_empty(self.labels_of(point))
    }
}

/// One sample of a family; for a histogram or summary, all of its lines.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    points: &'a Points,
    point: &'a Point,
}

impl<'a> Sample<'a> {
    /// Returns the labels by name, without `le` and `quantile`.
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
        (self.point.time != Point::NO_TIME).then_some(self.point.time)
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
