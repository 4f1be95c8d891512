//! Summary operations
//!
//! The solution: tenants billed by quantiles within the contract.
//!
//! Check it: `cargo workbook check 02d`

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use exporter_workbook::summary::{Summary, SummaryOpts};

const TENANTS: [&str; 8] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath",
];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    for tenant in TENANTS {
        let response_size = Summary::with_opts(
            SummaryOpts::new("response_size_bytes", "The size of responses, in bytes.")
                .namespace("magedu")
                .subsystem("mcube_demo")
                .const_label("tenant", tenant)
                .objective(0.5, 0.002)
                .objective(0.9, 0.002),
        )?;
        // Each size once, shuffled.
        for number in 0..20_000 {
            let bytes = number * 3_697 % 20_000 + 1;
            response_size.observe(f64::from(bytes));
        }
        registry.must_register(response_size);
    }

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
