//! The values of samples.

use super::float_text;
use crate::names::shown;

/// The value of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The value of a gauge, a counter, an untyped or an info metric.
    Number(f64),
    /// The value of a histogram.
    Histogram(Box<HistogramValue>),
    /// The value of a summary.
    Summary(Box<SummaryValue>),
    /// The value of a state set.
    StateSet(Box<StateSetValue>),
}

/// The count, the sum and the distribution of observations.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramValue {
    /// The number of observations.
    pub count: u64,
    /// The sum of the observed values.
    pub sum: f64,
    /// Upper bounds in ascending order, each with the number of observations less than
    /// or equal to it. The bound `+Inf` is optional: its bucket holds `count`.
    pub buckets: Vec<(f64, u64)>,
}

impl HistogramValue {
    /// Returns the buckets without `+Inf`.
    pub(crate) fn finite(&self) -> &[(f64, u64)] {
        match self.buckets.split_last() {
            Some(((f64::INFINITY, _), finite)) => finite,
            _ => &self.buckets,
        }
    }
}

/// The count, the sum and some quantiles of observations.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryValue {
    /// The number of observations.
    pub count: u64,
    /// The sum of the observed values.
    pub sum: f64,
    /// Quantiles from 0 to 1 in ascending order, each with its value.
    pub quantiles: Vec<(f64, f64)>,
}

/// Several states, each of which is on or off.
#[derive(Clone, Debug, PartialEq)]
pub struct StateSetValue {
    /// The states in the order in which they are served.
    pub states: Vec<(String, bool)>,
}

impl Value {
    /// Returns the problem with the value, if there is one.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Value::Number(_) => None,
            Value::Histogram(histogram) => histogram_problem(histogram),
            Value::Summary(summary) => summary_problem(summary),
            Value::StateSet(set) => states_problem(&set.states),
        }
    }
}

fn histogram_problem(histogram: &HistogramValue) -> Option<String> {
    let HistogramValue { count, buckets, .. } = histogram;
    for (at, (bound, counted)) in buckets.iter().enumerate() {
        let le = float_text(*bound);
        let before = at.checked_sub(1).map(|before| buckets[before]);
        if bound.is_nan() {
            return Some("a bucket's bound is not a number".to_owned());
        }
        if let Some((before, _)) = before.filter(|(before, _)| before >= bound) {
            let before = float_text(before);
            return Some(format!(
                "its bucket `le` {le} comes after {before}: sort them, each once"
            ));
        }
        if let Some((_, before)) = before.filter(|(_, before)| before > counted) {
            return Some(format!(
                "its bucket `le` {le} counts {counted} but the one before it \
                 {before}: buckets are cumulative"
            ));
        }
        let is_all = *bound == f64::INFINITY;
        if counted > count || (is_all && counted != count) {
            return Some(format!(
                "its bucket `le` {le} counts {counted}, of {count} observations"
            ));
        }
    }
    None
}

fn summary_problem(summary: &SummaryValue) -> Option<String> {
    let quantiles = summary.quantiles.iter().map(|(quantile, _)| *quantile);
    let mut before = None;
    for quantile in quantiles {
        if !(0.0..=1.0).contains(&quantile) {
            return Some(format!("its quantile {quantile} is not between 0 and 1"));
        }
        if let Some(before) = before.filter(|before| *before >= quantile) {
            return Some(format!(
                "its quantile {quantile} comes after {before}: sort them, each once"
            ));
        }
        before = Some(quantile);
    }
    None
}

fn states_problem(states: &[(String, bool)]) -> Option<String> {
    let mut names: Vec<&str> = states.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.first() {
        None => return Some("it has no state: name at least one".to_owned()),
        Some(&"") => return Some("one of its states has no name: name it".to_owned()),
        Some(_) => {}
    }
    let two = names.windows(2).find(|two| two[0] == two[1])?;
    Some(format!(
        "its state `{}` comes twice: name each once",
        shown(two[0])
    ))
}
