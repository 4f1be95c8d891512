//! The prefix and labels that a registry adds to each metric registered through it.

use std::sync::Arc;

use super::Failure;
use crate::desc::labels::Template;
use crate::desc::{Desc, labels};
use crate::exposition::{Family, Labels, Rendered, Run, Visit};

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
        if let Some(rendered) = family.rendered().filter(|_| family.count() > 0) {
            let mut first = None;
            rendered.read(0, false, &mut |run| {
                run.each(|labels, _, _| {
                    first.get_or_insert_with(|| labels::parse(labels.text()));
                });
            });
            let template = self.template(family, &first.unwrap_or_default())?;
            let inner = Arc::clone(rendered);
            return Ok(family.with_rendered(Arc::new(Labelled { inner, template })));
        }
        let mut labelled = family.without_samples();
        for sample in family.samples() {
            let labels = sample.labels();
            let template = self.template(family, &labels)?;
            let value = sample.value().clone();
            let point = labelled.push(&template, |at| &labels[at].1, value)?;
            point.extra = sample.extra().cloned().map(Box::new);
        }
        Ok(labelled)
    }

    /// Returns these labels with those of a sample, whose values are variable.
    fn template(
        &self,
        family: &Family,
        labels: &[(String, String)],
    ) -> Result<Template, String> {
        let own = labels.iter().map(|(name, _)| name.as_str());
        let added = self.labels.iter().map(|(name, value)| (&**name, &**value));
        Template::checked(added, own, family.owner())
    }
}

/// The samples of a vector with further labels, added while they are written.
struct Labelled {
    inner: Arc<dyn Rendered>,
    template: Template,
}

impl Rendered for Labelled {
    fn count(&self) -> usize {
        self.inner.count()
    }

    fn pages(&self) -> usize {
        self.inner.pages()
    }

    fn read(&self, page: usize, extras: bool, visit: &mut Visit<'_>) {
        let mut text = String::new();
        self.inner.read(page, extras, &mut |run| {
            run.each(|labels, value, extra| {
                let own = labels::parse(labels.text());
                text.clear();
                self.template.push(&mut text, |at| &own[at].1);
                let labels = Labels::new(&text, 0, text.len());
                visit(Run::One(labels, value, extra));
            });
        });
    }
}
