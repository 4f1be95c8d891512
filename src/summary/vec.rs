//! Summaries of one name that differ in their label values.

use std::sync::{Arc, Mutex};

use super::opts::Plan;
use super::{Child, Summary, SummaryError, SummaryOpts};
use crate::desc::MetricKind;
use crate::exposition::{LabelsInOrder, Run, Visit};
use crate::vector::{Metric, MetricVec, OfVector};

impl Metric for Summary {}

impl OfVector for Summary {
    type State = Child;
    type Plan = Arc<Plan>;

    const KIND: MetricKind = MetricKind::Summary;
    // The sketches are merged, and the options' clock is asked.
    const IS_READ_LATE: bool = false;

    fn state(plan: &Arc<Plan>) -> Arc<Child> {
        Arc::new(Child {
            plan: Arc::clone(plan),
            state: Mutex::default(),
        })
    }

    fn handle(child: Arc<Child>) -> Summary {
        Summary { child, desc: None }
    }

    fn read(
        children: &[Arc<Child>],
        labels: LabelsInOrder<'_>,
        _: bool,
        visit: &mut Visit<'_>,
    ) {
        for (labels, child) in labels.zip(children) {
            visit(Run::One(labels, &child.read(), None));
        }
    }
}

/// A vector of [`Summary`]s.
pub type SummaryVec = MetricVec<Summary>;

impl MetricVec<Summary> {
    /// Creates a vector of summaries with the labels `label_names`.
    ///
    /// # Errors
    ///
    /// Returns an error if [`Summary::with_opts`] would, or if a label name is invalid.
    pub fn new(opts: SummaryOpts, label_names: &[&str]) -> Result<Self, SummaryError> {
        let (desc, plan) = opts.plan(label_names)?;
        Ok(MetricVec::of_valid(desc, Arc::new(plan)))
    }
}
