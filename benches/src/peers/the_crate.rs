//! The `prometheus` crate's vectors, its registry and its encoder.

use std::hint::black_box;

use prometheus::core::{MetricVec, MetricVecBuilder};
use prometheus::{Encoder, Registry, TextEncoder};
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts};

use super::{Change, Child, Family, Kind, Made};
use crate::{BOUNDS, COUNTERS, GAUGES, HELP, HISTOGRAMS, LABELS};

struct TheCrate<B: MetricVecBuilder> {
    vector: MetricVec<B>,
    registry: Registry,
}

pub fn empty(kind: Kind) -> Made {
    match kind {
        Kind::Gauges => of(GaugeVec::new(Opts::new(GAUGES, HELP), &LABELS)?),
        Kind::Counters => of(IntCounterVec::new(Opts::new(COUNTERS, HELP), &LABELS)?),
        Kind::Histograms => {
            let opts = HistogramOpts::new(HISTOGRAMS, HELP).buckets(BOUNDS.to_vec());
            of(HistogramVec::new(opts, &LABELS)?)
        }
    }
}

fn of<B: MetricVecBuilder + 'static>(vector: MetricVec<B>) -> Made
where
    B::M: Child,
{
    let registry = Registry::new();
    registry.register(Box::new(vector.clone()))?;
    Ok(Box::new(TheCrate { vector, registry }))
}

impl<B: MetricVecBuilder> Family for TheCrate<B>
where
    B::M: Child,
{
    fn make(&self, module: &str, shard: &str, number: usize) {
        self.vector.with_label_values(&[module, shard]).put(number);
    }

    fn remove(&self, module: &str, shard: &str) -> bool {
        self.vector.remove_label_values(&[module, shard]).is_ok()
    }

    fn change(&self, module: &str, shard: &str) -> Change {
        let child = self.vector.with_label_values(&[module, shard]);
        Box::new(move |times| (0..times).for_each(|_| black_box(&child).step()))
    }

    fn scrape(&self) -> usize {
        let mut out = Vec::new();
        // Writing to memory doesn't fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        black_box(out).len()
    }

    fn text(&self) -> String {
        let families = self.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_default()
    }
}
