//! Why a collector was not registered, in terms that a program can match on.

use std::fmt;

/// Why a collector was not registered.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// An equal collector is there: one with the same names and constant labels, or, of
    /// those that were registered past this library, one that shares some. Where the
    /// other one is wanted, see [`register_or_existing`](super::register_or_existing).
    #[error(
        "{names} is registered already: register it once and change its value through a \
         clone, or leave out one of the two collectors"
    )]
    AlreadyRegistered {
        /// The metrics that the collector describes.
        names: String,
    },
    /// A collector that is not equal has one of the descriptors.
    #[error(
        "`{name}` with the same constant labels is described by another registered \
         collector: leave it out of one of them, or tell them apart by a constant label"
    )]
    DuplicateDescriptor {
        /// Name of the metric.
        name: String,
    },
    /// A registered name with another help text or other label names; it may have been
    /// unregistered since.
    #[error(
        "`{name}` is described in two ways, {difference}: use the first description, or \
         another name (a registry holds a name to its first description for good)"
    )]
    Inconsistent {
        /// Name of the metric.
        name: String,
        /// What differs.
        difference: Difference,
    },
    /// A descriptor that makes no metric.
    #[error("the descriptor of `{name}` is invalid: {reason}")]
    Invalid {
        /// Name of the metric.
        name: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The SDK's registry refuses it, for a collector that was registered past this
    /// library.
    #[error("cannot register {names}: {reason}")]
    Refused {
        /// The metrics that the collector describes.
        names: String,
        /// The SDK's words.
        reason: String,
    },
}

/// In what two descriptions of one name differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
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

/// As the message itself, because that is what `main` prints of an error it returns.
impl fmt::Debug for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Help { first, now } => {
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
        write!(
            f,
            "the constant labels {constant:?} and the variable labels {variable:?}"
        )
    }
}

impl RegisterError {
    /// What the SDK answered for a collector of `names`.
    pub(crate) fn new(names: String, error: prometheus::Error) -> RegisterError {
        match error {
            prometheus::Error::AlreadyReg => RegisterError::AlreadyRegistered { names },
            prometheus::Error::Msg(reason) => RegisterError::Refused { names, reason },
            other => RegisterError::Refused {
                names,
                reason: other.to_string(),
            },
        }
    }
}
