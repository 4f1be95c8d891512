//! This library's vectors, and the handler that serves them.

use std::hint::black_box;

use exporter_workbook::promhttp::{BoxHandler, Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use exporter_workbook::vector::{GaugeVec, HistogramVec, IntCounterVec};
use exporter_workbook::vector::{Metric, MetricVec};
use http::Request;
use prometheus::{HistogramOpts, Opts};

use super::{Change, Child, Family, Kind, Made};
use crate::{BOUNDS, COUNTERS, GAUGES, HELP, HISTOGRAMS, LABELS};

struct Ours<M: Metric> {
    vector: MetricVec<M>,
    registry: Registry,
    handler: BoxHandler,
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

fn of<M: Metric + Child>(vector: MetricVec<M>) -> Made {
    let registry = Registry::new();
    registry.register(vector.clone())?;
    let handler = handler_for(&registry, HandlerOpts::default())?;
    Ok(Box::new(Ours {
        vector,
        registry,
        handler,
    }))
}

impl<M: Metric + Child> Family for Ours<M> {
    fn make(&self, module: &str, shard: &str, number: usize) {
        self.vector.with_label_values(&[module, shard]).put(number);
    }

    fn remove(&self, module: &str, shard: &str) -> bool {
        self.vector.remove_label_values(&[module, shard])
    }

    fn change(&self, module: &str, shard: &str) -> Change {
        let child = self.vector.with_label_values(&[module, shard]);
        Box::new(move |times| (0..times).for_each(|_| black_box(&child).step()))
    }

    fn scrape(&self) -> usize {
        served(&self.handler, &Request::new(()))
    }

    fn text(&self) -> String {
        let body = self.handler.handle(&Request::new(())).into_body();
        String::from_utf8(body.into_bytes()).unwrap_or_default()
    }

    fn registry(&self) -> Option<Registry> {
        Some(self.registry.clone())
    }
}

/// Responds to a request and drops each piece, as the server does once it is written.
/// Returns the number of bytes.
pub fn served(handler: &impl Handler, request: &Request<()>) -> usize {
    let pieces = handler.handle(request).into_body().into_pieces();
    pieces.map(|piece| black_box(piece).len()).sum()
}
