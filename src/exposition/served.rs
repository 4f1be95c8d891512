//! The names under which families and labels are served to clients that read only
//! classic ones. Names that escaping would make equal stay apart.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::{Escaping, Family};
use crate::desc::MetricKind;
use crate::desc::labels::{plain_name, written};
use crate::names::{Names, is_label_name, is_metric_name};

/// Returns the name of each family. One that would clash with an earlier one is escaped
/// by `values`.
pub fn family_names(escaping: Escaping, families: &[Family]) -> Vec<Cow<'_, str>> {
    let own = families.iter().map(|family| Cow::Borrowed(family.name()));
    let mut names: Vec<Cow<'_, str>> = own.collect();
    if !families.iter().any(|family| is_escaped(escaping, family)) {
        return names;
    }
    let kept = families
        .iter()
        .filter(|family| !is_escaped(escaping, family));
    let kept = kept.flat_map(|family| claims(family.name(), family.kind()));
    let mut taken: HashSet<String> = kept.collect();
    for (name, family) in names.iter_mut().zip(families) {
        if is_escaped(escaping, family) {
            let served = family_name(escaping, family, &taken);
            taken.extend(claims(&served, family.kind()));
            *name = served.into();
        }
    }
    names
}

/// Returns the name of `family`, whose samples have none of the names in `taken`.
fn family_name(escaping: Escaping, family: &Family, taken: &HashSet<String>) -> String {
    let is_free = |name: &str| {
        let claimed = claims(name, family.kind());
        claimed.iter().all(|name| !taken.contains(name))
    };
    if family.kind() != MetricKind::StateSet {
        return first_free(escaping, family.name(), Escaping::escape, is_free);
    }
    // A state set's name is also a label's.
    let labels = rendered_labels(family);
    first_free(escaping, family.name(), Escaping::escape_label, |name| {
        is_free(name) && may_be_label(name, &labels)
    })
}

/// Returns what to write instead of each label name of `family` that isn't classic, by
/// the name as rendered. `served` is the name of the family.
pub fn label_names(
    escaping: Escaping,
    family: &Family,
    served: &str,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    if escaping == Escaping::AllowUtf8 || family.names == Names::Classic {
        return names;
    }
    let mut taken: HashSet<String> =
        ["le", "quantile", served].map(String::from).into();
    let (mut quoted, classic): (Vec<String>, Vec<String>) = rendered_labels(family)
        .into_iter()
        .partition(|name| name.starts_with('"'));
    taken.extend(classic);
    quoted.sort_unstable();
    for rendered in quoted {
        let name = plain_name(&rendered);
        let served = first_free(escaping, &name, Escaping::escape_label, |name| {
            may_be_label(name, &taken)
        });
        taken.insert(served.clone());
        names.insert(rendered, served);
    }
    names
}

/// Returns `name` escaped by `escaping` or, if that isn't free, by `values`, more than
/// once if need be: each time makes it longer.
fn first_free(
    escaping: Escaping,
    name: &str,
    escape: fn(Escaping, &str) -> String,
    is_free: impl Fn(&str) -> bool,
) -> String {
    let mut served = escape(escaping, name);
    let mut name = name.to_owned();
    while !is_free(&served) {
        name = escape(Escaping::Values, &name);
        served.clone_from(&name);
    }
    served
}

/// Returns whether a label that isn't among `others` may be called `name`. Prometheus
/// reserves names that begin with `__`; one of them is that of the metric.
fn may_be_label(name: &str, others: &HashSet<String>) -> bool {
    !name.starts_with("__") && !others.contains(name)
}

/// Returns whether `family` isn't served by its own name.
fn is_escaped(escaping: Escaping, family: &Family) -> bool {
    let is_classic = |name: &str| {
        // A state set's name is also a label's.
        is_metric_name(name)
            && (family.kind() != MetricKind::StateSet || is_label_name(name))
    };
    family.names == Names::Utf8
        && escaping != Escaping::AllowUtf8
        && !is_classic(family.name())
}

/// Returns the name of a family and those of its samples.
fn claims(name: &str, kind: MetricKind) -> Vec<String> {
    let suffixes = [""].iter().chain(kind.suffixes());
    suffixes.map(|suffix| format!("{name}{suffix}")).collect()
}

/// Returns the names of all labels of `family`, as rendered.
fn rendered_labels(family: &Family) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut add = |labels: &str| {
        for (name, _) in written(labels) {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
    };
    if let Some(rendered) = family.rendered() {
        for page in 0..rendered.pages() {
            rendered.read(page, false, &mut |run| {
                run.each(|labels, _, _| add(labels.text()));
            });
        }
    } else {
        let points = family.points();
        points
            .all
            .iter()
            .for_each(|point| add(points.labels_of(point)));
    }
    names
}
