//! Why a collector's samples are dropped, in words.

use crate::desc::{Desc, MetricKind};
use crate::names::shown;

/// Why a collector's samples are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Undescribed { name: String },
    Invalid { series: String, problem: String },
}

impl Failure {
    pub fn invalid(name: &str, problem: String) -> Failure {
        let series = shown(name).into_owned();
        Failure::Invalid { series, problem }
    }
}

/// Returns why samples of `desc` can't be added as they were.
pub(super) fn wrong_kind(desc: &Desc) -> String {
    match desc.kind() {
        Some(MetricKind::Histogram) => "it is a histogram: use `Samples::histogram`",
        Some(MetricKind::Summary) => "it is a summary: use `Samples::summary`",
        Some(MetricKind::Info) => "it is an info metric: use `Samples::info`",
        Some(MetricKind::StateSet) => "it is a state set: use `Samples::states`",
        Some(_) => "it is described as a single number: use `Samples::set`",
        None => "a descriptor of the crate has no type: create one with `Desc::gauge`",
    }
    .to_owned()
}

/// Returns why samples of `desc` can't have `got` label values.
pub(super) fn wrong_count(desc: &Desc, got: usize) -> String {
    let names = desc.labels().join(", ");
    format!(
        "it has the labels [{}]: expected {} label value(s), got {got}",
        shown(&names),
        desc.labels().len()
    )
}

/// Returns why a sample can't have this timestamp.
pub(crate) fn negative_time(milliseconds: i64) -> String {
    format!(
        "its timestamp {milliseconds} is negative, and Prometheus would refuse the whole \
         exposition: set Unix milliseconds, or none"
    )
}
