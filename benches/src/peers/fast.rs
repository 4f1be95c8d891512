//! The families, the registry and the encoder of `fastmetrics`.

use std::hint::black_box;

use fastmetrics::encoder::{EncodeLabelSet, EncodeMetric, LabelSetEncoder};
use fastmetrics::error::Result;
use fastmetrics::format::text::{self, TextProfile};
use fastmetrics::metrics::family::Family as Metrics;
use fastmetrics::raw::{LabelSetSchema, TypedMetric};
use fastmetrics::registry::Registry;

use super::{Change, Child, FastCounter, FastGauge, FastHistogram};
use super::{Family, Kind, Made};
use crate::{BOUNDS, COUNTERS, GAUGES, HELP, HISTOGRAMS, LABELS};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Labels {
    module: String,
    shard: String,
}

impl Labels {
    fn new(module: &str, shard: &str) -> Labels {
        Labels {
            module: module.to_owned(),
            shard: shard.to_owned(),
        }
    }
}

impl LabelSetSchema for Labels {
    fn names() -> Option<&'static [&'static str]> {
        Some(&LABELS)
    }
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut dyn LabelSetEncoder) -> Result<()> {
        let [module, shard] = LABELS;
        encoder.encode(&(module, self.module.as_str()))?;
        encoder.encode(&(shard, self.shard.as_str()))
    }
}

struct Fast<M> {
    family: Metrics<Labels, M>,
    registry: Registry,
}

pub fn empty(kind: Kind) -> Made {
    match kind {
        Kind::Gauges => of(GAUGES, Metrics::<_, FastGauge>::default()),
        Kind::Counters => of(COUNTERS, Metrics::<_, FastCounter>::default()),
        Kind::Histograms => of(HISTOGRAMS, Metrics::new(|| FastHistogram::new(BOUNDS))),
    }
}

fn of<M: Child + EncodeMetric + TypedMetric>(
    name: &'static str,
    family: Metrics<Labels, M>,
) -> Made {
    let mut registry = Registry::default();
    registry.register(name, HELP, family.clone())?;
    Ok(Box::new(Fast { family, registry }))
}

impl<M: Child> Family for Fast<M> {
    fn make(&self, module: &str, shard: &str, number: usize) {
        let labels = Labels::new(module, shard);
        self.family.with_or_new(&labels, |child| child.put(number));
    }

    fn remove(&self, _: &str, _: &str) -> bool {
        false
    }

    fn change(&self, module: &str, shard: &str) -> Change {
        let child = self
            .family
            .with_or_new(&Labels::new(module, shard), M::clone);
        Box::new(move |times| (0..times).for_each(|_| black_box(&child).step()))
    }

    fn scrape(&self) -> usize {
        black_box(self.text()).len()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        // Writing to memory doesn't fail.
        let _ = text::encode(&mut out, &self.registry, TextProfile::PrometheusV0_0_4);
        out
    }
}
