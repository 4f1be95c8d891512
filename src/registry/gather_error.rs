//! Why a scrape is incomplete, in terms that a program can match on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::collect::Failure;
use crate::message::debug_is_message;
use crate::names::shown_words;

/// Why a scrape is incomplete. All samples of the collector that it names are missing, or
/// the metric that was left out; the rest is there.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// A collector panicked.
    #[error("{collector} panicked: {message} (the program's log says where)")]
    Panicked {
        /// Which collector: the metrics that it describes.
        collector: String,
        /// The words of the panic.
        message: String,
    },
    /// A collector returned an error.
    #[error("{collector} failed: {message}")]
    Failed {
        /// Which collector.
        collector: String,
        /// The words of its error.
        message: String,
    },
    /// A collector reported a metric that it doesn't describe. Those of the `prometheus`
    /// crate may, as long as it fits all others.
    #[error(
        "{collector} reported `{name}`, which it doesn't describe: return its descriptor \
         from `describe`, unchanged"
    )]
    Undescribed {
        /// Which collector.
        collector: String,
        /// Name of the metric.
        name: String,
    },
    /// A collector left out a metric, and kept its others.
    #[error("`{name}` was not collected: {problem}")]
    LeftOut {
        /// Name of the metric.
        name: String,
        /// Why, in the collector's words.
        problem: String,
    },
    /// A sample that Prometheus would refuse or misread.
    #[error("{collector} reported `{series}`: {problem}")]
    Invalid {
        /// Which collector.
        collector: String,
        /// The name with its labels.
        series: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// One series twice in one scrape.
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
    /// A metric that doesn't fit one before it: it has the same name and another type or
    /// help text, or one of them has a sample of the other's name.
    #[error("{collector} reported `{name}` {how}")]
    Contradiction {
        /// The collector that was registered later.
        collector: String,
        /// Name of the metric.
        name: String,
        /// What contradicts what, and what to do.
        how: String,
    },
    /// More than a scrape lists.
    #[error("and {0} error(s) more")]
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

/// What `work` returns, or the words of its panic, whose payload may panic again as it is
/// dropped.
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
