//! What precedes the samples of a family, and how these are named.

use std::collections::BTreeMap;

use super::open_metrics::{FamilyNames, unit};
use super::served::{family_names, label_names};
use super::write::comment;
use super::{Family, Format};
use crate::desc::labels::push_name;
use crate::names::{Names, is_metric_name};

/// How one family is written.
pub struct Head {
    /// The index of the family.
    pub family: usize,
    /// The name in comments.
    name: String,
    kind: &'static str,
    unit: Option<&'static str>,
    pub samples: SampleNames,
}

/// How the samples of a family are named.
pub struct SampleNames {
    /// The name without suffixes, unless it is the family's own.
    pub escaped: Option<String>,
    /// Whether the name isn't classic.
    pub is_quoted: bool,
    /// Other names for labels, by the name as rendered.
    pub labels: BTreeMap<String, String>,
    /// The name of the samples that say when others were created, without `_created`.
    pub created: Option<String>,
    pub have_exemplars: bool,
}

/// Returns the heads of the `families` whose name is `wanted`. A head doesn't depend on
/// which others are wanted.
pub fn heads(
    format: Format,
    families: &[Family],
    wanted: impl Fn(&str) -> bool,
) -> Vec<Head> {
    let served = family_names(format.escaping, families);
    let all = format
        .is_open_metrics
        .then(|| FamilyNames::of(families, &served));
    let numbered = families.iter().zip(&served).enumerate();
    let wanted = numbered.filter(|(_, (family, _))| wanted(family.name()));
    let heads = wanted.map(|(at, (family, served))| Head {
        family: at,
        ..match &all {
            Some(all) => Head::in_open_metrics(format, family, served, all),
            None => {
                let kind = family.kind().name_in_text();
                Head::new(format, family, served, (served, kind))
            }
        }
    });
    heads.collect()
}

impl Head {
    fn new(
        format: Format,
        family: &Family,
        served: &str,
        (name, kind): (&str, &'static str),
    ) -> Head {
        let is_classic =
            |name: &str| family.names == Names::Classic || is_metric_name(name);
        let mut written = String::with_capacity(name.len());
        push_name(&mut written, name, is_classic(name));
        let samples = SampleNames {
            escaped: (served != family.name()).then(|| served.to_owned()),
            is_quoted: !is_classic(served),
            labels: label_names(format.escaping, family, served),
            created: None,
            have_exemplars: false,
        };
        Head {
            family: 0,
            name: written,
            kind,
            unit: None,
            samples,
        }
    }

    fn in_open_metrics(
        format: Format,
        family: &Family,
        served: &str,
        all: &FamilyNames<'_>,
    ) -> Head {
        let (name, kind) = all.in_open_metrics(served, family.kind());
        let mut head = Head::new(format, family, served, (name, kind));
        // OpenMetrics permits no unit for these two.
        let has_unit = !["info", "stateset"].contains(&kind);
        head.unit = has_unit.then(|| unit(name)).flatten();
        let has = |kinds: &[&str]| kinds.contains(&kind);
        head.samples.have_exemplars = has(&["counter", "histogram"]);
        let has_created = format.has_created
            && has(&["counter", "histogram", "summary"])
            && all.may_have_created(name);
        head.samples.created = has_created.then(|| name.to_owned());
        head
    }

    /// Appends the comments of the family.
    pub fn comments(&self, format: Format, family: &Family, out: &mut Vec<u8>) {
        let quotes = format.is_open_metrics;
        comment(out, "HELP", &self.name, family.help(), quotes);
        comment(out, "TYPE", &self.name, self.kind, false);
        comment(
            out,
            "UNIT",
            &self.name,
            self.unit.unwrap_or_default(),
            false,
        );
    }
}
