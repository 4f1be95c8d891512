//! The labels of a child: stated as values in order or by name, some of them already
//! set, and rendered as the key of the child.

use std::collections::HashMap;

use super::VectorError;
use crate::desc::Desc;
use crate::names::shown;

/// The values of labels that are set already, by the index of their label.
#[derive(Clone, Default)]
pub struct Curried(Vec<(usize, String)>);

impl Curried {
    /// Returns these values and those of `labels`.
    pub fn with<V: AsRef<str>>(
        &self,
        desc: &Desc,
        labels: &HashMap<&str, V>,
    ) -> Result<Curried, VectorError> {
        let mut curried = self.clone();
        for (at, name) in self.others(desc) {
            if let Some(value) = labels.get(name) {
                curried.0.push((at, value.as_ref().to_owned()));
            }
        }
        match curried.0.len() == self.0.len() + labels.len() {
            true => Ok(curried),
            false => Err(self.other_names(desc, labels)),
        }
    }

    /// Returns the set labels by name.
    pub fn labels<'a>(
        &'a self,
        desc: &'a Desc,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let names = desc.labels();
        self.0.iter().map(|(at, value)| (&*names[*at], &**value))
    }

    /// Renders the labels with `values` for those that aren't set.
    pub fn render<V: AsRef<str>>(
        &self,
        desc: &Desc,
        values: &[V],
    ) -> Result<String, VectorError> {
        if values.len() + self.0.len() != desc.labels().len() {
            return Err(VectorError::count(desc, self.names(desc), values.len()));
        }
        if self.0.is_empty() {
            return Ok(rendered(desc, |at| values[at].as_ref()));
        }
        let mut all = vec![""; desc.labels().len()];
        let others = self.others(desc).zip(values);
        others.for_each(|((at, _), value)| all[at] = value.as_ref());
        self.0.iter().for_each(|(at, value)| all[*at] = value);
        Ok(rendered(desc, |at| all[at]))
    }

    /// Returns the values of `labels` in the order of the labels that aren't set.
    pub fn values<'a, V: AsRef<str>>(
        &self,
        desc: &Desc,
        labels: &'a HashMap<&str, V>,
    ) -> Result<Vec<&'a str>, VectorError> {
        let others = self.others(desc);
        let values = others.map(|(_, name)| labels.get(name).map(AsRef::as_ref));
        let values: Option<Vec<&str>> = values.collect();
        values
            .filter(|values| values.len() == labels.len())
            .ok_or_else(|| self.other_names(desc, labels))
    }

    /// Returns the labels that aren't set, with their indices.
    fn others<'d>(&self, desc: &'d Desc) -> impl Iterator<Item = (usize, &'d str)> {
        let names = desc.labels().iter().map(String::as_str).enumerate();
        names.filter(|(at, _)| self.0.iter().all(|(set, _)| set != at))
    }

    fn names(&self, desc: &Desc) -> Vec<String> {
        self.others(desc).map(|(_, name)| name.to_owned()).collect()
    }

    fn other_names<V>(&self, desc: &Desc, labels: &HashMap<&str, V>) -> VectorError {
        let mut got: Vec<String> = labels.keys().map(ToString::to_string).collect();
        got.sort();
        VectorError::LabelNames {
            name: shown(desc.name()).into_owned(),
            labels: self.names(desc),
            got,
        }
    }
}

/// Renders the labels of `desc`, which is valid.
pub fn rendered<'v>(desc: &Desc, value: impl Fn(usize) -> &'v str) -> String {
    let mut text = String::with_capacity(64);
    if let Ok(template) = desc.template() {
        template.push(&mut text, value);
    }
    text
}
