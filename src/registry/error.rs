//! Why a collector was not registered, in terms that a program can match on.

use std::any::Any;
use std::fmt;

use super::AnyCollector;
use crate::desc::MetricKind;
use crate::message::debug_is_message;
use crate::names::shown;

/// Why a collector was not registered.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// An equal collector is registered: one that describes the same names with the same
    /// constant labels.
    #[error(
        "{names} is registered already: register it once and change its value through a \
         clone, or leave out one of the two collectors"
    )]
    AlreadyRegistered {
        /// The metrics that the collector describes.
        names: String,
        /// The one that is registered; see [`RegisterError::existing`].
        existing: Box<AnyCollector>,
    },
    /// A collector that is not equal has one of the descriptors.
    #[error(
        "`{}` with the same constant labels is described by another registered collector: \
         register one of the two, or tell them apart by a constant label",
        shown(name)
    )]
    DuplicateDescriptor {
        /// Name of the metric.
        name: String,
    },
    /// A registered name with another type, help text or other label names; it may have
    /// been unregistered since.
    #[error(
        "`{}` is described in two ways, {difference}: use the first description, or \
         another name (a registry holds a name to its first description for good)",
        shown(name)
    )]
    Inconsistent {
        /// Name of the metric.
        name: String,
        /// What differs.
        difference: Box<Difference>,
    },
    /// A descriptor that makes no metric.
    #[error("the descriptor of `{}` is invalid: {reason}", shown(name))]
    Invalid {
        /// Name of the metric.
        name: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

impl RegisterError {
    /// The collector that is registered already, if it is of type `C`, or an
    /// [`AnyCollector`] in any case; Go's
    /// `AlreadyRegisteredError.ExistingCollector`.
    #[must_use]
    pub fn existing<C: 'static>(&self) -> Option<&C> {
        match self {
            RegisterError::AlreadyRegistered { existing, .. } => {
                let any: &dyn Any = &**existing;
                any.downcast_ref().or_else(|| existing.downcast_ref())
            }
            _ => None,
        }
    }
}

/// In what two descriptions of one name differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The type.
    Kind {
        /// Of the first that was registered.
        first: MetricKind,
        /// Of the one that was refused.
        now: MetricKind,
    },
    /// The help text.
    Help {
        /// Of the first that was registered.
        first: String,
        /// Of the one that was refused.
        now: String,
    },
    /// The label names.
    Labels {
        /// Of the first that was registered.
        first: LabelNames,
        /// Of the one that was refused.
        now: LabelNames,
    },
}

/// The names of a metric's labels, each kind sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNames {
    /// Those with one value for the life of the collector.
    pub constant: Vec<String>,
    /// Those with a value for each series.
    pub variable: Vec<String>,
}

debug_is_message!(RegisterError);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Kind { first, now } => {
                write!(f, "first as a {first} and now as a {now}")
            }
            Difference::Help { first, now } => {
                let (first, now) = (shown(first), shown(now));
                write!(f, "first by the help {first:?} and now by the help {now:?}")
            }
            Difference::Labels { first, now } => {
                write!(f, "first with {first} and now with {now}")
            }
        }
    }
}

impl fmt::Display for LabelNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LabelNames { constant, variable } = self;
        let (constant, variable) = (format!("{constant:?}"), format!("{variable:?}"));
        let (constant, variable) = (shown(&constant), shown(&variable));
        write!(
            f,
            "the constant labels {constant} and the variable labels {variable}"
        )
    }
}
