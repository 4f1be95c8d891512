//! From families as collectors hand them over to families that fit together; Go's
//! `processMetric`, `checkMetricConsistency` and `checkSuffixCollisions`.

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::GatherError;
use super::error::Series;
use super::metric::problem;
use super::sort::sort_and_dedup;
use crate::names::{metric_name_problem, type_name};

/// `families` merged by name and sorted, without what does not fit.
pub fn check(mut families: Vec<MetricFamily>) -> (Vec<MetricFamily>, Vec<GatherError>) {
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    families.retain(|family| !family.get_metric().is_empty());
    // Stable, so that what was collected first is what is kept.
    families.sort_by(|a, b| a.name().cmp(b.name()));
    let mut families = families.into_iter().peekable();
    while let Some(mut family) = families.next() {
        while let Some(next) = families.next_if(|next| next.name() == family.name()) {
            errors.extend(merge(&mut family, next).err());
        }
        if let Some(error) = misnamed(&family, &good) {
            errors.push(error);
            continue;
        }
        check_metrics(&mut family, &mut errors);
        if !family.get_metric().is_empty() {
            good.push(family);
        }
    }
    (good, errors)
}

/// Moves the metrics of `other` to `family`, which has the same name.
fn merge(
    family: &mut MetricFamily,
    mut other: MetricFamily,
) -> Result<(), GatherError> {
    let name = || family.name().to_owned();
    if family.get_field_type() != other.get_field_type() {
        return Err(GatherError::InconsistentType {
            name: name(),
            first: type_name(family.get_field_type()),
            other: type_name(other.get_field_type()),
        });
    }
    if family.help() != other.help() {
        return Err(GatherError::InconsistentHelp {
            name: name(),
            first: family.help().to_owned(),
            other: other.help().to_owned(),
        });
    }
    family.mut_metric().append(&mut other.take_metric());
    Ok(())
}

/// What is wrong with the name of `family` beside those `before` it.
fn misnamed(family: &MetricFamily, before: &[MetricFamily]) -> Option<GatherError> {
    if let Some(problem) = metric_name_problem(family.name()) {
        return Some(GatherError::InvalidName { problem });
    }
    ["_bucket", "_count", "_sum"].iter().find_map(|suffix| {
        let base = family.name().strip_suffix(suffix)?;
        let at = before
            .binary_search_by(|other| other.name().cmp(base))
            .ok()?;
        let kind = before[at].get_field_type();
        let has_it = kind == MetricType::HISTOGRAM
            || (kind == MetricType::SUMMARY && *suffix != "_bucket");
        has_it.then(|| GatherError::Collision {
            name: family.name().to_owned(),
            with: base.to_owned(),
            kind: type_name(kind),
        })
    })
}

/// Sorts labels and metrics, and drops the metrics that are bad or there already.
fn check_metrics(family: &mut MetricFamily, errors: &mut Vec<GatherError>) {
    let name = family.name().to_owned();
    let field_type = family.get_field_type();
    let metrics = family.mut_metric();
    let mut dropped = Dropped {
        name: &name,
        count: 0,
        errors,
    };
    let mut good_names = Vec::new();
    metrics.retain_mut(|metric| {
        sort_by_name(metric.mut_label());
        let problem = problem(metric, field_type, &mut good_names);
        problem
            .map(|problem| dropped.note_invalid(metric, problem))
            .is_none()
    });
    sort_and_dedup(metrics, |metric| {
        dropped.note(metric, |series| GatherError::Duplicate { series });
    });
    dropped.sum_up();
}

/// The metrics of one family that are left out.
struct Dropped<'a> {
    name: &'a str,
    count: usize,
    errors: &'a mut Vec<GatherError>,
}

impl Dropped<'_> {
    /// How many metrics of one family are named when all of them are bad.
    const NAMED: usize = 10;

    fn note_invalid(&mut self, metric: &Metric, problem: String) {
        self.note(metric, |series| GatherError::InvalidMetric {
            series,
            problem,
        });
    }

    fn note(&mut self, metric: &Metric, error: impl FnOnce(String) -> GatherError) {
        self.count += 1;
        if self.count <= Self::NAMED {
            let series = Series(self.name, metric.get_label());
            self.errors.push(error(series.to_string()));
        }
    }

    fn sum_up(self) {
        if self.count > Self::NAMED {
            self.errors.push(GatherError::More {
                name: self.name.to_owned(),
                dropped: self.count - Self::NAMED,
            });
        }
    }
}

/// Common labels of a registry, for one, come after those of the metric.
fn sort_by_name(labels: &mut [LabelPair]) {
    if !labels.is_sorted_by(|a, b| a.name() <= b.name()) {
        labels.sort_by(|a, b| a.name().cmp(b.name()));
    }
}
