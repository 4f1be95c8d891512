//! The metrics of an HTTP service: requests, errors and durations. To copy with
//! `layer.rs`, `counted_body.rs` and `in_flight.rs`.

use std::error::Error;

use axum::http::Method;
use exporter_workbook::registry::Registry;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts};

// ANCHOR: buckets
/// The objective is 99% of responses within 0.3 s. With a bound at 0.3, the share of
/// requests within it is exact; the bounds around it show by how much others miss it.
const BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0];
// ANCHOR_END: buckets

#[derive(Clone)]
pub struct HttpMetrics {
    pub requests: IntCounterVec,
    pub duration: HistogramVec,
    pub in_flight: IntGauge,
}

impl HttpMetrics {
    /// Creates the metrics, and registers them with `registry`.
    pub fn new(registry: &Registry) -> Result<HttpMetrics, Box<dyn Error>> {
        let help = "The total number of requests, by how they ended.";
        let opts = Opts::new("http_requests_total", help);
        let requests = IntCounterVec::new(opts, &["method", "route", "code"])?;
        let help = "The time until a request's response is produced, body included.";
        let opts = HistogramOpts::new("http_request_duration_seconds", help);
        let opts = opts.buckets(BUCKETS.to_vec());
        let duration = HistogramVec::new(opts, &["method", "route"])?;
        let help = "The number of requests whose response isn't produced yet.";
        let in_flight = IntGauge::new("http_requests_in_flight", help)?;
        registry.register(requests.clone())?;
        registry.register(duration.clone())?;
        registry.register(in_flight.clone())?;
        Ok(HttpMetrics {
            requests,
            duration,
            in_flight,
        })
    }
}

// ANCHOR: method
/// HTTP lets clients make up methods too.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "unknown",
    }
}
// ANCHOR_END: method
