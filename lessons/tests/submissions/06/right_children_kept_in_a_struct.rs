use std::error::Error;

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};
use prometheus::{IntCounter, IntCounterVec, Opts};

struct Reports {
    free: IntCounter,
    pro: IntCounter,
    team: IntCounter,
    other: IntCounter,
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let vector = reports_total()?;
    registry.must_register(vector.clone());
    let reports = Reports {
        free: vector.with_label_values(&["free"]),
        pro: vector.with_label_values(&["pro"]),
        team: vector.with_label_values(&["team"]),
        other: vector.with_label_values(&["other"]),
    };

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/report", move |request: &Request<()>| {
            report(request, &reports)
        })
        .run()?;
    Ok(())
}

fn reports_total() -> Result<IntCounterVec, prometheus::Error> {
    let opts = Opts::new("reports_total", "The total number of reports sent.")
        .namespace("magedu")
        .subsystem("mcube_demo");
    IntCounterVec::new(opts, &["plan"])
}

/// Sends a user's report, and counts it.
fn report(request: &Request<()>, reports: &Reports) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let user = parameter(query, "user");
    reports.of(parameter(query, "plan")).inc();
    Response::new(format!("the report of user {user}\n").into())
}

impl Reports {
    fn of(&self, plan: &str) -> &IntCounter {
        match plan {
            "free" => &self.free,
            "pro" => &self.pro,
            "team" => &self.team,
            _ => &self.other,
        }
    }
}

/// The value of a parameter, or an empty text.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|all| all.split_once('='));
    let found = parameters.find(|(of, _)| *of == name);
    found.map_or("", |(_, value)| value)
}
