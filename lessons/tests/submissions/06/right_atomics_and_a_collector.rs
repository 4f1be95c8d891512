use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};

const PLANS: [&str; 4] = ["free", "pro", "team", "other"];

type Counts = [AtomicU64; 4];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let counts = Arc::new(Counts::default());
    let desc = Desc::counter("magedu_mcube_demo_reports_total", "Reports sent.");
    let desc = desc.label("plan");
    let counted = counts.clone();
    registry.must_register(collector_fn(vec![desc.clone()], move |samples| {
        for (plan, count) in PLANS.iter().zip(counted.iter()) {
            samples.set(&desc, count.load(Ordering::Relaxed) as f64, &[plan]);
        }
        Ok(())
    }));

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/report", move |request: &Request<()>| {
            report(request, &counts)
        })
        .run()?;
    Ok(())
}

/// Sends a user's report, and counts it.
fn report(request: &Request<()>, counts: &Counts) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let user = parameter(query, "user");
    let plan = parameter(query, "plan");
    let at = PLANS.iter().position(|all| *all == plan).unwrap_or(3);
    counts[at].fetch_add(1, Ordering::Relaxed);
    Response::new(format!("the report of user {user}\n").into())
}

/// The value of a parameter, or an empty text.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|all| all.split_once('='));
    let found = parameters.find(|(of, _)| *of == name);
    found.map_or("", |(_, value)| value)
}
