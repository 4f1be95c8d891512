//! Gauge operations
//!
//! The exercise: three queues whose gauge never falls to the number of waiting jobs.
//!
//! Check it: `cargo workbook check 02a`

use std::collections::VecDeque;
use std::error::Error;
use std::num::ParseIntError;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{Gauge, Opts};

/// A job is the number of pages to print, as text from outside.
const FROM_HTTP: &[&str] = &["12", "3", "twelve", "", "40", "eleven"];
const FROM_MAIL: &[&str] = &["5", "x", "two", "-1", "8"];
const FROM_FAX: &[&str] = &["2", "none", "6"];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    for (module, jobs) in [
        ("http-server", FROM_HTTP),
        ("mail", FROM_MAIL),
        ("fax", FROM_FAX),
    ] {
        let queue_length = Gauge::with_opts(
            Opts::new("queue_length", "The number of items in the queue.")
                .namespace("magedu")
                .subsystem("mcube_demo")
                .const_label("module", module),
        )?;
        work(jobs, &queue_length);
        registry.must_register(queue_length);
    }

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

/// Adds all jobs to the queue, and does up to four of them.
fn work(jobs: &[&str], queue_length: &Gauge) {
    let mut queue = VecDeque::new();
    for job in jobs {
        queue.push_back(*job);
        queue_length.inc();
    }
    for _ in 0..4 {
        if let Err(error) = do_next(&mut queue, queue_length) {
            eprintln!("a job failed: {error}");
        }
    }
}

/// Takes the next job out of the queue and does it.
fn do_next(
    queue: &mut VecDeque<&str>,
    queue_length: &Gauge,
) -> Result<(), ParseIntError> {
    let Some(job) = queue.pop_front() else {
        return Ok(());
    };
    let pages: u32 = job.parse()?;
    println!("printed {pages} pages");
    queue_length.dec();
    Ok(())
}
