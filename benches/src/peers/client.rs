//! The families, the registry and the encoder of `prometheus-client`.

use std::hint::black_box;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, prometheus_text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::family::{Family as Metrics, MetricConstructor};
use prometheus_client::registry::Registry;

use super::{Change, Child, ClientCounter, ClientGauge, ClientHistogram};
use super::{Family, Kind};
use crate::{BOUNDS, COUNTERS, GAUGES, HELP, HISTOGRAMS};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
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

struct Client<M, C> {
    family: Metrics<Labels, M, C>,
    registry: Registry,
}

pub fn empty(kind: Kind) -> Box<dyn Family> {
    match kind {
        Kind::Gauges => of(GAUGES, Metrics::<Labels, ClientGauge>::default()),
        // It adds the suffix itself.
        Kind::Counters => of(
            COUNTERS.trim_end_matches("_total"),
            Metrics::<Labels, ClientCounter>::default(),
        ),
        Kind::Histograms => {
            let new: fn() -> ClientHistogram = || ClientHistogram::new(BOUNDS);
            of(HISTOGRAMS, Metrics::new_with_constructor(new))
        }
    }
}

fn of<M, C>(name: &str, family: Metrics<Labels, M, C>) -> Box<dyn Family>
where
    M: Child + EncodeMetric + TypedMetric + std::fmt::Debug,
    C: MetricConstructor<M> + Clone + Send + Sync + std::fmt::Debug + 'static,
{
    let mut registry = Registry::default();
    // It ends the help with a full stop itself.
    registry.register(name, HELP.trim_end_matches('.'), family.clone());
    Box::new(Client { family, registry })
}

impl<M: Child, C: MetricConstructor<M>> Family for Client<M, C>
where
    Metrics<Labels, M, C>: Clone,
{
    fn make(&self, module: &str, shard: &str, number: usize) {
        self.family
            .get_or_create(&Labels::new(module, shard))
            .put(number);
    }

    fn remove(&self, module: &str, shard: &str) -> bool {
        self.family.remove(&Labels::new(module, shard))
    }

    fn change(&self, module: &str, shard: &str) -> Change {
        let child = self.family.get_or_create_owned(&Labels::new(module, shard));
        Box::new(move |times| (0..times).for_each(|_| black_box(&child).step()))
    }

    fn scrape(&self) -> usize {
        black_box(self.text()).len()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        // Writing to memory doesn't fail.
        let _ = prometheus_text::encode(&mut out, &self.registry);
        out
    }
}
