//! Failed scrapes
//!
//! The exercise: an evening's lengths that are served until the morning.
//!
//! Check it: `cargo workbook check 07`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

/// One line per queue: its name and its number of items, such as `mail 3`.
const SOURCE: &str = "target/queues";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let registry = Registry::new();
    let up = Desc::gauge("magedu_mcube_demo_up", "Whether the queues could be read.");
    let age = Desc::gauge("magedu_mcube_demo_queue_age_seconds", "Seconds since.");
    let length = Desc::gauge("magedu_mcube_demo_queue_length", "The number of items.");
    let length = length.label("queue");
    let last = Mutex::new(None::<(SystemTime, Lengths)>);
    let log = promhttp::stderr_log();
    let descs = vec![up.clone(), age.clone(), length.clone()];
    registry.must_register(collector_fn(descs, move |samples| {
        let mut last = last.lock().map_err(|_| "poisoned")?;
        let read = read_queues();
        samples.set(&up, f64::from(u8::from(read.is_ok())), &[]);
        match read {
            Ok(lengths) => *last = Some((SystemTime::now(), lengths)),
            Err(error) => log(&format!("cannot read the queues: {error}")),
        }
        if let Some((read, lengths)) = &*last {
            let old = read.elapsed().unwrap_or_default();
            if old < Duration::from_millis(3000) {
                samples.set(&age, old.as_secs_f64(), &[]);
                for (queue, items) in lengths {
                    samples.set(&length, *items, &[queue]);
                }
            }
        }
        Ok(())
    }));
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

type Lengths = BTreeMap<String, f64>;

fn read_queues() -> Result<Lengths, Box<dyn Error>> {
    fs::read_to_string(SOURCE)?.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, f64), Box<dyn Error>> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse::<u32>()?.into()))
}
