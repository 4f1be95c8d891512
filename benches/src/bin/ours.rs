//! A vector of as many gauges as the second argument says, as a program would serve it.

use std::env;
use std::error::Error;

use benches::peers::{Kind, Library, family};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let series = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let vector = family(Library::Ours, Kind::Gauges, series.parse()?)?;
    let registry = vector
        .registry()
        .ok_or("expected this library's registry")?;
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
