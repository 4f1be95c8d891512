//! What a name is described as, and whether it may be.

use prometheus::core::Desc;

use super::{Difference, LabelNames, RegisterError};
use crate::names::{label_names_problem, metric_name_problem};

/// What all metrics of one name have in common.
pub struct Description {
    help: String,
    labels: LabelNames,
}

impl Description {
    /// The description that `desc` gives, if it is valid.
    ///
    /// The SDK asks for most of it where a [`Desc`] is made, but its fields are public.
    pub fn of(desc: &Desc) -> Result<Description, RegisterError> {
        let invalid = |reason| RegisterError::Invalid {
            name: desc.fq_name.clone(),
            reason,
        };
        if let Some(problem) = metric_name_problem(&desc.fq_name) {
            return Err(invalid(problem));
        }
        let constant = desc.const_label_pairs.iter().map(|pair| pair.name());
        let variable = desc.variable_labels.iter().map(String::as_str);
        let names = constant.clone().chain(variable.clone()).collect();
        let hint = ", constant and variable ones together, keep one";
        if let Some(problem) = label_names_problem(names, hint) {
            return Err(invalid(problem));
        }
        Ok(Description {
            help: desc.help.clone(),
            labels: LabelNames {
                constant: sorted(constant),
                variable: sorted(variable),
            },
        })
    }

    /// In what `now` differs from this one, the first of its name.
    pub fn difference(&self, now: &Description) -> Option<Difference> {
        if self.help != now.help {
            return Some(Difference::Help {
                first: self.help.clone(),
                now: now.help.clone(),
            });
        }
        (self.labels != now.labels).then(|| Difference::Labels {
            first: self.labels.clone(),
            now: now.labels.clone(),
        })
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}
