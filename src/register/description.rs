//! What a name is described as, and whether it may be.

use prometheus::core::Desc;

use super::{Difference, LabelNames, RegisterError};

/// What all metrics of one name have in common.
pub struct Description {
    help: String,
    labels: LabelNames,
}

impl Description {
    /// The description that `desc` gives, if it is valid.
    ///
    /// The rules are those of Go's `checkLabelName` and of Prometheus's data model. The
    /// SDK asks for most of them where a [`Desc`] is made, but its fields are public.
    pub fn of(desc: &Desc) -> Result<Description, RegisterError> {
        let invalid = |reason| RegisterError::Invalid {
            name: desc.fq_name.clone(),
            reason,
        };
        valid_metric_name(&desc.fq_name).map_err(invalid)?;
        let constant = desc.const_label_pairs.iter().map(|pair| pair.name());
        let variable = desc.variable_labels.iter().map(String::as_str);
        let labels = LabelNames {
            constant: sorted(constant),
            variable: sorted(variable),
        };
        valid_labels(&labels).map_err(invalid)?;
        Ok(Description {
            help: desc.help.clone(),
            labels,
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

fn valid_metric_name(name: &str) -> Result<(), String> {
    if is_name(name, |c| c == '_' || c == ':') {
        return Ok(());
    }
    Err(format!(
        "`{name}` is not a metric name, which has letters, digits, `_` and `:`, and no \
         digit first"
    ))
}

fn valid_labels(labels: &LabelNames) -> Result<(), String> {
    let names = [labels.constant.as_slice(), &labels.variable].concat();
    let names = sorted(names.iter().map(String::as_str));
    for name in &names {
        if !is_name(name, |c| c == '_') {
            return Err(format!(
                "`{name}` is not a label name, which has letters, digits and `_`, and no \
                 digit first"
            ));
        }
        if name.starts_with("__") {
            return Err(format!(
                "label names that begin with `__` are Prometheus's own, rename `{name}`"
            ));
        }
    }
    match names.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => Err(format!(
            "it has the label `{}` twice, constant and variable ones together, keep one",
            two[0]
        )),
        None => Ok(()),
    }
}

fn is_name(name: &str, other: impl Fn(char) -> bool) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || other(c);
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(allowed)
}
