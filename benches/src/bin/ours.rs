//! `03_custom_registry` with the number of series given in its second argument.

use std::env;
use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let series = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let registry = benches::gauges(series.parse()?)?.ours;
    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    let listener = serve::listen(&address)?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
