//! Collectors that report whatever the fuzzer chooses.

use std::collections::BTreeMap;
use std::panic::resume_unwind;

use exporter_workbook::collect::{Added, CollectError, Collector, Samples};
use exporter_workbook::desc::{Desc, MetricKind};
use exporter_workbook::exposition;
use exporter_workbook::registry::Gathered;
use prometheus::core as theirs;
use prometheus::proto::MetricFamily;

use crate::families::{Family, lines_of};
use crate::parts::Name;
use crate::reader::Line;
use crate::scripts::{BAD_END, Call, Description, Place, Script};
use crate::served::{Reported, lines, of_sample};

/// A collector that follows a script.
pub struct Scripted {
    script: Script,
    descs: Vec<Desc>,
    appended: Vec<Vec<exposition::Family>>,
}

impl Scripted {
    pub fn new(script: Script) -> Scripted {
        let descs = script.descriptions.iter().map(Description::desc).collect();
        let append = |call: &Call| match call {
            Call::Append(family, name, help) => {
                let gathered = Gathered::from(vec![family.to_proto()]);
                let families = gathered.into_families().into_iter();
                let renamed = families.map(|mut family| {
                    if let Some(name) = name {
                        family = family.with_name(&name.text());
                    }
                    match help {
                        Some(help) => family.with_help(&help.help()),
                        None => family,
                    }
                });
                renamed.collect()
            }
            _ => Vec::new(),
        };
        let appended = script.calls.iter().map(append).collect();
        Scripted {
            script,
            descs,
            appended,
        }
    }

    fn desc(&self, number: u8) -> Option<(usize, &Desc)> {
        let at = usize::from(number).checked_rem(self.descs.len())?;
        Some((at, &self.descs[at]))
    }

    fn described(&self) -> &[Desc] {
        &self.descs[..self.script.described]
    }

    /// Returns how many metrics it reports as left out.
    pub fn left_out(&self) -> usize {
        let is_left_out = |call: &&Call| match call {
            Call::LeftOut(desc, _) => self.desc(*desc).is_some(),
            _ => false,
        };
        self.script.calls.iter().filter(is_left_out).count()
    }

    /// Returns what it reports, with `prefix` and the `added` labels.
    pub fn reported(&self, prefix: &str, added: &[(String, String)]) -> Reported {
        let mut all = Vec::new();
        if self.script.end.0 >= BAD_END {
            return Reported { lines: None };
        }
        for (call, families) in self.script.calls.iter().zip(&self.appended) {
            let lines = match call {
                Call::Append(..) => Some(appended(families, prefix, added)),
                Call::LeftOut(..) => None,
                Call::Set(place, _)
                | Call::Fitting(place, _)
                | Call::Histogram(place, _)
                | Call::Summary(place, _) => self
                    .desc(place.desc)
                    .map(|(_, desc)| self.lines(call, place, desc, prefix, added)),
            };
            match lines {
                Some(Some(lines)) => all.extend(lines),
                Some(None) => return Reported { lines: None },
                None => {}
            }
        }
        Reported { lines: Some(all) }
    }

    /// Returns the lines of one sample, or `None` if it is a mistake.
    fn lines(
        &self,
        call: &Call,
        place: &Place,
        desc: &Desc,
        prefix: &str,
        added: &[(String, String)],
    ) -> Option<Vec<Line>> {
        let values = place.label_values(desc);
        let value = call.value(desc.kind()?)?;
        let is_described =
            self.described().contains(desc) || self.described().is_empty();
        if !is_described
            || values.len() != desc.labels().len()
            || place.time.get().is_some_and(|time| time < 0)
        {
            return None;
        }
        let own = desc.labels().iter().cloned().zip(values);
        let all = desc.const_labels().iter().chain(added).cloned().chain(own);
        let all: Vec<(String, String)> = all.collect();
        let unique: BTreeMap<String, String> = all.iter().cloned().collect();
        let name = format!("{prefix}{}", desc.name());
        (unique.len() == all.len())
            .then(|| lines(&name, &unique, &value, place.time.get()))
    }
}

fn appended(
    families: &[exposition::Family],
    prefix: &str,
    added: &[(String, String)],
) -> Option<Vec<Line>> {
    let mut all = Vec::new();
    for family in families {
        let name = format!("{prefix}{}", family.name());
        for sample in family.samples() {
            for mut line in of_sample(&name, family.kind(), &sample) {
                let labels = line.labels.len();
                line.labels.extend(added.iter().cloned());
                if line.labels.len() < labels + added.len() {
                    return None;
                }
                all.push(line);
            }
        }
    }
    Some(all)
}

impl Collector for Scripted {
    fn describe(&self) -> Vec<&Desc> {
        self.described().iter().collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        for (call, families) in self.script.calls.iter().zip(&self.appended) {
            match call {
                Call::Append(..) => {
                    for family in families {
                        samples.append(family.clone());
                    }
                }
                Call::LeftOut(desc, problem) => {
                    if let Some((_, desc)) = self.desc(*desc) {
                        samples.left_out(desc, &problem.text());
                    }
                }
                Call::Set(place, _)
                | Call::Fitting(place, _)
                | Call::Histogram(place, _)
                | Call::Summary(place, _) => self.push(call, place, samples),
            }
        }
        let (end, text) = &self.script.end;
        match *end {
            ..BAD_END => Ok(()),
            BAD_END => Err(text.text().into()),
            // Without the panic hook, from which a fuzzer learns of a failure.
            _ => resume_unwind(Box::new(text.text())),
        }
    }
}

impl Scripted {
    fn push(&self, call: &Call, place: &Place, samples: &mut Samples<'_>) {
        let Some((at, same)) = self.desc(place.desc) else {
            return;
        };
        let copy = place.is_copy.then(|| self.script.descriptions[at].desc());
        let desc = copy.as_ref().unwrap_or(same);
        let values = place.label_values(desc);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let added = match (call, desc.kind()) {
            (Call::Histogram(_, of), _)
            | (Call::Fitting(_, of), Some(MetricKind::Histogram)) => {
                samples.histogram(desc, of.count(), of.sum(), &of.buckets(), &values)
            }
            (Call::Summary(_, of), _)
            | (Call::Fitting(_, of), Some(MetricKind::Summary)) => {
                samples.summary(desc, of.count(), of.sum(), &of.quantiles(), &values)
            }
            (Call::Fitting(..), Some(MetricKind::Info)) => samples.info(desc, &values),
            (Call::Fitting(_, of), Some(MetricKind::StateSet)) => {
                let states = of.states();
                let states = states.iter().map(|(state, is_on)| (&**state, *is_on));
                samples.states(desc, &states.collect::<Vec<_>>(), &values)
            }
            (Call::Fitting(_, of), _) => samples.set(desc, of.sum(), &values),
            (Call::Set(_, value), _) => samples.set(desc, value.get(), &values),
            (Call::Append(..) | Call::LeftOut(..), _) => return,
        };
        let added = match place.time.get() {
            Some(time) => added.at(time),
            None => added,
        };
        extend(added, place, desc.kind());
    }
}

/// Adds what a sample of this type may have.
fn extend(mut added: Added<'_>, place: &Place, kind: Option<MetricKind>) {
    use MetricKind::{Counter, Histogram, Summary};
    if matches!(kind, Some(Counter | Histogram)) {
        for (text, value, time) in &place.exemplars {
            let text = text.text();
            let labels = [("trace_id", &*text)];
            added = match time {
                Some(time) => added.exemplar_at(&labels, value.get(), (*time).into()),
                None => added.exemplar(&labels, value.get()),
            };
        }
    }
    if let (Some(Counter | Histogram | Summary), Some(created)) = (kind, place.created)
    {
        added.created(created.into());
    }
}

/// A collector of the `prometheus` crate.
#[derive(Debug)]
pub struct OfCrate {
    descs: Vec<theirs::Desc>,
    families: Vec<MetricFamily>,
}

impl OfCrate {
    /// Creates a collector that reports `families` and describes a metric called
    /// `name`, if that is valid.
    pub fn new(name: Option<&Name>, families: &[Family]) -> OfCrate {
        let desc = name.and_then(|name| {
            let help = "What it describes.".to_owned();
            theirs::Desc::new(name.text(), help, Vec::new(), Default::default()).ok()
        });
        OfCrate {
            descs: desc.into_iter().collect(),
            families: families.iter().map(Family::to_proto).collect(),
        }
    }

    /// Returns what it reports, like [`Scripted::reported`].
    pub fn reported(&self, prefix: &str, added: &[(String, String)]) -> Reported {
        let families = self.families.iter();
        let lines = families.map(|family| lines_of(family, prefix, added));
        let lines: Option<Vec<Vec<Line>>> = lines.collect();
        Reported {
            lines: lines.map(|lines| lines.concat()),
        }
    }
}

impl theirs::Collector for OfCrate {
    fn desc(&self) -> Vec<&theirs::Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families.clone()
    }
}
