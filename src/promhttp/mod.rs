//! From a registry to an HTTP response.
//!
//! The counterpart of Go's `promhttp`. A [`Handler`] is a function of one request to one
//! response in the `http` crate's types: it knows no server, so any server can carry it.
//! [`crate::serve`] is one that does.

mod limits;
mod negotiate;
mod own_metrics;
mod scrape;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use prometheus::Registry;

use self::own_metrics::{InFlight, requests_total};
use self::scrape::Scraper;
use crate::gather::Gatherer;
use crate::register::RegisterError;

/// Answers one request. The body of a `GET` is also the body for a `HEAD`: the server
/// that carries the handler leaves it off, and keeps its length as Content-Length.
pub type Handler = Box<dyn Fn(&Request<()>) -> Response<Vec<u8>> + Send + Sync>;

/// Takes a message for the program's log; it may have several lines.
pub type ErrorLog = Arc<dyn Fn(&str) + Send + Sync>;

/// What a handler does beside serving its families; Go's `promhttp.HandlerOpts`.
#[derive(Clone, Default)]
pub struct HandlerOpts {
    /// Called for each failed gather, and for each family that cannot be written; the
    /// message may have several lines.
    pub error_log: Option<ErrorLog>,
    /// What to do when a gather or the encoding of a family fails.
    pub error_handling: HandlerErrorHandling,
    /// Where to register `promhttp_metric_handler_errors_total`; nowhere if `None`.
    pub registry: Option<Registry>,
    /// Never answers compressed, whatever the client takes.
    pub disable_compression: bool,
    /// How many scrapes may run at once; one more is answered 503. 0 is no limit for
    /// scrapes without a timeout, and 64 for those with one, which may outlive their
    /// answer.
    pub max_requests_in_flight: usize,
    /// After how long a scrape is answered 503; never if `None` or 0. The gather goes on
    /// behind it, as nothing can stop a collector.
    ///
    /// A client that says how long it waits, as Prometheus does by the header
    /// `X-Prometheus-Scrape-Timeout-Seconds`, is answered after 95% of that at the
    /// latest.
    pub timeout: Option<Duration>,
    /// Answers in OpenMetrics where the client prefers it, as Prometheus does.
    pub enable_open_metrics: bool,
    /// When the process started, for the header `Process-Start-Time-Unix` of each answer.
    pub process_start_time: Option<SystemTime>,
    /// Lets scrapes that arrive during a gather share what it brings.
    pub coalesce_gather: bool,
}

impl fmt::Debug for HandlerOpts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerOpts")
            .field("error_log", &self.error_log.as_ref().map(|_| "…"))
            .field("error_handling", &self.error_handling)
            .field("registry", &self.registry)
            .field("disable_compression", &self.disable_compression)
            .field("max_requests_in_flight", &self.max_requests_in_flight)
            .field("timeout", &self.timeout)
            .field("enable_open_metrics", &self.enable_open_metrics)
            .field("process_start_time", &self.process_start_time)
            .field("coalesce_gather", &self.coalesce_gather)
            .finish()
    }
}

/// What a scrape with errors is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandlerErrorHandling {
    /// Status 500 and the errors as text, so that Prometheus sees a failed scrape.
    #[default]
    HttpErrorOnError,
    /// What could be collected, with status 200; 500 when that is nothing.
    ContinueOnError,
    /// A panic, which [`serve`](crate::serve) answers 500, and another server may not.
    PanicOnError,
}

/// Serves the SDK's default registry, with the two metrics of
/// [`instrument_metric_handler`] registered there; Go's `promhttp.Handler`.
///
/// # Errors
///
/// As [`instrument_metric_handler`].
pub fn handler() -> Result<Handler, RegisterError> {
    let registry = prometheus::default_registry();
    let handler = handler_for(registry.clone(), HandlerOpts::default())?;
    instrument_metric_handler(registry, handler)
}

/// Serves what `gatherer` gathers at each request; Go's `promhttp.HandlerFor`.
///
/// It answers `GET` and `HEAD`, in the format and the compression that the request
/// prefers; `?name[]=a&name[]=b` asks for these families alone. Two handlers on one
/// registry share its metrics.
///
/// # Errors
///
/// When `opts.registry` holds the name `promhttp_metric_handler_errors_total` for a
/// collector of another type or description.
///
/// # Panics
///
/// The handler panics on errors of a scrape if `opts.error_handling` says so.
pub fn handler_for(
    gatherer: impl Gatherer + 'static,
    opts: HandlerOpts,
) -> Result<Handler, RegisterError> {
    let start = opts.process_start_time.and_then(unix_seconds);
    let scraper = Arc::new(Scraper::new(gatherer, opts)?);
    Ok(Box::new(move |request| {
        let mut response = match *request.method() {
            Method::GET | Method::HEAD => scraper.answer(request),
            _ => method_not_allowed(),
        };
        if let Some(start) = &start {
            response
                .headers_mut()
                .insert("process-start-time-unix", start.clone());
        }
        response
    }))
}

/// Counts the scrapes that `handler` answers, in `registry`: by status code in
/// `promhttp_metric_handler_requests_total`, and those being served in
/// `promhttp_metric_handler_requests_in_flight`; Go's
/// `promhttp.InstrumentMetricHandler`.
///
/// A scrape is counted once it is answered, so it shows in the next one.
///
/// # Errors
///
/// When `registry` holds one of these names for a collector of another type or
/// description.
pub fn instrument_metric_handler(
    registry: &Registry,
    handler: Handler,
) -> Result<Handler, RegisterError> {
    let requests_total = requests_total(registry)?;
    let in_flight = InFlight::in_registry(registry)?;
    Ok(Box::new(move |request| {
        let _in_flight = in_flight.one();
        let response = handler(request);
        let code = response.status();
        requests_total.with_label_values(&[code.as_str()]).inc();
        response
    }))
}

fn unix_seconds(time: SystemTime) -> Option<HeaderValue> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(HeaderValue::from(since.as_secs()))
}

/// A message that no browser takes for anything but text; Go's `http.Error`.
pub(crate) fn plain_text(status: StatusCode, message: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(message.as_bytes().to_vec());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Status 405 with the methods that a scrape may have.
pub(crate) fn method_not_allowed() -> Response<Vec<u8>> {
    let mut response = plain_text(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed: use GET or HEAD.\n",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
