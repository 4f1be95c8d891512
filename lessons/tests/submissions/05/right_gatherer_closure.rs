use std::collections::HashMap;
use std::error::Error;
use std::fs;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::{Gathered, gatherer_fn};
use exporter_workbook::serve::{self, Server};
use prometheus::core::Collector;
use prometheus::{IntGauge, IntGaugeVec, Opts};

fn read() -> Result<HashMap<String, u32>, String> {
    let text =
        fs::read_to_string("target/queues").map_err(|error| error.to_string())?;
    let mut all = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((queue, length)) = line.split_once(' ') else {
            return Err(format!("line {}: no length", number + 1));
        };
        let length = length
            .parse()
            .map_err(|error| format!("line {}: {error}", number + 1))?;
        all.insert(queue.to_owned(), length);
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    // The gauges of this scrape alone.
    let gather = gatherer_fn(|| {
        let queues = read().map_err(|error| eprintln!("{error}"));
        let value = if queues.is_ok() { 1 } else { 0 };
        let mut families = Vec::new();
        if let Ok(up) = IntGauge::new("magedu_mcube_demo_up", "Up?") {
            up.set(value);
            families.extend(up.collect());
        }
        let opts = Opts::new("magedu_mcube_demo_queue_length", "Items");
        if let Ok(length) = IntGaugeVec::new(opts, &["queue"]) {
            for (queue, items) in queues.unwrap_or_default() {
                length.with_label_values(&[&queue]).set(items.into());
            }
            families.extend(length.collect());
        }
        Gathered::from(families)
    });
    let handler = promhttp::handler_for(gather, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
