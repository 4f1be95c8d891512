//! What a vector needs to know of the type of its children.

use std::sync::Arc;

use crate::desc::MetricKind;
use crate::exposition::{LabelsInOrder, Visit};

/// A type of metric that a vector can have: [`GenericGauge`](super::GenericGauge),
/// [`GenericCounter`](super::GenericCounter), [`Histogram`](super::Histogram) or
/// [`Summary`](crate::summary::Summary).
#[expect(private_bounds, reason = "no other type can be one")]
pub trait Metric: OfVector {}

/// What a vector needs to know of it.
pub(crate) trait OfVector: Clone + Send + Sync + 'static {
    /// What the handles of one child share.
    type State: Send + Sync;
    /// What all children share.
    type Plan: Send + Sync;

    const KIND: MetricKind;

    /// Whether a scrape reads the values while it writes them, and maybe twice. If that
    /// is costly or may panic, it reads them once, when it collects.
    const IS_READ_LATE: bool = true;

    fn state(plan: &Self::Plan) -> Arc<Self::State>;

    fn handle(state: Arc<Self::State>) -> Self;

    /// Returns in how many parts a page of such children is written: each is in memory
    /// at once.
    fn parts(_: &Self::State) -> usize {
        1
    }

    /// Passes the values of children with these labels and, if `extras`, what each has
    /// besides.
    fn read(
        children: &[Arc<Self::State>],
        labels: LabelsInOrder<'_>,
        extras: bool,
        visit: &mut Visit<'_>,
    );
}
