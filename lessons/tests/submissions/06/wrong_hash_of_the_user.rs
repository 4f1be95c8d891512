use std::error::Error;

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};
use prometheus::{IntCounterVec, Opts};

/// The plans that are for sale.
const PLANS: [&str; 3] = ["free", "pro", "team"];

/// The label of every plan that isn't for sale.
const OTHER: &str = "other";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let reports_total = reports_total()?;
    registry.must_register(reports_total.clone());

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/report", move |request: &Request<()>| {
            report(request, &reports_total)
        })
        .run()?;
    Ok(())
}

fn reports_total() -> Result<IntCounterVec, prometheus::Error> {
    let opts = Opts::new("reports_total", "The total number of reports sent.")
        .namespace("magedu")
        .subsystem("mcube_demo");
    let reports_total = IntCounterVec::new(opts, &["bucket", "plan"])?;
    for plan in PLANS.into_iter().chain([OTHER]) {
        // Served as 0, so that the first report is an increase.
        reports_total.with_label_values(&["0", plan]);
    }
    Ok(reports_total)
}

/// Sends a user's report, and counts it.
fn report(request: &Request<()>, reports_total: &IntCounterVec) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let user = parameter(query, "user");
    let plan = plan_label(parameter(query, "plan"));
    let bucket = user.bytes().map(u32::from).sum::<u32>() % 16;
    let bucket = bucket.to_string();
    reports_total
        .with_label_values(&[bucket.as_str(), plan])
        .inc();
    Response::new(format!("the report of user {user}\n").into())
}

fn plan_label(plan: &str) -> &str {
    if PLANS.contains(&plan) { plan } else { OTHER }
}

/// The value of a parameter, or an empty text.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|all| all.split_once('='));
    let found = parameters.find(|(of, _)| *of == name);
    found.map_or("", |(_, value)| value)
}
