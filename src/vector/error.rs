//! Why there is no such vector or child, as an error that a program can match on.

use crate::desc::{Desc, MetricKind};
use crate::exposition::float_text;
use crate::message::debug_is_message;
use crate::names::{listed, shown};

/// Why a metric couldn't be created, or a vector has no such child.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The name or a label is invalid.
    #[error("`{name}`: {reason}")]
    Desc {
        /// The name of the metric.
        name: String,
        /// What is wrong, and how to fix it.
        reason: String,
    },
    /// The descriptor is of another type.
    #[error("`{name}` is described as a {described}, not as a {wanted}")]
    Kind {
        /// The name of the metric.
        name: String,
        /// The type of the descriptor.
        described: MetricKind,
        /// The type of the metric.
        wanted: MetricKind,
    },
    /// The bounds of a histogram aren't finite numbers in ascending order.
    #[error("`{name}` has the bucket bounds {bounds}: sort finite numbers, each once")]
    Bounds {
        /// The name of the metric.
        name: String,
        /// The bounds as text.
        bounds: String,
    },
    /// The number of values differs from the number of labels.
    #[error(
        "`{name}` has the labels {}: expected {} label value(s), got {got}",
        listed(labels),
        labels.len()
    )]
    LabelCount {
        /// The name of the metric.
        name: String,
        /// Its variable labels.
        labels: Vec<String>,
        /// The number of values passed.
        got: usize,
    },
    /// A map of values lacks a label, or has another one.
    #[error(
        "`{name}` has the labels {}, and the map has {}",
        listed(labels),
        listed(got)
    )]
    LabelNames {
        /// The name of the metric.
        name: String,
        /// Its variable labels.
        labels: Vec<String>,
        /// The labels of the map, sorted.
        got: Vec<String>,
    },
    /// The vector has as many children as it may have.
    #[error(
        "`{name}` has {most} children, its limit, and creates no other: give its labels \
         fewer values, or raise the limit"
    )]
    Limit {
        /// The name of the metric.
        name: String,
        /// The limit.
        most: usize,
    },
    /// The labels of one child are longer than 1 MiB, or those of the children created
    /// since the last scrape than 4 GiB.
    #[error("`{name}`: label values of {length} bytes are too long")]
    TooLong {
        /// The name of the metric.
        name: String,
        /// The length of the labels, in bytes.
        length: usize,
    },
}

debug_is_message!(VectorError);

impl VectorError {
    /// Returns `desc` as a valid descriptor of `kind`.
    pub(super) fn check(desc: Desc, kind: MetricKind) -> Result<Desc, VectorError> {
        let name = shown(desc.name()).into_owned();
        if let Some(described) = desc.kind().filter(|described| *described != kind) {
            return Err(VectorError::Kind {
                name,
                described,
                wanted: kind,
            });
        }
        let desc = desc.with_kind(kind);
        match desc.template() {
            Err(reason) => Err(VectorError::Desc { name, reason }),
            Ok(_) => Ok(desc),
        }
    }

    pub(super) fn count(desc: &Desc, labels: Vec<String>, got: usize) -> VectorError {
        VectorError::LabelCount {
            name: shown(desc.name()).into_owned(),
            labels,
            got,
        }
    }

    pub(super) fn bounds(desc: &Desc, bounds: &[f64]) -> VectorError {
        let bounds: Vec<String> =
            bounds.iter().map(|bound| float_text(*bound)).collect();
        VectorError::Bounds {
            name: shown(desc.name()).into_owned(),
            bounds: shown(&format!("[{}]", bounds.join(", "))).into_owned(),
        }
    }
}
