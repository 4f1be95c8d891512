use std::collections::VecDeque;
use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{IntGauge, IntGaugeVec, Opts};

const FROM_HTTP: &[&str] = &["12", "3", "twelve", "", "40", "eleven"];
const FROM_MAIL: &[&str] = &["5", "x", "two", "-1", "8"];
const FROM_FAX: &[&str] = &["2", "none", "6"];

struct Queue<'a> {
    jobs: VecDeque<&'a str>,
    waiting: IntGauge,
}

impl<'a> Queue<'a> {
    fn push(&mut self, job: &'a str) {
        self.jobs.push_back(job);
        self.waiting.set(self.jobs.len() as i64);
    }
    fn pop(&mut self) -> Option<&'a str> {
        let job = self.jobs.pop_front();
        self.waiting.set(self.jobs.len() as i64);
        job
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let opts = Opts::new("magedu_mcube_demo_queue_length", "Jobs that wait.");
    let waiting = IntGaugeVec::new(opts, &["module"])?;
    let failed =
        IntGaugeVec::new(Opts::new("jobs_broken", "Jobs that failed."), &["module"])?;
    for (module, jobs) in [
        ("http-server", FROM_HTTP),
        ("mail", FROM_MAIL),
        ("fax", FROM_FAX),
    ] {
        let mut queue = Queue {
            jobs: VecDeque::new(),
            waiting: waiting.with_label_values(&[module]),
        };
        jobs.iter().for_each(|job| queue.push(job));
        for job in std::iter::from_fn(|| queue.pop()).take(4) {
            match job.parse::<u32>() {
                Ok(pages) => println!("printed {pages} pages"),
                Err(error) => {
                    failed.with_label_values(&[module]).inc();
                    eprintln!("a job failed: {error}");
                }
            }
        }
    }
    let registry = Registry::new();
    registry.must_register(waiting);
    registry.must_register(failed);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
