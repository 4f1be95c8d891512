//! Summary operations
//!
//! The solution: tenants are billed by a median that keeps the contract.
//!
//! Check it: `cargo workbook check 02d`

use std::error::Error;

use exporter_workbook::promhttp::{self, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use exporter_workbook::summary::{Summary, SummaryOpts};
use http::Request;

const TENANTS: [&str; 8] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath",
];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let mut all = Vec::new();
    for tenant in TENANTS {
        let response_size = Summary::with_opts(
            SummaryOpts::new("response_size_bytes", "The size of responses, in bytes.")
                .namespace("magedu")
                .subsystem("mcube_demo")
                .const_label("tenant", tenant)
                .objective(0.5, 0.002)
                .objective(0.9, 0.002),
        )?;
        registry.must_register(response_size.clone());
        all.push(response_size);
    }

    let inner = promhttp::handler_for(&registry, HandlerOpts::default())?;
    let handler = move |request: &Request<()>| {
        for size in &all {
            (1..=20_000).for_each(|bytes| size.observe(f64::from(bytes)));
        }
        inner.handle(request)
    };
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
