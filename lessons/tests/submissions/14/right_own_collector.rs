use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};

#[derive(Default)]
struct Counts {
    of_tenants: BTreeMap<String, u64>,
    of_others: u64,
}

#[derive(Clone)]
struct Logins {
    counts: Arc<Mutex<Counts>>,
    logins: Desc,
    hits: Desc,
}

impl Logins {
    fn new() -> Logins {
        let name = "magedu_mcube_demo_logins_total";
        let help = "The total number of logins, by tenant.";
        let hits = "The number of logins without a series of their own.";
        Logins {
            counts: Arc::default(),
            logins: Desc::counter(name, help).label("tenant"),
            hits: Desc::counter("vector_limit_hits_total", hits)
                .const_label("vector", name),
        }
    }

    fn count(&self, tenant: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counts.of_tenants.len() >= 5;
        match counts.of_tenants.get_mut(tenant) {
            Some(logins) => *logins += 1,
            None if is_full || tenant == "other" => counts.of_others += 1,
            None => {
                counts.of_tenants.insert(tenant.to_owned(), 1);
            }
        }
    }
}

impl Collector for Logins {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.logins, &self.hits]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (tenant, logins) in &counts.of_tenants {
            samples.set(&self.logins, *logins as f64, &[tenant]);
        }
        samples.set(&self.logins, counts.of_others as f64, &["other"]);
        samples.set(&self.hits, counts.of_others as f64, &[]);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    let logins = Logins::new();
    registry.must_register(logins.clone());

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/login", move |request: &Request<()>| {
            login(request, &logins)
        })
        .run()?;
    Ok(())
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
