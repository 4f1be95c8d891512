use std::error::Error;

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use exporter_workbook::vector::{CounterVec, OnLimit};
use http::{Request, Response};
use prometheus::Opts;

/// The most tenants with a series of their own.
const MOST_TENANTS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    let logins_total = logins_total()?;
    registry.must_register(logins_total.clone());

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/login", move |request: &Request<()>| {
            login(request, &logins_total)
        })
        .run()?;
    Ok(())
}

fn logins_total() -> Result<CounterVec, Box<dyn Error>> {
    let opts = Opts::new("logins_total", "The total number of logins, by tenant.")
        .namespace("magedu")
        .subsystem("mcube_demo");
    let logins_total = CounterVec::new(opts, &["tenant"])?;
    Ok(logins_total.limit(MOST_TENANTS, OnLimit::Other))
}

/// Logs a tenant in, and counts it.
fn login(request: &Request<()>, logins_total: &CounterVec) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let tenant = parameter(query, "tenant");
    logins_total.with_label_values(&[tenant]).inc();
    Response::new(format!("tenant {tenant} is logged in\n").into())
}

/// The value of a parameter, or an empty text.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|all| all.split_once('='));
    let found = parameters.find(|(of, _)| *of == name);
    found.map_or("", |(_, value)| value)
}
