//! Asking a registry for its collectors rather than for what they collect.
//!
//! The SDK's registry collects from one after another while it holds its lock, merges
//! what it gets without a look, and gives up when one panics. What this library registered
//! hands itself over instead, and is collected afterwards, each on its own.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use prometheus::Registry;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::Entry;

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
    /// Where the entries of the registry that is being asked on this thread go.
    static ASKED: RefCell<Option<Vec<Arc<Entry>>>> = const { RefCell::new(None) };
}

/// What `registry` holds, or the panic of a collector that was registered past this
/// library, which takes everything along.
pub fn holdings(registry: &Registry) -> std::thread::Result<Holdings> {
    let before = ASKED.replace(Some(Vec::new()));
    // The registry is not left broken: its lock is released as the panic unwinds, and a
    // gather changes nothing in it.
    let families = catch_unwind(AssertUnwindSafe(|| Registry::gather(registry)));
    let entries = ASKED.replace(before).unwrap_or_default();
    let mut holdings = Holdings {
        entries,
        families: families?,
        ..Holdings::default()
    };
    holdings.entries.sort_by_key(|entry| entry.number);
    holdings.take_probe();
    Ok(holdings)
}

/// Keeps `entry` for later, if this thread is asking for it.
pub fn defer(entry: &Arc<Entry>) -> bool {
    ASKED.with_borrow_mut(|asked| match asked {
        Some(entries) => {
            entries.push(Arc::clone(entry));
            true
        }
        None => false,
    })
}

/// No metric may have this name, so no metric has.
const PROBE: &str = "probe for prefix and labels";

/// A family that comes back from the SDK with the registry's prefix and labels, which
/// cannot be asked for.
pub fn probe() -> Vec<MetricFamily> {
    if ASKED.with_borrow(Option::is_none) {
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
