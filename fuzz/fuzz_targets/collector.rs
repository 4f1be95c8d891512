//! Whatever collectors report and a registry adds, nothing panics, a strict reader
//! accepts what is served, and all samples of a collector are served, or none if it
//! contradicts another.

#![no_main]

use std::collections::HashSet;

use arbitrary::Arbitrary;
use exporter_workbook::collect::collector_fn;
use exporter_workbook::registry::{
    AnyCollector, GatherError, Gathered, IntoCollector, RegisterError, Registry,
};
use fuzz::collectors::{OfCrate, Scripted};
use fuzz::families::Family;
use fuzz::parts::{Many, Name, Text};
use fuzz::reader::Line;
use fuzz::scripts::{Call, Description, Script, Wrap};
use fuzz::served::{Reported, assert_short, assert_whole, check, sample_names};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    descriptions: Vec<Description>,
    own: [Own; 3],
    of_registry: Option<Wrap>,
    described: Option<Name>,
    families: Vec<Family>,
    of_crate: Option<Wrap>,
    /// Each with the index of its collector.
    calls: Many<(u8, Call)>,
}

/// The properties of a collector besides its calls.
#[derive(Arbitrary, Debug)]
struct Own {
    /// A bit for each description; none creates an unchecked collector.
    described: u8,
    end: (u8, Text),
    wrap: Option<Wrap>,
}

fuzz_target!(|input: Input| {
    let outer = input.of_registry.as_ref();
    let mut sources = Sources {
        outer,
        ..Sources::default()
    };
    let collector = OfCrate::new(input.described.as_ref(), &input.families);
    let wrap = input.of_crate.as_ref();
    let (prefix, labels) = added(wrap, outer);
    let reported = collector.reported(&prefix, &labels);
    sources.register(wrapped(collector, wrap), reported);
    let scripts = scripts(&input.descriptions, &input.own, input.calls.0);
    for (script, own) in scripts.into_iter().zip(&input.own) {
        let collector = Scripted::new(script);
        let wrap = own.wrap.as_ref();
        let (prefix, labels) = added(wrap, outer);
        let reported = collector.reported(&prefix, &labels);
        let left_out = collector.left_out();
        if sources.register(wrapped(collector, wrap), reported) {
            sources.left_out += left_out;
        }
    }
    sources.gather();
});

fn scripts(
    descriptions: &[Description],
    own: &[Own; 3],
    calls: Vec<(u8, Call)>,
) -> [Script; 3] {
    let mut scripts = own.each_ref().map(|own| {
        let numbered = descriptions.iter().cloned().enumerate();
        let is_described = |(at, _): &(usize, Description)| {
            own.described.checked_shr(*at as u32).unwrap_or_default() & 1 == 1
        };
        let (described, other): (Vec<_>, Vec<_>) = numbered.partition(is_described);
        let all = described.iter().chain(&other);
        Script {
            descriptions: all.map(|(_, description)| description.clone()).collect(),
            described: described.len(),
            calls: Vec::new(),
            end: own.end.clone(),
        }
    });
    for (number, call) in calls {
        scripts[usize::from(number) % 3].calls.push(call);
    }
    scripts
}

/// Returns all that is added to the metrics of a collector.
fn added(
    inner: Option<&Wrap>,
    outer: Option<&Wrap>,
) -> (String, Vec<(String, String)>) {
    let prefix = |wrap: Option<&Wrap>| wrap.map(Wrap::prefix).unwrap_or_default();
    let prefix = prefix(outer) + &prefix(inner);
    let mut labels = inner.map(Wrap::labels).unwrap_or_default();
    labels.extend(outer.map(Wrap::labels).unwrap_or_default());
    (prefix, labels)
}

fn borrowed(labels: &[(String, String)]) -> Vec<(&str, &str)> {
    labels
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect()
}

fn wrapped<K>(collector: impl IntoCollector<K>, wrap: Option<&Wrap>) -> AnyCollector {
    let collector = collector.into_collector();
    let Some(wrap) = wrap else {
        return collector;
    };
    let collector = collector.with_prefix(&wrap.prefix());
    collector.with_labels(&borrowed(&wrap.labels()))
}

fn register(
    registry: &Registry,
    collector: AnyCollector,
    outer: Option<&Wrap>,
) -> Result<(), RegisterError> {
    let Some(outer) = outer else {
        return registry.register(collector);
    };
    let registry = registry.with_prefix(&outer.prefix());
    let labels = outer.labels();
    registry.with_labels(&borrowed(&labels)).register(collector)
}

/// The collectors that the registry has accepted.
#[derive(Default)]
struct Sources<'a> {
    registry: Registry,
    /// What the registry adds.
    outer: Option<&'a Wrap>,
    collectors: Vec<AnyCollector>,
    reported: Vec<Reported>,
    left_out: usize,
}

impl Sources<'_> {
    /// Registers `collector`. Returns whether the registry accepted it.
    fn register(&mut self, collector: AnyCollector, reported: Reported) -> bool {
        let registered = register(&self.registry, collector.clone(), self.outer);
        assert_short(registered.as_ref().err().as_slice());
        if registered.is_err() {
            return false;
        }
        self.collectors.push(collector);
        self.reported.push(reported);
        true
    }

    /// Gathers with only those collectors reporting whose indices are `wanted`.
    fn some(&self, wanted: impl Fn(usize) -> bool) -> Gathered {
        let registry = Registry::new();
        for (at, collector) in self.collectors.iter().enumerate() {
            let silent =
                || collector_fn(collector.descs(), |_| Ok(())).into_collector();
            let collector = match wanted(at) {
                true => collector.clone(),
                false => silent(),
            };
            register(&registry, collector, self.outer)
                .expect("it was accepted beside others");
        }
        registry.gather()
    }

    fn gather(&self) {
        let gathered = self.registry.gather();
        let lines = check(&gathered);
        if gathered.errors().len() > 100 {
            return assert_whole(&lines, &self.reported, self.reported.len());
        }
        let errors = dropped(&gathered);
        assert_eq!(gathered.errors().len() - errors, self.left_out);
        assert_whole(&lines, &self.reported, errors);
        if errors > 0 {
            self.check_blame(lines, errors);
        }
    }

    /// Asserts that each missing collector contradicts one that is present.
    fn check_blame(&self, lines: Vec<Line>, errors: usize) {
        let alone = (0..self.collectors.len()).map(|at| self.some(|other| other == at));
        let alone: Vec<Gathered> = alone.collect();
        assert!(alone.iter().filter(|alone| dropped(alone) > 0).count() <= errors);
        let there: HashSet<Line> = lines.into_iter().collect();
        let is_there =
            |alone: &Gathered| check(alone).iter().all(|line| there.contains(line));
        let kept: Vec<bool> = alone.iter().map(is_there).collect();
        for at in 0..kept.len() {
            assert!(kept[at] || !fits_others(&alone, at));
            assert!(kept[at] || self.contradicts(at, &kept));
        }
    }

    /// Returns whether adding this collector to those `kept` makes one more collector
    /// go missing.
    fn contradicts(&self, at: usize, kept: &[bool]) -> bool {
        let before = self.some(|other| kept[other]);
        let after = self.some(|other| kept[other] || other == at);
        before.errors().len() > 100 || dropped(&after) > dropped(&before)
    }
}

/// Returns whether no other collector has one of this one's names.
fn fits_others(alone: &[Gathered], at: usize) -> bool {
    let names = |gathered: &Gathered| -> HashSet<String> {
        gathered.families().iter().flat_map(sample_names).collect()
    };
    let own = names(&alone[at]);
    let mut others = alone.iter().enumerate().filter(|(other, _)| *other != at);
    others.all(|(_, other)| own.is_disjoint(&names(other)))
}

/// Returns how many collectors are missing.
fn dropped(gathered: &Gathered) -> usize {
    let errors = gathered.errors().iter();
    let is_left_out =
        |error: &&GatherError| matches!(error, GatherError::LeftOut { .. });
    gathered.errors().len() - errors.filter(is_left_out).count()
}
