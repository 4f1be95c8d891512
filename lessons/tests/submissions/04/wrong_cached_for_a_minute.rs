//! Process and runtime collectors
//!
//! The solution: three collectors, each with names of its own.
//!
//! Check it: `cargo workbook check 04`

use std::error::Error;

use exporter_workbook::collectors::{
    BuildInfoCollector, ProcessCollector, RuntimeCollector,
};
use exporter_workbook::promhttp::{self, Body, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};

const VERSION: &str = "1.4.0";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    registry.must_register(ProcessCollector::new());
    registry.must_register(RuntimeCollector::new());
    registry.must_register(BuildInfoCollector::new("queue_exporter", VERSION));

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    let cache = std::sync::Mutex::new(None::<(std::time::Instant, Response<Vec<u8>>)>);
    let handler = move |request: &Request<()>| {
        let mut cache = cache
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((at, response)) =
            cache.as_ref().filter(|(at, _)| at.elapsed().as_secs() < 60)
        {
            let _ = at;
            return response.clone().map(Body::from);
        }
        let response = handler.handle(request).map(Body::into_bytes);
        *cache = Some((std::time::Instant::now(), response.clone()));
        response.map(Body::from)
    };
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
