//! The sink of one collector during one scrape.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use super::failure::{Failure, wrong_count, wrong_kind};
use super::{Added, Described, Scrape, Wrap};
use crate::desc::{Desc, MetricKind};
use crate::exposition::{Family, HistogramValue, StateSetValue, SummaryValue, Value};
use crate::names::{series, shown, shown_words};

/// The sink into which a [`Collector`](super::Collector) pushes its samples.
///
/// A mistake, such as a wrong number of label values, becomes a scrape error
/// and costs all samples of this collector, so no call returns a result to check.
pub struct Samples<'a> {
    scrape: &'a Scrape,
    wrap: &'a Wrap,
    described: &'a Described,
    families: Vec<Family>,
    /// The sizes of the families at the last scrape.
    sizes: Vec<Size>,
    /// For each family, the collector's own descriptor and the one that it is served
    /// by.
    of: Vec<(Desc, Desc)>,
    /// Indices into `families` by the descriptor's address; `of` keeps the descriptors
    /// alive.
    index: HashMap<usize, usize>,
    last: usize,
    appended: Vec<Family>,
    failure: Option<Failure>,
    left_out: Vec<(String, String)>,
}

/// The size of a family.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    points: usize,
    labels: usize,
}

/// What one collector reported.
pub(crate) struct Collected {
    pub families: Vec<Family>,
    pub sizes: Vec<Size>,
    /// The first mistake.
    pub failure: Option<Failure>,
    /// Metrics that the collector left out, and why.
    pub left_out: Vec<(String, String)>,
}

impl<'a> Samples<'a> {
    pub(crate) fn new(
        scrape: &'a Scrape,
        wrap: &'a Wrap,
        described: &'a Described,
        sizes: Vec<Size>,
    ) -> Samples<'a> {
        Samples {
            scrape,
            wrap,
            described,
            families: Vec::new(),
            sizes,
            of: Vec::new(),
            index: HashMap::new(),
            last: 0,
            appended: Vec::new(),
            failure: None,
            left_out: Vec::new(),
        }
    }

    /// Returns how much time the scrape has left, or `None` if it has no deadline.
    /// Limit every wait for a source to it: samples that arrive later are never served.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.scrape.time_left()
    }

    /// Adds a sample of a gauge, counter or untyped metric. The value is in the base
    /// unit that the name states; `label_values` has one value for each label, in the
    /// order of `desc`.
    #[inline]
    pub fn set(&mut self, desc: &Desc, value: f64, label_values: &[&str]) -> Added<'_> {
        let is_number = matches!(
            desc.kind(),
            Some(MetricKind::Gauge | MetricKind::Counter | MetricKind::Untyped)
        );
        self.push(desc, is_number, Value::Number(value), label_values)
    }

    /// Adds a histogram of `count` observations whose sum is `sum`. Each bucket is an
    /// upper bound and the number of observations less than or equal to it, in
    /// ascending order; `+Inf` is optional. Go's `NewConstHistogram`.
    pub fn histogram(
        &mut self,
        desc: &Desc,
        count: u64,
        sum: f64,
        buckets: &[(f64, u64)],
        label_values: &[&str],
    ) -> Added<'_> {
        let buckets = buckets.to_vec();
        let value = HistogramValue {
            count,
            sum,
            buckets,
        };
        let is_histogram = desc.kind() == Some(MetricKind::Histogram);
        let value = Value::Histogram(Box::new(value));
        self.push(desc, is_histogram, value, label_values)
    }

    /// Adds a summary of `count` observations whose sum is `sum`. Each quantile, from 0
    /// to 1, comes with its value, in ascending order. Go's `NewConstSummary`.
    pub fn summary(
        &mut self,
        desc: &Desc,
        count: u64,
        sum: f64,
        quantiles: &[(f64, f64)],
        label_values: &[&str],
    ) -> Added<'_> {
        let quantiles = quantiles.to_vec();
        let value = SummaryValue {
            count,
            sum,
            quantiles,
        };
        let is_summary = desc.kind() == Some(MetricKind::Summary);
        let value = Value::Summary(Box::new(value));
        self.push(desc, is_summary, value, label_values)
    }

    /// Adds a sample of an info metric. Its value is 1.
    pub fn info(&mut self, desc: &Desc, label_values: &[&str]) -> Added<'_> {
        let is_info = desc.kind() == Some(MetricKind::Info);
        self.push(desc, is_info, Value::Number(1.0), label_values)
    }

    /// Adds a sample for each state of a state set, with the value 1 if it is on and 0
    /// otherwise. The label that has the metric's name contains the state.
    ///
    /// ```
    /// use exporter_workbook::collect::collector_fn;
    /// use exporter_workbook::desc::Desc;
    /// use exporter_workbook::testutil;
    ///
    /// let desc = Desc::state_set("breaker", "The state of each breaker.").label("name");
    /// let breakers = collector_fn(vec![desc.clone()], move |samples| {
    ///     samples.states(&desc, &[("open", true), ("closed", false)], &["db"]);
    ///     Ok(())
    /// });
    /// let expected = [
    ///     "# HELP breaker The state of each breaker.",
    ///     "# TYPE breaker gauge",
    ///     "breaker{name=\"db\",breaker=\"open\"} 1",
    ///     "breaker{name=\"db\",breaker=\"closed\"} 0",
    /// ];
    /// testutil::collect_and_compare(breakers, &expected.join("\n"), &[]).unwrap();
    /// ```
    pub fn states(
        &mut self,
        desc: &Desc,
        states: &[(&str, bool)],
        label_values: &[&str],
    ) -> Added<'_> {
        let states = states.iter();
        let states = states.map(|(state, is_on)| (String::from(*state), *is_on));
        let value = StateSetValue {
            states: states.collect(),
        };
        let is_state_set = desc.kind() == Some(MetricKind::StateSet);
        let value = Value::StateSet(Box::new(value));
        self.push(desc, is_state_set, value, label_values)
    }

    /// Adds a family that was gathered elsewhere, such as by another registry. If the
    /// collector describes its metrics, this family must be among them.
    pub fn append(&mut self, family: Family) {
        let name = format!("{}{}", self.wrap.prefix, family.name());
        if self.described.has_family(&name, family.kind()) {
            self.adopt(family);
        } else {
            let name = shown(&name).into_owned();
            self.fail(Failure::Undescribed { name });
        }
    }

    /// Adds a family, described or not.
    pub(crate) fn adopt(&mut self, family: Family) {
        match self.wrap.family(family) {
            Ok(family) => self.appended.push(family),
            Err(failure) => self.fail(failure),
        }
    }

    /// Reports a missing metric and the reason: the scrape has an error but keeps this
    /// collector's samples. For collectors that omit what they can't read; Go's
    /// `NewInvalidMetric`.
    pub fn left_out(&mut self, desc: &Desc, problem: &dyn Display) {
        let name = format!("{}{}", self.wrap.prefix, desc.name());
        let name = shown(&name).into_owned();
        let problem = shown_words(&problem.to_string());
        self.left_out.push((name, problem));
    }

    pub(crate) fn into_collected(mut self) -> Collected {
        let size = |family: &Family| Size {
            points: family.count(),
            labels: family.points().labels.len(),
        };
        let sizes = self.families.iter().map(size).collect();
        self.families.append(&mut self.appended);
        Collected {
            sizes,
            families: self.families,
            failure: self.failure,
            left_out: self.left_out,
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    #[inline]
    fn push(
        &mut self,
        desc: &Desc,
        is_kind: bool,
        value: Value,
        label_values: &[&str],
    ) -> Added<'_> {
        let pushed = self.try_push(desc, is_kind, value, label_values);
        let failure = &mut self.failure;
        let family = match pushed {
            Ok(at) => Some(&mut self.families[at]),
            Err(mistake) => {
                failure.get_or_insert(mistake);
                None
            }
        };
        Added::new(family, failure)
    }

    /// Returns the index of the family.
    #[inline]
    fn try_push(
        &mut self,
        desc: &Desc,
        is_kind: bool,
        value: Value,
        label_values: &[&str],
    ) -> Result<usize, Failure> {
        let wrap = self.wrap;
        let invalid = |problem| {
            let names = desc.labels().iter().map(String::as_str);
            let labels = names.zip(label_values.iter().copied());
            // Values that don't match the names in number aren't shown.
            let is_whole = desc.labels().len() == label_values.len();
            let labels = labels.filter(|_| is_whole);
            let series = series(wrap.desc(desc).name(), labels);
            Failure::Invalid { series, problem }
        };
        if !is_kind {
            return Err(invalid(wrong_kind(desc)));
        }
        if label_values.len() != desc.labels().len() {
            return Err(invalid(wrong_count(desc, label_values.len())));
        }
        if let Some(problem) = value.problem() {
            return Err(invalid(problem));
        }
        let at = match self.of.get(self.last) {
            Some((last, _)) if last.is(desc) => self.last,
            _ => self.family(desc)?,
        };
        let template = self.of[at].1.template().map_err(invalid)?;
        let pushed = self.families[at].push(template, |at| label_values[at], value);
        pushed.map(|_| at).map_err(invalid)
    }

    /// Returns the index of the family of `desc`.
    fn family(&mut self, desc: &Desc) -> Result<usize, Failure> {
        let at = self.index.get(&desc.address()).copied();
        self.last = match at {
            Some(at) => at,
            None => {
                let wrapped = self.wrap.desc(desc);
                if !self.described.has(desc, &wrapped) {
                    let name = shown(wrapped.name()).into_owned();
                    return Err(Failure::Undescribed { name });
                }
                let at = self.of.len();
                let mut family = Family::new(&wrapped);
                let size = self.sizes.get(at).copied().unwrap_or_default();
                let points = family.points_mut();
                points.all.reserve(size.points);
                points.labels.reserve(size.labels);
                self.families.push(family);
                self.of.push((desc.clone(), wrapped));
                self.index.insert(desc.address(), at);
                at
            }
        };
        Ok(self.last)
    }
}
