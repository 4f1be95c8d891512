//! The default registry
//!
//! The solution: an exporter whose metrics, and the link to them, are on another path.
//!
//! Check it: `cargo workbook check 01`

use std::error::Error;

use exporter_workbook::promhttp;
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    Server::new(listener)
        .route("/internal/metrics", promhttp::handler()?)
        .run()?;
    Ok(())
}
