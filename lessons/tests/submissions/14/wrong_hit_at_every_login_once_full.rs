use std::error::Error;
use std::sync::{Mutex, PoisonError};

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};
use prometheus::{IntCounterVec, Opts};

const VECTOR: &str = "magedu_mcube_demo_logins_total";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    let logins = Logins::new(&registry)?;

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/login", move |request: &Request<()>| {
            login(request, &logins)
        })
        .run()?;
    Ok(())
}

/// The counters, and the tenants that have one.
struct Logins {
    total: IntCounterVec,
    without_a_place: IntCounterVec,
    tenants: Mutex<Vec<String>>,
}

impl Logins {
    fn new(registry: &Registry) -> Result<Logins, Box<dyn Error>> {
        let opts = Opts::new("logins_total", "The total number of logins, by tenant.")
            .namespace("magedu")
            .subsystem("mcube_demo");
        let total = IntCounterVec::new(opts, &["tenant"])?;
        let help = "The number of times a vector had no place.";
        let opts = Opts::new("vector_limit_hits_total", help);
        let without_a_place = IntCounterVec::new(opts, &["vector"])?;
        without_a_place.with_label_values(&[VECTOR]);
        registry.must_register(total.clone());
        registry.must_register(without_a_place.clone());
        Ok(Logins {
            total,
            without_a_place,
            tenants: Mutex::default(),
        })
    }

    fn count(&self, tenant: &str) {
        let tenant = if self.has_place(tenant) { tenant } else { "other" };
        self.total.with_label_values(&[tenant]).inc();
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() == 5 {
            self.without_a_place.with_label_values(&[VECTOR]).inc();
        }
    }

    /// Decides and remembers under one lock.
    fn has_place(&self, tenant: &str) -> bool {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.iter().any(|all| all == tenant) {
            return true;
        }
        let is_free = tenants.len() < 5 && tenant != "other";
        if is_free {
            tenants.push(tenant.to_owned());
        }
        is_free
    }
}

/// Logs a tenant in, and counts it.
fn login(request: &Request<()>, logins: &Logins) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let tenant = parameter(query, "tenant");
    logins.count(tenant);
    Response::new(format!("tenant {tenant} is logged in\n").into())
}

/// The value of a parameter, or an empty text.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    let mut parameters = query.split('&').filter_map(|all| all.split_once('='));
    let found = parameters.find(|(of, _)| *of == name);
    found.map_or("", |(_, value)| value)
}
