//! One request, from its head until it is counted.

use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::Method;

use super::http_metrics::{HttpMetrics, method_label};

/// The code of a request whose client left before the response was complete. nginx logs
/// the same; no response has it.
const CLIENT_LEFT: u16 = 499;

/// A request in flight, which is counted when this is dropped: hyper drops the handler
/// and the body of a client that leaves.
pub struct InFlight {
    metrics: HttpMetrics,
    method: &'static str,
    route: Option<MatchedPath>,
    start: Instant,
    code: u16,
}

// ANCHOR: in_flight
impl InFlight {
    pub fn start(
        metrics: HttpMetrics,
        method: &Method,
        route: Option<MatchedPath>,
    ) -> InFlight {
        metrics.in_flight.inc();
        let request = InFlight {
            metrics,
            method: method_label(method),
            route,
            start: Instant::now(),
            code: CLIENT_LEFT,
        };
        // At 0 until the first error, so that `rate` sees that one too.
        let labels = [request.method, request.route_label(), "500"];
        request.metrics.requests.with_label_values(&labels);
        request
    }

    pub fn end(mut self, code: u16) {
        self.code = code;
    }

    /// Returns the route as it was added to the router. The path would be a new series
    /// for whatever a client requests.
    fn route_label(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let HttpMetrics {
            requests,
            duration,
            in_flight,
        } = &self.metrics;
        let (route, code) = (self.route_label(), self.code.to_string());
        requests
            .with_label_values(&[self.method, route, &code])
            .inc();
        let seconds = self.start.elapsed().as_secs_f64();
        duration
            .with_label_values(&[self.method, route])
            .observe(seconds);
        in_flight.dec();
    }
}
// ANCHOR_END: in_flight
