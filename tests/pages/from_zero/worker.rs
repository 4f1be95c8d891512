//! Works, and reports on itself.

// ANCHOR: worker
use std::error::Error;
use std::thread;
use std::time::Duration;

use exporter_workbook::prometheus::IntCounter;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let registry = Registry::new();
    let jobs = IntCounter::new("worker_jobs_total", "Jobs done.")?;
    registry.must_register(jobs.clone());
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    thread::spawn(move || {
        loop {
            work();
            jobs.inc();
        }
    });
    // Serves until Ctrl-C, which ends the worker too.
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

fn work() {
    thread::sleep(Duration::from_millis(100));
}
// ANCHOR_END: worker
