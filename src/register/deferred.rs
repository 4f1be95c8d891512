//! Asking a registry for its collectors rather than for what they collect.
//!
//! The SDK's registry collects from one after another while it holds its lock, merges
//! what it gets without a look, and gives up when one panics. What this library registered
//! hands itself over instead, and is collected afterwards, each on its own.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Result;

use prometheus::Registry;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::{Entry, ledger, lock};

/// What a registry holds.
#[derive(Default)]
pub struct Holdings {
    /// What was registered through this library, in the order of registration.
    pub entries: Vec<Arc<Entry>>,
    /// What collectors that were registered past it collected, as the SDK merged it.
    pub families: Vec<MetricFamily>,
    /// What `Registry::new_custom` was given: it holds for each family of an entry.
    prefix: Option<String>,
    /// The same.
    labels: Vec<LabelPair>,
}

thread_local! {
    /// What is being asked on this thread.
    static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) };
}

/// What came of asking a registry so far. A collector may ask another one meanwhile.
#[derive(Default)]
struct Asked {
    entries: Vec<Arc<Entry>>,
    /// The registry that is asked, where that is known.
    only: Option<u64>,
    /// The registry of what came first.
    first: Option<u64>,
    /// Whether something came of another one.
    mixed: bool,
}

impl Asked {
    /// Whether what is of `registry` is asked for.
    fn is_for(&mut self, registry: u64) -> bool {
        let first = *self.first.get_or_insert(registry);
        self.mixed |= first != registry;
        self.only.is_none_or(|only| only == registry)
    }
}

/// What `registry` holds, or the panic of a collector that was registered past this
/// library, which takes everything along.
pub fn holdings(registry: &Registry) -> Result<Holdings> {
    let (mut asked, mut families) = ask(registry, None)?;
    if asked.mixed {
        // Which one was asked takes the registry's lock to find out, and is seldom in
        // doubt.
        let only = lock(&ledger::of(registry)).number;
        (asked, families) = ask(registry, Some(only))?;
    }
    let mut holdings = Holdings {
        entries: asked.entries,
        families,
        ..Holdings::default()
    };
    holdings.entries.sort_by_key(|entry| entry.number);
    holdings.take_probe();
    Ok(holdings)
}

fn ask(registry: &Registry, only: Option<u64>) -> Result<(Asked, Vec<MetricFamily>)> {
    let asked = Asked {
        only,
        ..Asked::default()
    };
    let before = ASKED.replace(Some(asked));
    // The registry is not left broken: its lock is released as the panic unwinds, and a
    // gather changes nothing in it.
    let families = catch_unwind(AssertUnwindSafe(|| Registry::gather(registry)));
    let asked = ASKED.replace(before).unwrap_or_default();
    Ok((asked, families?))
}

/// Keeps `entry` of `registry` for later, if this thread is asking for it.
pub fn defer(entry: &Arc<Entry>, registry: u64) -> bool {
    ASKED.with_borrow_mut(|asked| {
        let Some(asked) = asked else { return false };
        let wanted = asked.is_for(registry);
        if wanted {
            asked.entries.push(Arc::clone(entry));
        }
        wanted
    })
}

/// No metric may have this name, so no metric has.
const PROBE: &str = "probe for prefix and labels";

/// A family that comes back from the SDK with the registry's prefix and labels, which
/// cannot be asked for, if this thread is asking `registry`.
pub fn probe(registry: u64) -> Vec<MetricFamily> {
    let is_for = |asked: &mut Asked| asked.is_for(registry);
    if !ASKED.with_borrow_mut(|asked| asked.as_mut().is_some_and(is_for)) {
        return Vec::new();
    }
    let mut family = MetricFamily::default();
    family.set_name(PROBE.to_owned());
    family.set_field_type(MetricType::GAUGE);
    family.set_metric(vec![Metric::default()]);
    vec![family]
}

impl Holdings {
    /// What an entry collected, with what the registry adds to every family.
    pub fn completed(&self, mut families: Vec<MetricFamily>) -> Vec<MetricFamily> {
        for family in &mut families {
            if let Some(prefix) = &self.prefix {
                family.set_name(format!("{prefix}{}", family.name()));
            }
            if !self.labels.is_empty() {
                for metric in family.mut_metric() {
                    let labels = [metric.take_label(), self.labels.clone()].concat();
                    metric.set_label(labels);
                }
            }
        }
        families
    }

    fn take_probe(&mut self) {
        let is_probe = |family: &MetricFamily| family.name().ends_with(PROBE);
        let Some(at) = self.families.iter().position(is_probe) else {
            return;
        };
        let mut probe = self.families.remove(at);
        let prefix = probe.name().strip_suffix(PROBE).unwrap_or_default();
        self.prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
        let metric = probe.mut_metric().first_mut();
        self.labels = metric.map(Metric::take_label).unwrap_or_default();
    }
}
