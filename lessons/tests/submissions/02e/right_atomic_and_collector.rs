use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};

struct Jobs {
    desc: Desc,
    count: Arc<AtomicU64>,
}

impl Collector for Jobs {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let count = self.count.load(Ordering::SeqCst) as f64;
        samples.set(&self.desc, count, &[]);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let count = Arc::new(AtomicU64::new(0));
    let name = "magedu_mcube_demo_jobs_total";
    let desc = Desc::counter(name, "The number of jobs done.");
    let jobs = Jobs {
        desc,
        count: Arc::clone(&count),
    };
    let registry = Registry::new();
    registry.must_register(jobs);
    let work = move |_: &Request<()>| {
        count.fetch_add(1, Ordering::SeqCst);
        Response::new("done\n".into())
    };
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/work", work)
        .run()?;
    Ok(())
}
