//! A program that depends on the library by its path, and on the `prometheus` crate
//! with its default features.

use std::error::Error;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::http::{Request, Response};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use exporter_workbook::summary::{SummaryOpts, SummaryVec};
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounterVec, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::new();
    let queue = Gauge::new("queue_length", "Items in the queue.")?;
    registry.must_register(queue.clone());
    queue.set(100.0);
    let jobs = IntCounterVec::new(Opts::new("jobs_total", "Jobs done."), &["kind"])?;
    jobs.with_label_values(&["mail"]).inc();
    registry.must_register(jobs);
    let opts = HistogramOpts::new("job_duration_seconds", "How long jobs took.");
    let duration = Histogram::with_opts(opts.buckets(vec![0.5, 1.0]))?;
    duration.observe(0.75);
    registry.must_register(duration);
    let sizes = SummaryOpts::new("job_size_bytes", "How large jobs were.");
    let sizes = SummaryVec::new(sizes.objective(1.0, 0.0), &["kind"])?;
    sizes.with_label_values(&["mail"]).observe(512.0);
    registry.must_register(sizes);
    registry.must_register(Workers(Desc::gauge("workers", "Workers.").label("state")));
    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..Default::default()
        },
    )?;
    Server::new(serve::listen("127.0.0.1:0")?)
        .route("/metrics", handler)
        .route("/default", promhttp::handler()?)
        .route("/healthz", |_: &Request<()>| Response::new("ok\n".into()))
        .run()?;
    Ok(())
}

struct Workers(Desc);

impl Collector for Workers {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.set(&self.0, 3.0, &["idle"]);
        Ok(())
    }
}
