//! Why a scrape is incomplete, as an error that a program can match on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::collect::Failure;
use crate::message::debug_is_message;
use crate::names::shown_words;

/// Why a scrape is incomplete: it lacks all samples of the collector named here, or
/// only the metric that was left out.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// A collector panicked.
    #[error("{collector} panicked: {message} (the program's log says where)")]
    Panicked {
        /// The collector, by the metrics that it describes.
        collector: String,
        /// The message of the panic.
        message: String,
    },
    /// A collector returned an error.
    #[error("{collector} failed: {message}")]
    Failed {
        /// The collector.
        collector: String,
        /// The message of its error.
        message: String,
    },
    /// A collector reported a metric that it doesn't describe. Collectors of the
    /// `prometheus` crate may, provided the metric fits all others.
    #[error(
        "{collector} reported `{name}`, which it doesn't describe: return its descriptor \
         from `describe`, unchanged"
    )]
    Undescribed {
        /// The collector.
        collector: String,
        /// The name of the metric.
        name: String,
    },
    /// A collector left out a metric and kept the others.
    #[error("`{name}` was not collected: {problem}")]
    LeftOut {
        /// The name of the metric.
        name: String,
        /// Why, as the collector states it.
        problem: String,
    },
    /// A sample that Prometheus would refuse or misread.
    #[error("{collector} reported `{series}`: {problem}")]
    Invalid {
        /// The collector.
        collector: String,
        /// The name with its labels.
        series: String,
        /// What is wrong with it, and how to fix it.
        problem: String,
    },
    /// A series twice in one scrape.
    #[error(
        "{collector} reported `{series}`, which was reported already: tell the two apart \
         by a label, or report it once"
    )]
    Duplicate {
        /// The collector that was registered later.
        collector: String,
        /// The name with its labels.
        series: String,
    },
    /// A metric that contradicts an earlier one: with the same name but another type or
    /// help text, or where one has a sample with the other's name.
    #[error("{collector} reported `{name}` {how}")]
    Contradiction {
        /// The collector that was registered later.
        collector: String,
        /// The name of the metric.
        name: String,
        /// The contradiction, and how to resolve it.
        how: String,
    },
    /// More errors than a scrape lists.
    #[error("and {0} more error(s)")]
    Further(usize),
}

debug_is_message!(GatherError);

impl GatherError {
    pub(crate) fn failed(collector: String, failure: Failure) -> GatherError {
        match failure {
            Failure::Undescribed { name } => {
                GatherError::Undescribed { collector, name }
            }
            Failure::Invalid { series, problem } => GatherError::Invalid {
                collector,
                series,
                problem,
            },
        }
    }

    pub(crate) fn panicked(collector: String, message: String) -> GatherError {
        GatherError::Panicked { collector, message }
    }
}

/// Returns what `work` returns, or the message of its panic. The panic's payload may
/// itself panic when it is dropped.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let work = AssertUnwindSafe(work);
    catch_unwind(work).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = shown_words(text.unwrap_or("no message"));
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        message
    })
}
