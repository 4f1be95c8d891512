use std::collections::HashMap;
use std::error::Error;
use std::sync::Mutex;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{
    LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
};

const TENANTS: [&str; 8] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath",
];

/// Keeps all sizes: a hundred KiB per tenant, and no error at all.
struct Exact {
    desc: Desc,
    tenants: Vec<(&'static str, Mutex<Vec<f64>>)>,
}

impl Collector for Exact {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }
    fn collect(&self) -> Vec<MetricFamily> {
        let mut metrics = Vec::new();
        for (tenant, sizes) in &self.tenants {
            let Ok(mut sizes) = sizes.lock() else {
                continue;
            };
            sizes.sort_by(f64::total_cmp);
            let mut label = LabelPair::default();
            label.set_name("tenant".to_owned());
            label.set_value((*tenant).to_owned());
            let exact = |rank: f64| {
                let mut quantile = Quantile::default();
                quantile.set_quantile(rank);
                quantile.set_value(sizes[(rank * sizes.len() as f64) as usize]);
                quantile
            };
            let mut summary = Summary::default();
            summary.set_sample_count(sizes.len() as u64);
            summary.set_sample_sum(sizes.iter().sum());
            summary.set_quantile(vec![exact(0.5), exact(0.9)]);
            let mut metric = Metric::from_label(vec![label]);
            metric.set_summary(summary);
            metrics.push(metric);
        }
        let mut family = MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(MetricType::SUMMARY);
        family.set_metric(metrics);
        vec![family]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let desc = Desc::new(
        "magedu_mcube_demo_response_size_bytes".to_owned(),
        "Sizes, with the exact median.".to_owned(),
        vec!["tenant".to_owned()],
        HashMap::new(),
    )?;
    let sizes = || Mutex::new((1..=20_000).rev().map(f64::from).collect());
    let tenants = TENANTS.iter().map(|tenant| (*tenant, sizes())).collect();
    let registry = Registry::new();
    registry.must_register(Exact { desc, tenants });
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
