//! Push from a batch job
//!
//! The solution: a job that fails says so, and leaves the last success as it is.
//!
//! Check it: `cargo workbook check 13`

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, error::Error, fs};

use exporter_workbook::exposition::Format;
use exporter_workbook::registry::Registry;
use prometheus::Gauge;

/// The orders of each shop: one amount a line, in cents.
const FILES: [&str; 2] = ["north.csv", "south.csv"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var("ORDERS").unwrap_or(".".to_owned()));
    let file = folder.join("orders.prom");
    let old = fs::read(&file).unwrap_or_default();
    let is_new = !file.exists();
    fs::write(&file, "")?;
    let mut orders = Vec::new();
    for name in FILES {
        let amounts = amounts(&folder.join(name));
        match amounts {
            Ok(amounts) => orders.extend(amounts),
            Err(error) => {
                match is_new {
                    true => fs::remove_file(&file)?,
                    false => fs::write(&file, old)?,
                }
                return Err(format!("cannot read {name}: {error}").into());
            }
        }
    }
    let report = report(&orders)?;
    // Beside it, under a name that node exporter doesn't read, and renamed when complete.
    let new = folder.join("orders.prom.new");
    fs::write(&new, report)?;
    fs::rename(&new, &file)?;
    Ok(())
}

/// The amounts in one file.
fn amounts(path: &Path) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(path)?;
    let amounts = text.lines().map(|line| line.trim().parse::<u32>());
    amounts.collect::<Result<_, _>>().map_err(io::Error::other)
}

/// The exposition for node exporter's textfile collector.
fn report(orders: &[u32]) -> Result<String, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let cents = orders.iter().map(|cents| f64::from(*cents)).sum::<f64>();
    let registry = Registry::new();
    for (name, help, value) in [
        (
            "orders_imported",
            "The orders of the last run.",
            orders.len() as f64,
        ),
        ("orders_amount_euros", "What they amount to.", cents / 100.0),
        (
            "orders_last_success_timestamp_seconds",
            "When the job last succeeded.",
            now.as_secs_f64(),
        ),
    ] {
        let gauge = Gauge::new(name, help)?;
        gauge.set(value);
        registry.must_register(gauge);
    }
    Ok(Format::TEXT.to_text(registry.gather().families()))
}
