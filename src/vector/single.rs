//! Metrics without variable labels, which are registered by themselves.

use std::sync::LazyLock;

use super::VectorError;
use crate::desc::{Desc, MetricKind};

/// Returns the descriptor of a metric of `kind` that is its only series.
pub fn only(desc: Desc, kind: MetricKind) -> Result<Desc, VectorError> {
    let desc = VectorError::check(desc, kind)?;
    match desc.labels() {
        [] => Ok(desc),
        labels => Err(VectorError::count(&desc, labels.to_vec(), 0)),
    }
}

/// Returns the descriptor of a metric, or one that can't be registered if it is the
/// child of a vector, which is served with its vector.
pub fn described(desc: &Option<Desc>) -> &Desc {
    static CHILD: LazyLock<Desc> = LazyLock::new(|| {
        Desc::invalid(
            "it is the child of a vector, which serves it: register the vector instead",
        )
    });
    desc.as_ref().unwrap_or(&CHILD)
}
