//! Why a collector wasn't registered, as an error that a program can match on.

use std::any::Any;
use std::fmt;

use super::AnyCollector;
use crate::desc::MetricKind;
use crate::message::debug_is_message;
use crate::names::shown;

/// Why a collector wasn't registered.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// An equal collector is registered: it describes the same names with the same
    /// constant labels.
    #[error(
        "{names} is registered already: register it once and change its value through a \
         clone, or leave out one of the two collectors"
    )]
    AlreadyRegistered {
        /// The metrics that the collector describes.
        names: String,
        /// The registered collector; see [`RegisterError::existing`].
        existing: Box<AnyCollector>,
    },
    /// Another collector, which isn't equal, has one of the descriptors.
    #[error(
        "`{}` with the same constant labels is described by another registered collector: \
         register one of the two, or tell them apart by a constant label",
        shown(name)
    )]
    DuplicateDescriptor {
        /// The name of the metric.
        name: String,
    },
    /// A name is registered with another type, help text or other label names. The
    /// collector that described it may have been unregistered since.
    #[error(
        "`{}` is described in two ways, {difference}: use the first description, or \
         another name (a registry holds a name to its first description for good)",
        shown(name)
    )]
    Inconsistent {
        /// The name of the metric.
        name: String,
        /// What differs.
        difference: Box<Difference>,
    },
    /// A descriptor is invalid.
    #[error("the descriptor of `{}` is invalid: {reason}", shown(name))]
    Invalid {
        /// The name of the metric.
        name: String,
        /// What is wrong with it, and how to fix it.
        reason: String,
    },
}

impl RegisterError {
    /// Returns the registered collector if it is of type `C`; `C` may also be
    /// [`AnyCollector`]. Go's `AlreadyRegisteredError.ExistingCollector`.
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

/// How two descriptions of one name differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In the type.
    Kind {
        /// The type that was registered first.
        first: MetricKind,
        /// The type that was refused.
        now: MetricKind,
    },
    /// In the help text.
    Help {
        /// The help text that was registered first.
        first: String,
        /// The help text that was refused.
        now: String,
    },
    /// In the label names.
    Labels {
        /// The label names that were registered first.
        first: LabelNames,
        /// The label names that were refused.
        now: LabelNames,
    },
}

/// The names of a metric's labels, constant and variable ones, each sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNames {
    /// Labels with one value for the life of the collector.
    pub constant: Vec<String>,
    /// Labels with a value for each series.
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
                write!(
                    f,
                    "first with the help {first:?} and now with the help {now:?}"
                )
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
