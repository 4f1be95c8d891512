//! The prefix and labels that a registry adds to each metric registered through it.

use super::Failure;
use crate::desc::Desc;
use crate::desc::labels::Template;
use crate::exposition::Family;

/// A prefix for names, and labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrap {
    pub prefix: String,
    pub labels: Vec<(String, String)>,
}

impl Wrap {
    pub fn add_labels(&mut self, labels: &[(&str, &str)]) {
        let owned =
            |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        self.labels.extend(labels.iter().map(owned));
    }

    pub fn desc(&self, desc: &Desc) -> Desc {
        if self.prefix.is_empty() && self.labels.is_empty() {
            return desc.clone();
        }
        let desc = desc.clone().prefix(&self.prefix);
        let labels = self.labels.iter();
        labels.fold(desc, |desc, (name, value)| desc.const_label(name, value))
    }

    pub fn family(&self, family: Family) -> Result<Family, Failure> {
        let family = match self.prefix.as_str() {
            "" => family,
            prefix => {
                let name = format!("{prefix}{}", family.name());
                family.with_name(&name)
            }
        };
        if let Some(problem) = family.name_problem() {
            return Err(Failure::invalid(family.name(), problem));
        }
        if self.labels.is_empty() {
            return Ok(family);
        }
        self.labelled(&family)
            .map_err(|problem| Failure::invalid(family.name(), problem))
    }

    fn labelled(&self, family: &Family) -> Result<Family, String> {
        let mut labelled = family.without_samples();
        for sample in family.samples() {
            let labels = sample.labels();
            let own = labels.iter().map(|(name, _)| name.as_str());
            let added = self.labels.iter().map(|(name, value)| (&**name, &**value));
            let template = Template::checked(added, own, family.owner())?;
            let value = sample.value().clone();
            let point = labelled.push(&template, |at| &labels[at].1, value)?;
            point.extra = sample.extra().cloned().map(Box::new);
        }
        Ok(labelled)
    }
}
