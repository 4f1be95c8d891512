//! Summary operations
//!
//! The solution: tenants are billed by quantiles that keep the contract.
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
        // Each size once, in no order.
        registry.must_register(response_size.clone());
        std::thread::spawn(move || {
            for number in 0..20_000 {
                let bytes = number * 3_697 % 20_000 + 1;
                response_size.observe(f64::from(bytes));
                if number % 1000 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(40));
                }
            }
        });
    }

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
