//! Summaries of one name that differ in their label values.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::opts::Plan;
use super::{Summary, SummaryError, SummaryOpts};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::Desc;
use crate::names::shown;

/// Summaries of one name, one for each combination of label values. The methods are
/// named like those of the crate's vectors. Unlike these, it compares the values rather
/// than a hash, and so keeps `["ab", "c"]` and `["a", "bc"]` apart. A clone is the same
/// vector.
#[derive(Clone)]
pub struct SummaryVec {
    plan: Arc<Plan>,
    children: Arc<Mutex<BTreeMap<Vec<String>, Summary>>>,
}

impl SummaryVec {
    /// Creates a vector of summaries with the labels `label_names`.
    ///
    /// # Errors
    ///
    /// Returns an error if [`Summary::with_opts`] would, or if a label name is invalid.
    pub fn new(
        opts: SummaryOpts,
        label_names: &[&str],
    ) -> Result<SummaryVec, SummaryError> {
        Ok(SummaryVec {
            plan: Arc::new(opts.variable_labels(label_names).plan()?),
            children: Arc::default(),
        })
    }

    /// Returns the summary with these values, in the order of the label names; creates
    /// it if necessary.
    ///
    /// # Errors
    ///
    /// Returns an error if the number of values is wrong.
    pub fn get_metric_with_label_values(
        &self,
        values: &[&str],
    ) -> Result<Summary, SummaryError> {
        let labels = self.plan.desc.labels();
        if values.len() != labels.len() {
            return Err(SummaryError::LabelCount {
                name: shown(self.plan.desc.name()).into_owned(),
                labels: labels.to_vec(),
                got: values.len(),
            });
        }
        let key = owned(values);
        let new = || Summary::new(Arc::clone(&self.plan), key.clone());
        Ok(self
            .children()
            .entry(key.clone())
            .or_insert_with(new)
            .clone())
    }

    /// Returns the summary with these values, which the source code states; Go's
    /// `WithLabelValues`.
    ///
    /// # Panics
    ///
    /// Panics with the error's message if [`SummaryVec::get_metric_with_label_values`]
    /// returns an error.
    #[track_caller]
    pub fn with_label_values(&self, values: &[&str]) -> Summary {
        match self.get_metric_with_label_values(values) {
            Ok(summary) => summary,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the summary with these values by label name; creates it if necessary.
    ///
    /// # Errors
    ///
    /// Returns an error if the names aren't those of the labels.
    pub fn get_metric_with(
        &self,
        labels: &HashMap<&str, &str>,
    ) -> Result<Summary, SummaryError> {
        self.get_metric_with_label_values(&self.values(labels)?)
    }

    /// Returns the summary with these labels, which the source code states; Go's
    /// `With`.
    ///
    /// # Panics
    ///
    /// Panics with the error's message if [`SummaryVec::get_metric_with`] returns an
    /// error.
    #[track_caller]
    pub fn with(&self, labels: &HashMap<&str, &str>) -> Summary {
        match self.get_metric_with(labels) {
            Ok(summary) => summary,
            Err(error) => panic!("{error}"),
        }
    }

    /// Removes the summary with these values. Returns whether there was one.
    pub fn remove_label_values(&self, values: &[&str]) -> bool {
        self.children().remove(&owned(values)).is_some()
    }

    /// Removes the summary with these values by label name. Returns whether there was
    /// one.
    pub fn remove(&self, labels: &HashMap<&str, &str>) -> bool {
        self.values(labels)
            .is_ok_and(|values| self.remove_label_values(&values))
    }

    /// Removes all summaries.
    pub fn reset(&self) {
        self.children().clear();
    }

    /// Returns the values of `labels` in the order of the label names.
    fn values<'a>(
        &self,
        labels: &HashMap<&str, &'a str>,
    ) -> Result<Vec<&'a str>, SummaryError> {
        let names = self.plan.desc.labels();
        let values = names.iter().map(|name| labels.get(&**name).copied());
        let values: Option<Vec<&str>> = values.collect();
        values
            .filter(|values| values.len() == labels.len())
            .ok_or_else(|| {
                let mut got: Vec<String> =
                    labels.keys().map(ToString::to_string).collect();
                got.sort();
                SummaryError::LabelNames {
                    name: shown(self.plan.desc.name()).into_owned(),
                    labels: names.to_vec(),
                    got,
                }
            })
    }

    fn children(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Summary>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

impl Collector for SummaryVec {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.plan.desc]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let children: Vec<Summary> = self.children().values().cloned().collect();
        for child in &children {
            child.report(samples);
        }
        Ok(())
    }
}
