//! The options of a summary, and what follows from them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datasketches::req::{RankAccuracy, ReqFloat, ReqSketch};

use crate::desc::Desc;
use crate::message::debug_is_message;
use crate::names::shown;

/// Why a summary couldn't be created.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// The name or a label is invalid.
    #[error("summary `{name}`: {reason}")]
    Desc {
        /// The name of the summary.
        name: String,
        /// What is wrong, and how to fix it.
        reason: String,
    },
    /// An objective is out of range, or tighter than the sketch can achieve.
    #[error(
        "summary `{name}`: cannot keep the quantile {quantile} within {error}: both must \
         be between 0 and 1, and the error at least 0.0003 for the 0.5 quantile, less \
         for quantiles nearer to 0 or 1"
    )]
    Objective {
        /// The name of the summary.
        name: String,
        /// The quantile, as text.
        quantile: String,
        /// Its allowed rank error, as text.
        error: String,
    },
    /// A quantile has two objectives, which would be the same series twice.
    #[error("summary `{name}`: the quantile {quantile} has two objectives, keep one")]
    DuplicateObjective {
        /// The name of the summary.
        name: String,
        /// The quantile, as text.
        quantile: String,
    },
    /// The window is empty, too long, or divided into too many slices.
    #[error(
        "summary `{name}`: cannot keep {max_age:?} in {age_buckets} slices: the \
         maximum age must be above 0 and at most 365 days, in 1 to 1000 slices of at \
         least 1 ms"
    )]
    Window {
        /// The name of the summary.
        name: String,
        /// The maximum age of an observation.
        max_age: Duration,
        /// The number of slices.
        age_buckets: u32,
    },
}

debug_is_message!(SummaryError);

type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The options of a summary; Go's `prometheus.SummaryOpts`.
#[derive(Clone)]
pub struct SummaryOpts {
    name: String,
    help: String,
    /// Prefixes of the name, namespace first.
    prefixes: [String; 2],
    const_labels: Vec<(String, String)>,
    objectives: Vec<(f64, f64)>,
    max_age: Duration,
    age_buckets: u32,
    now: Clock,
}

impl SummaryOpts {
    /// Creates options without quantiles, with a window of 10 minutes in 5 slices.
    pub fn new(name: &str, help: &str) -> SummaryOpts {
        SummaryOpts {
            name: name.to_owned(),
            help: help.to_owned(),
            prefixes: Default::default(),
            const_labels: Vec::new(),
            objectives: Vec::new(),
            max_age: Duration::from_secs(10 * 60),
            age_buckets: 5,
            now: Arc::new(Instant::now),
        }
    }

    /// Sets the first part of the name.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> SummaryOpts {
        self.prefixes[0] = namespace.to_owned();
        self
    }

    /// Sets the second part of the name.
    #[must_use]
    pub fn subsystem(mut self, subsystem: &str) -> SummaryOpts {
        self.prefixes[1] = subsystem.to_owned();
        self
    }

    /// Adds a label with one value for the life of the summary.
    #[must_use]
    pub fn const_label(mut self, name: &str, value: &str) -> SummaryOpts {
        self.const_labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Exports the value at `quantile`, whose rank is off by at most `error` (with high
    /// probability: the sketch is randomized). For 0.9 with an error of 0.01, the value
    /// lies between the 0.89 and the 0.91 quantile. The quantiles 0 and 1 are always
    /// exact, and their error may be 0.
    #[must_use]
    pub fn objective(mut self, quantile: f64, error: f64) -> SummaryOpts {
        self.objectives.push((quantile, error));
        self
    }

    /// Sets how long an observation counts for the quantiles; at most 365 days.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> SummaryOpts {
        self.max_age = max_age;
        self
    }

    /// Sets in how many slices the window moves; at most 1000. Of 5 slices of 2 minutes
    /// each, one is dropped at a time, so the window is between 8 and 10 minutes long.
    #[must_use]
    pub fn age_buckets(mut self, age_buckets: u32) -> SummaryOpts {
        self.age_buckets = age_buckets;
        self
    }

    /// Replaces the clock, for tests.
    #[must_use]
    pub fn clock(
        mut self,
        now: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> SummaryOpts {
        self.now = Arc::new(now);
        self
    }

    fn desc(&self, label_names: &[&str]) -> Result<Desc, SummaryError> {
        let [namespace, subsystem] = &self.prefixes;
        let desc = Desc::summary(&self.name, &self.help);
        let desc = desc.namespace(subsystem).namespace(namespace);
        let labels = self.const_labels.iter();
        let desc =
            labels.fold(desc, |desc, (name, value)| desc.const_label(name, value));
        let names = label_names.iter();
        let desc = names.fold(desc, |desc, name| desc.label(name));
        let name = shown(desc.name()).into_owned();
        match desc.template() {
            Ok(_) => Ok(desc),
            Err(reason) => Err(SummaryError::Desc { name, reason }),
        }
    }

    pub(super) fn plan(
        mut self,
        label_names: &[&str],
    ) -> Result<(Desc, Plan), SummaryError> {
        let desc = self.desc(label_names)?;
        let name = shown(desc.name()).into_owned();
        let Some(slice) = slice(self.max_age, self.age_buckets) else {
            return Err(SummaryError::Window {
                name,
                max_age: self.max_age,
                age_buckets: self.age_buckets,
            });
        };
        for (quantile, _) in &mut self.objectives {
            // Turns -0 into 0, as which it is written.
            *quantile += 0.0;
        }
        self.objectives.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some(two) = self.objectives.windows(2).find(|two| two[0].0 == two[1].0) {
            let quantile = two[0].0.to_string();
            return Err(SummaryError::DuplicateObjective { name, quantile });
        }
        let (k, accuracy) = sketch_size(&name, &self.objectives)?;
        let plan = Plan {
            quantiles: self.objectives.iter().map(|(q, _)| *q).collect(),
            slice,
            slices: self.age_buckets as usize,
            max_age: self.max_age,
            now: self.now,
            k,
            accuracy,
        };
        Ok((desc, plan))
    }
}

/// Returns the length of one slice of the window.
fn slice(max_age: Duration, age_buckets: u32) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    const SHORTEST_SLICE: Duration = Duration::from_millis(1);
    const MOST_SLICES: u32 = 1000;
    let slice = max_age.checked_div(age_buckets)?;
    let kept = max_age <= LONGEST && age_buckets <= MOST_SLICES;
    (kept && slice >= SHORTEST_SLICE).then_some(slice)
}

/// Returns the smallest sketch that achieves all `objectives`. REQ's standard error at
/// rank r is 0.1306/k times the distance of r from the more accurate end, and at most
/// 0.084/k; four standard errors must be within the objective's error. The sketch keeps
/// the smallest and the largest value exactly, so the objectives 0 and 1 need nothing.
fn sketch_size(
    name: &str,
    objectives: &[(f64, f64)],
) -> Result<(u16, RankAccuracy), SummaryError> {
    const SMALLEST: f64 = 12.0;
    const LARGEST: f64 = 1024.0;
    let mut sizes = [RankAccuracy::HighRank, RankAccuracy::LowRank]
        .map(|accuracy| (SMALLEST, accuracy));
    for &(quantile, error) in objectives {
        let is_exact = quantile == 0.0 || quantile == 1.0;
        for (size, accuracy) in sizes.iter_mut().filter(|_| !is_exact) {
            *size = size.max(size_needed(quantile, error, *accuracy));
        }
        let has_error = (error > 0.0 || (is_exact && error == 0.0)) && error < 1.0;
        let within = (0.0..=1.0).contains(&quantile) && has_error;
        if !within || sizes.iter().all(|(size, _)| *size > LARGEST) {
            return Err(SummaryError::Objective {
                name: name.to_owned(),
                quantile: quantile.to_string(),
                error: error.to_string(),
            });
        }
    }
    let [high, low] = sizes;
    let (size, accuracy) = if low.0 < high.0 { low } else { high };
    // The sketch accepts only even sizes.
    Ok(((size / 2.0).ceil() as u16 * 2, accuracy))
}

fn size_needed(quantile: f64, error: f64, accuracy: RankAccuracy) -> f64 {
    let distance = match accuracy {
        RankAccuracy::HighRank => 1.0 - quantile,
        RankAccuracy::LowRank => quantile,
    };
    4.0 * (0.1306 * distance).min(0.084) / error
}

/// What all summaries of one name share.
pub struct Plan {
    pub quantiles: Vec<f64>,
    pub slice: Duration,
    pub slices: usize,
    pub max_age: Duration,
    pub now: Clock,
    k: u16,
    accuracy: RankAccuracy,
}

pub type Sketch = ReqSketch<ReqFloat<f64>>;

impl Plan {
    pub fn sketch(&self) -> Sketch {
        // `sketch_size` returns no size that the sketch refuses.
        ReqSketch::new(self.k, self.accuracy).unwrap_or_default()
    }
}
