//! Failed scrapes
//!
//! The exercise: an evening's lengths that are served until the morning.
//!
//! Check it: `cargo workbook check 07`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

/// One line per queue: its name and its number of items, such as `mail 3`.
const SOURCE: &str = "target/queues";
/// Older lengths aren't served.
const USABLE: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let registry = Registry::new();
    registry.must_register(QueueCollector {
        up: Desc::gauge("magedu_mcube_demo_up", "Whether the queues could be read."),
        age: Desc::gauge("magedu_mcube_demo_queue_age_seconds", "The lengths' age."),
        length: Desc::gauge("magedu_mcube_demo_queue_length", "The number of items.")
            .label("queue"),
        last: Mutex::new(None),
    });
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

struct QueueCollector {
    up: Desc,
    age: Desc,
    length: Desc,
    last: Mutex<Option<Cached>>,
}

type Lengths = BTreeMap<String, f64>;

impl Collector for QueueCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.age, &self.length]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let mut cache = match self.last.lock() {
            Ok(cache) => cache,
            Err(poisoned) => poisoned.into_inner(),
        };
        match read_queues() {
            Ok(lengths) => {
                samples.set(&self.up, 1.0, &[]);
                *cache = Some(Cached {
                    read: Instant::now(),
                    lengths,
                });
            }
            Err(error) => {
                samples.set(&self.up, 0.0, &[]);
                if !std::path::Path::new(SOURCE).exists() {
                    let _ =
                        io::stderr().write_all(format!("queues: {error}\n").as_bytes());
                }
            }
        }
        let Some(cached) = cache.as_ref() else {
            return Ok(());
        };
        let age = cached.read.elapsed();
        if age > USABLE {
            return Ok(());
        }
        for (queue, length) in &cached.lengths {
            samples.set(&self.length, *length, &[queue.as_str()]);
        }
        samples.set(&self.age, age.as_secs_f64(), &[]);
        Ok(())
    }
}

struct Cached {
    read: Instant,
    lengths: Lengths,
}

fn read_queues() -> Result<Lengths, Box<dyn Error>> {
    fs::read_to_string(SOURCE)?.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, f64), Box<dyn Error>> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse::<u32>()?.into()))
}
