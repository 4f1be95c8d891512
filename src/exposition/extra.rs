//! What few samples have: a timestamp, the time of creation, exemplars.

use super::{HistogramValue, Point};

/// What few samples have, so that the others are smaller.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    /// The timestamp in Unix milliseconds, or [`Point::NO_TIME`].
    pub time: i64,
    /// When the sample was created, in Unix milliseconds.
    pub created: Option<i64>,
    /// A counter's exemplar, or one for each of some buckets.
    pub exemplars: Vec<Exemplar>,
}

impl Default for Extra {
    fn default() -> Extra {
        Extra {
            time: Point::NO_TIME,
            created: None,
            exemplars: Vec::new(),
        }
    }
}

/// One of the things that a sample counts, such as a request with the id of its trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The labels, which aren't those of the sample.
    pub labels: Vec<(String, String)>,
    /// What it added to a counter, or the observation of a histogram.
    pub value: f64,
    /// When it was counted, in Unix milliseconds.
    pub timestamp: Option<i64>,
}

impl Exemplar {
    pub(crate) fn new(
        labels: &[(&str, &str)],
        value: f64,
        timestamp: Option<i64>,
    ) -> Exemplar {
        let labels = labels.iter();
        let owned = labels.map(|(name, value)| (name.to_string(), value.to_string()));
        Exemplar {
            labels: owned.collect(),
            value,
            timestamp,
        }
    }

    /// How many characters the names and values of the labels may have together, by
    /// OpenMetrics.
    const MOST_CHARACTERS: usize = 128;

    /// Returns whether OpenMetrics forbids so much text.
    pub(crate) fn is_too_long(&self) -> bool {
        let labels = self.labels.iter();
        let characters =
            labels.map(|(name, value)| name.chars().count() + value.chars().count());
        characters.sum::<usize>() > Exemplar::MOST_CHARACTERS
    }

    /// Returns the index of the bucket of `histogram` that holds the value; `+Inf` is
    /// the last one, whether it is among the buckets or not.
    pub(crate) fn bucket(&self, histogram: &HistogramValue) -> usize {
        let finite = histogram.finite();
        // A value that isn't a number is in `+Inf`, as in Go.
        let value = self.value;
        finite.partition_point(|(bound, _)| *bound < value || value.is_nan())
    }
}

impl Extra {
    /// Adds `exemplar`, in place of the one in the same bucket.
    pub(crate) fn set_exemplar(
        &mut self,
        exemplar: Exemplar,
        histogram: Option<&HistogramValue>,
    ) {
        let bucket = |exemplar: &Exemplar| histogram.map(|of| exemplar.bucket(of));
        let at = bucket(&exemplar);
        self.exemplars.retain(|other| bucket(other) != at);
        self.exemplars.push(exemplar);
    }
}
