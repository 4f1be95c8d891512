//! From a registry to an HTTP response.
//!
//! The counterpart of Go's `promhttp`. A [`Handler`] maps one request to one response in
//! the `http` crate's types: it knows no server, so any server can carry it.
//! [`crate::serve`] is one that does.

mod deadline;
mod error_log;
mod gzip;
mod instrument;
mod limits;
mod method_not_allowed;
mod negotiate;
mod own_metrics;
mod scrape;
mod status;

pub use error_log::{ErrorLog, stderr_log};
pub use instrument::{
    InstrumentError, instrument_handler_counter, instrument_handler_duration,
    instrument_handler_in_flight, instrument_handler_response_size,
};
pub use limits::InFlight;

pub(crate) use error_log::write_log;
pub(crate) use method_not_allowed::method_not_allowed;
pub(crate) use status::plain_text;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Response};

use self::own_metrics::{requests_in_flight, requests_total};
use self::scrape::Scraper;
use crate::registry::{IntoGatherer, RegisterError, Registry};

/// Answers one request; closures are handlers.
pub trait Handler: Send + Sync {
    /// The response. The body of a `GET` is also the body for a `HEAD`: the server that
    /// carries the handler leaves it off, and keeps its length as Content-Length.
    fn handle(&self, request: &Request<()>) -> Response<Vec<u8>>;
}

impl<F> Handler for F
where
    F: Fn(&Request<()>) -> Response<Vec<u8>> + Send + Sync,
{
    fn handle(&self, request: &Request<()>) -> Response<Vec<u8>> {
        self(request)
    }
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    fn handle(&self, request: &Request<()>) -> Response<Vec<u8>> {
        (**self).handle(request)
    }
}

/// A handler of any kind.
pub type BoxHandler = Box<dyn Handler>;

impl Handler for BoxHandler {
    fn handle(&self, request: &Request<()>) -> Response<Vec<u8>> {
        (**self).handle(request)
    }
}

/// What a handler does besides serving its families; Go's `promhttp.HandlerOpts`.
#[derive(Clone, Default)]
pub struct HandlerOpts {
    /// Called for each failed scrape. A panic in it costs the message alone.
    pub error_log: Option<ErrorLog>,
    /// What to do when a scrape has errors.
    pub error_handling: HandlerErrorHandling,
    /// Where to register `promhttp_metric_handler_errors_total`; nowhere if `None`.
    pub registry: Option<Registry>,
    /// Never compresses a response, whatever the client accepts.
    pub disable_compression: bool,
    /// How many scrapes may run at once; one more is answered 503. 0 is no limit for
    /// scrapes without a timeout, and 64 for those with one, which may outlive their
    /// response.
    pub max_requests_in_flight: usize,
    /// The scrapes that run, counted by all handlers and calls of [`respond`] that have a
    /// clone of these options.
    pub in_flight: InFlight,
    /// After how long a scrape is answered 503; never if `None` or 0. The collectors go on
    /// to their end, as nothing can stop them, but can ask for the
    /// [time left](crate::collect::Samples::time_left).
    ///
    /// A client that says how long it waits, as Prometheus does by the header
    /// `X-Prometheus-Scrape-Timeout-Seconds`, is answered after 95% of that at the
    /// latest.
    pub timeout: Option<Duration>,
    /// Answers in OpenMetrics if the client prefers it, as Prometheus does.
    pub enable_open_metrics: bool,
    /// When the process started, for the header `Process-Start-Time-Unix` of each response.
    pub process_start_time: Option<SystemTime>,
    /// Lets scrapes that arrive during another share what that one gathers.
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
            .field("in_flight", &self.in_flight)
            .field("timeout", &self.timeout)
            .field("enable_open_metrics", &self.enable_open_metrics)
            .field("process_start_time", &self.process_start_time)
            .field("coalesce_gather", &self.coalesce_gather)
            .finish()
    }
}

/// What is answered to a scrape with errors.
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

/// Serves the crate's default registry, with the two metrics of
/// [`instrument_metric_handler`] registered there; Go's `promhttp.Handler`.
///
/// # Errors
///
/// Returns an error if the default registry has one of these names already.
pub fn handler() -> Result<BoxHandler, RegisterError> {
    let handler = handler_for(prometheus::default_registry(), HandlerOpts::default())?;
    let own = own_metrics::of_default_registry()?;
    Ok(Box::new(instrument_metric_handler(&own, handler)?))
}

/// Serves what `source` gathers at each request: a registry or a reference to one, the
/// crate's own registry, or another [`Gatherer`](crate::registry::Gatherer); Go's
/// `promhttp.HandlerFor`.
///
/// It answers `GET` and `HEAD`, in the format and the compression that the request
/// prefers; `?name[]=a&name[]=b` asks for these families alone. Two handlers on one
/// registry share its metrics.
///
/// # Errors
///
/// Returns an error if `opts.registry` holds the name
/// `promhttp_metric_handler_errors_total` for a collector of another type or description.
///
/// # Panics
///
/// The handler panics on errors of a scrape if `opts.error_handling` says so.
pub fn handler_for<K>(
    source: impl IntoGatherer<K>,
    opts: HandlerOpts,
) -> Result<BoxHandler, RegisterError> {
    let scraper = Arc::new(Scraper::new(source.into_gatherer(), opts)?);
    Ok(Box::new(move |request: &Request<()>| {
        scraper.answer(request)
    }))
}

/// Answers one request from `source`, as a handler for it would: for a handler that makes a
/// registry for each request, such as a probe. What limits such requests is shared through
/// clones of `opts`.
///
/// An error that [`handler_for`] would return is answered 500.
///
/// # Panics
///
/// Panics on errors of the scrape if `opts.error_handling` says so.
pub fn respond<K>(
    source: impl IntoGatherer<K>,
    request: &Request<()>,
    opts: &HandlerOpts,
) -> Response<Vec<u8>> {
    match Scraper::new(source.into_gatherer(), opts.clone()) {
        Ok(scraper) => Arc::new(scraper).answer(request),
        Err(error) => status::failed(&error.to_string()),
    }
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
/// Returns an error if `registry` holds one of these names for a collector of another type
/// or description.
pub fn instrument_metric_handler<H: Handler>(
    registry: &Registry,
    handler: H,
) -> Result<impl Handler + use<H>, RegisterError> {
    let requests_total = requests_total(registry)?;
    let in_flight = requests_in_flight(registry)?;
    let counted = move |request: &Request<()>| {
        let response = handler.handle(request);
        let code = response.status();
        requests_total.with_label_values(&[code.as_str()]).inc();
        response
    };
    Ok(instrument_handler_in_flight(in_flight, counted))
}
