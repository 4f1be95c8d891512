use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

const FROM_HTTP: &[&str] = &["12", "3", "twelve", "", "40", "eleven"];
const FROM_MAIL: &[&str] = &["5", "x", "two", "-1", "8"];
const FROM_FAX: &[&str] = &["2", "none", "6"];

type Jobs = Arc<Mutex<VecDeque<&'static str>>>;

struct Lengths {
    desc: Desc,
    queues: Vec<(&'static str, Jobs)>,
}

impl Collector for Lengths {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        for (module, jobs) in &self.queues {
            let length = jobs.lock().unwrap_or_else(PoisonError::into_inner).len();
            samples.set(&self.desc, length as f64, &["host-1", module]);
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let desc = Desc::gauge("magedu_mcube_demo_queue_length", "What waits.")
        .label("host")
        .label("module");
    let mut queues = Vec::new();
    for (module, jobs) in [
        ("http-server", FROM_HTTP),
        ("mail", FROM_MAIL),
        ("fax", FROM_FAX),
    ] {
        let queue: Jobs = Arc::new(Mutex::new(jobs.iter().copied().collect()));
        for _ in 0..4 {
            let job = queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            match job.map(str::parse::<u32>) {
                Some(Ok(pages)) => println!("printed {pages} pages"),
                Some(Err(error)) => eprintln!("a job failed: {error}"),
                None => {}
            }
        }
        queues.push((module, queue));
    }
    let registry = Registry::new();
    registry.must_register(Lengths { desc, queues });
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
