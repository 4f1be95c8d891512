//! From a registry to an HTTP response.
//!
//! The counterpart of Go's `promhttp`, and the only module that turns families into
//! bytes. A [`Handler`] is a function of one request to one response in the `http`
//! crate's types: it knows no server, so any server can carry it. [`crate::serve`] is
//! one that does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::gather::{Gatherer, panic_message};
use crate::register::{RegisterError, register_or_existing};

/// Answers one request. The body of a `GET` is also the body for a `HEAD`: the server
/// that carries the handler leaves it off, and keeps its length as Content-Length.
pub type Handler = Box<dyn Fn(&Request<()>) -> Response<Vec<u8>> + Send + Sync>;

/// What a handler does beside serving its families; Go's `promhttp.HandlerOpts`.
#[derive(Clone, Debug, Default)]
pub struct HandlerOpts {
    /// What to do when a gather or the encoding of a family fails.
    pub error_handling: HandlerErrorHandling,
    /// Where to register `promhttp_metric_handler_errors_total`; nowhere if `None`.
    pub registry: Option<Registry>,
}

/// What a scrape with errors is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandlerErrorHandling {
    /// Status 500 and the errors as text, so that Prometheus sees a failed scrape.
    #[default]
    HttpErrorOnError,
    /// What could be collected, with status 200; 500 when that is nothing.
    ContinueOnError,
    /// A panic, for programs that would rather restart.
    PanicOnError,
}

/// Serves the SDK's default registry, with the three metrics of
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
/// It answers `GET` and `HEAD`. Two handlers on one registry share its metrics.
///
/// # Errors
///
/// When `opts.registry` holds a collector named `promhttp_metric_handler_errors_total`
/// that is not this module's.
///
/// # Panics
///
/// The handler panics on errors of a scrape if `opts.error_handling` says so.
pub fn handler_for(
    gatherer: impl Gatherer + 'static,
    opts: HandlerOpts,
) -> Result<Handler, RegisterError> {
    let errors_total = opts.registry.as_ref().map(errors_total).transpose()?;
    Ok(Box::new(move |request| {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return method_not_allowed();
        }
        let scrape = Scrape::new(&gatherer, opts.error_handling);
        if let Some(counter) = &errors_total {
            let count =
                |cause, n: usize| counter.with_label_values(&[cause]).inc_by(n as u64);
            count("gathering", usize::from(scrape.gathering_failed));
            count("encoding", scrape.encoding_errors);
        }
        scrape.response(opts.error_handling)
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
/// When `registry` holds a collector of one of these names that is not this module's.
pub fn instrument_metric_handler(
    registry: &Registry,
    handler: Handler,
) -> Result<Handler, RegisterError> {
    let requests_total = requests_total(registry)?;
    let in_flight = requests_in_flight(registry)?;
    Ok(Box::new(move |request| {
        let _in_flight = InFlight::new(in_flight.clone());
        let response = handler(request);
        let code = response.status();
        requests_total.with_label_values(&[code.as_str()]).inc();
        response
    }))
}

/// One gather, encoded, with the errors met on the way.
struct Scrape {
    body: Vec<u8>,
    errors: Vec<String>,
    gathering_failed: bool,
    encoding_errors: usize,
}

impl Scrape {
    fn new(gatherer: &dyn Gatherer, error_handling: HandlerErrorHandling) -> Scrape {
        let gathered = gatherer.gather();
        let mut errors: Vec<String> =
            gathered.errors.iter().map(ToString::to_string).collect();
        let gathering_failed = !errors.is_empty();
        let mut body = Vec::new();
        // The families of a failed gather are of use to `ContinueOnError` alone.
        let wanted = error_handling == HandlerErrorHandling::ContinueOnError;
        if !gathering_failed || wanted {
            for family in &gathered.families {
                errors.extend(encode(family, &mut body).err());
            }
        }
        let encoding_errors = errors.len() - gathered.errors.len();
        Scrape {
            body,
            errors,
            gathering_failed,
            encoding_errors,
        }
    }

    fn response(self, error_handling: HandlerErrorHandling) -> Response<Vec<u8>> {
        if self.errors.is_empty() {
            return text_format(self.body);
        }
        let errors = joined(&self.errors);
        match error_handling {
            HandlerErrorHandling::PanicOnError => panic!("{errors}"),
            HandlerErrorHandling::ContinueOnError if !self.body.is_empty() => {
                text_format(self.body)
            }
            _ => plain_text(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("An error has occurred while serving metrics:\n\n{errors}\n"),
            ),
        }
    }
}

/// Appends `family` to `body`, or leaves `body` as it was.
fn encode(family: &MetricFamily, body: &mut Vec<u8>) -> Result<(), String> {
    let start = body.len();
    // The SDK's encoder panics on the type `untyped`.
    let encoded = catch_unwind(AssertUnwindSafe(|| {
        TextEncoder::new().encode(std::slice::from_ref(family), body)
    }));
    let reason = match encoded {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => panic_message(&*panic),
    };
    body.truncate(start);
    Err(format!(
        "cannot encode metric family `{}` of type {:?}: {reason}",
        family.name(),
        family.get_field_type()
    ))
}

/// The errors as Go's `prometheus.MultiError` prints them.
fn joined(errors: &[String]) -> String {
    match errors {
        [error] => error.clone(),
        _ => {
            let lines: String = errors.iter().map(|e| format!("\n* {e}")).collect();
            format!("{} error(s) occurred:{lines}", errors.len())
        }
    }
}

fn text_format(body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
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

/// Counts one scrape in flight for as long as it lives, even if its handler panics.
struct InFlight(IntGauge);

impl InFlight {
    fn new(gauge: IntGauge) -> InFlight {
        gauge.inc();
        InFlight(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn errors_total(registry: &Registry) -> Result<IntCounterVec, RegisterError> {
    counter_vec(
        registry,
        "promhttp_metric_handler_errors_total",
        "Total number of internal errors encountered by the promhttp metric handler.",
        "cause",
        &["encoding", "gathering"],
    )
}

fn requests_total(registry: &Registry) -> Result<IntCounterVec, RegisterError> {
    counter_vec(
        registry,
        "promhttp_metric_handler_requests_total",
        "Total number of scrapes by HTTP status code.",
        "code",
        &["200", "500", "503"],
    )
}

/// A counter in `registry` whose first values of `label` are there at 0 from the start,
/// so that a rate over them sees the first error.
fn counter_vec(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: &[&str],
) -> Result<IntCounterVec, RegisterError> {
    let counter = IntCounterVec::new(Opts::new(name, help), &[label])
        .map_err(|error| RegisterError::new(format!("`{name}`"), error))?;
    let counter = register_or_existing(registry, counter)?;
    for value in values {
        counter.with_label_values(&[*value]);
    }
    Ok(counter)
}

fn requests_in_flight(registry: &Registry) -> Result<IntGauge, RegisterError> {
    let name = "promhttp_metric_handler_requests_in_flight";
    let gauge = IntGauge::new(name, "Current number of scrapes being served.")
        .map_err(|error| RegisterError::new(format!("`{name}`"), error))?;
    register_or_existing(registry, gauge)
}
