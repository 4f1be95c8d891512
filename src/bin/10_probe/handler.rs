//! The handler of `/probe?target=HOST:PORT`.

use exporter_workbook::http::{Request, StatusCode};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;

use crate::allowed::Allowed;
use crate::probe::Probe;
use crate::server::{Login, Server};

// ANCHOR: handler
pub fn probe(
    allowed: Allowed,
    login: Login,
    opts: HandlerOpts,
) -> impl promhttp::Handler {
    move |request: &Request<()>| {
        let Some(target) = target(request) else {
            let usage = "Exactly one target is needed: /probe?target=HOST:PORT\n";
            return promhttp::plain_text(StatusCode::BAD_REQUEST, usage);
        };
        let Some(server) = allowed.find(&target) else {
            let reason = "The target isn't one of --redis.allow.\n";
            return promhttp::plain_text(StatusCode::FORBIDDEN, reason);
        };
        // A new registry, so that no target has the metrics of another.
        let registry = Registry::new();
        registry.must_register(Probe::new(Server {
            address: server.to_owned(),
            login: login.clone(),
        }));
        promhttp::respond(&registry, request, &opts)
    }
}
// ANCHOR_END: handler

/// Returns the value of the parameter `target`, if there is exactly one.
fn target(request: &Request<()>) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut targets = pairs.filter(|(name, _)| name == "target");
    let (_, target) = targets.next()?;
    let is_one = targets.next().is_none() && !target.is_empty();
    is_one.then(|| target.into_owned())
}
