//! HTTP handlers that serve a registry.
//!
//! The counterpart of Go's `promhttp`. A [`Handler`] maps a request to a response, both
//! in the types of the `http` crate. It knows no server, so it can run in any;
//! [`crate::serve`] is one.

mod body;
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

pub use body::Body;
pub use error_log::{ErrorLog, stderr_log};
pub use instrument::{
    InstrumentError, instrument_handler_counter, instrument_handler_duration,
    instrument_handler_in_flight, instrument_handler_response_size,
};
pub use limits::InFlight;
pub use status::plain_text;

pub(crate) use error_log::write_log;
pub(crate) use method_not_allowed::method_not_allowed;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Response};

use self::own_metrics::{requests_in_flight, requests_total};
use self::scrape::Scraper;
use crate::registry::{IntoGatherer, RegisterError, Registry};

/// Handles requests; closures are handlers.
pub trait Handler: Send + Sync {
    /// Returns the response. The body of a response to `GET` is also returned for
    /// `HEAD`: the server omits it but sends its length as Content-Length, unless the
    /// body is in pieces, none of which is then made.
    fn handle(&self, request: &Request<()>) -> Response<Body>;
}

impl<F> Handler for F
where
    F: Fn(&Request<()>) -> Response<Body> + Send + Sync,
{
    fn handle(&self, request: &Request<()>) -> Response<Body> {
        self(request)
    }
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    fn handle(&self, request: &Request<()>) -> Response<Body> {
        (**self).handle(request)
    }
}

/// A handler of any type.
pub type BoxHandler = Box<dyn Handler>;

impl Handler for BoxHandler {
    fn handle(&self, request: &Request<()>) -> Response<Body> {
        (**self).handle(request)
    }
}

/// The options of a handler; Go's `promhttp.HandlerOpts`.
#[derive(Clone, Default)]
pub struct HandlerOpts {
    /// Receives a message for each failed scrape. A panic in it costs only the message.
    pub error_log: Option<ErrorLog>,
    /// What to do when a scrape has errors.
    pub error_handling: HandlerErrorHandling,
    /// Where to register `promhttp_metric_handler_errors_total`; nowhere if `None`.
    pub registry: Option<Registry>,
    /// Never compresses responses, even if the client accepts it.
    pub disable_compression: bool,
    /// The maximum number of concurrent scrapes; the response to any further one is
    /// status 503. 0 means no limit for scrapes without a timeout and 64 for scrapes
    /// with one, because those may outlive their response.
    pub max_requests_in_flight: usize,
    /// The count of scrapes in progress, shared by all handlers and calls of
    /// [`respond`] that have a clone of these options.
    pub in_flight: InFlight,
    /// The time after which the response to a scrape is status 503; `None` or 0 means
    /// no limit. Nothing can stop the collectors, which continue to their end, but they
    /// can ask for the [time left](crate::collect::Samples::time_left).
    ///
    /// If the client states how long it waits, as Prometheus does in the header
    /// `X-Prometheus-Scrape-Timeout-Seconds`, 95% of that is a limit too.
    pub timeout: Option<Duration>,
    /// Responds in OpenMetrics if the client prefers it, as Prometheus does.
    pub enable_open_metrics: bool,
    /// In OpenMetrics, serves when counters, histograms and summaries were
    /// [created](crate::collect::Added::created), as samples whose names end in
    /// `_created`. By default it doesn't, because Prometheus stores each as a series of
    /// its own, one more for each counter.
    pub enable_open_metrics_text_created_samples: bool,
    /// When the process started, for the header `Process-Start-Time-Unix` of each
    /// response.
    pub process_start_time: Option<SystemTime>,
    /// Lets scrapes that arrive during another one share its result.
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
            .field(
                "enable_open_metrics_text_created_samples",
                &self.enable_open_metrics_text_created_samples,
            )
            .field("process_start_time", &self.process_start_time)
            .field("coalesce_gather", &self.coalesce_gather)
            .finish()
    }
}

/// The response to a scrape that has errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandlerErrorHandling {
    /// Responds with status 500 and the errors as text, so that Prometheus sees a
    /// failed scrape.
    #[default]
    HttpErrorOnError,
    /// Responds with what could be collected and status 200, or with status 500 if that
    /// is nothing.
    ContinueOnError,
    /// Panics. The response of [`serve`](crate::serve) is then status 500; other
    /// servers may not have one.
    PanicOnError,
}

/// Creates a handler for the crate's default registry, and registers the two metrics of
/// [`instrument_metric_handler`] there; Go's `promhttp.Handler`.
///
/// # Errors
///
/// Returns an error if the default registry already holds one of these names.
pub fn handler() -> Result<BoxHandler, RegisterError> {
    let handler = handler_for(prometheus::default_registry(), HandlerOpts::default())?;
    let own = own_metrics::of_default_registry()?;
    Ok(Box::new(instrument_metric_handler(&own, handler)?))
}

/// Creates a handler that serves what `source` gathers at each request; Go's
/// `promhttp.HandlerFor`. A source is a registry or a reference to one, the crate's own
/// registry, or another [`Gatherer`](crate::registry::Gatherer).
///
/// The handler accepts `GET` and `HEAD`, and responds in the format and the compression
/// that the request prefers; `?name[]=a&name[]=b` selects these families. Two handlers
/// that register on one registry share their metrics.
///
/// # Errors
///
/// Returns an error if `opts.registry` holds the name
/// `promhttp_metric_handler_errors_total` for a collector of another type or
/// description.
///
/// # Panics
///
/// Panics if `opts.error_handling` is
/// [`PanicOnError`](HandlerErrorHandling::PanicOnError) and a scrape has errors: then the
/// handler panics, not this function.
pub fn handler_for<K>(
    source: impl IntoGatherer<K>,
    opts: HandlerOpts,
) -> Result<BoxHandler, RegisterError> {
    let scraper = Arc::new(Scraper::new(source.into_gatherer(), opts)?);
    Ok(Box::new(move |request: &Request<()>| {
        scraper.answer(request)
    }))
}

/// Responds to one request from `source`, as a handler for it would. For handlers that
/// create a registry for each request, such as a probe: limits are shared through
/// clones of `opts`.
///
/// The response is status 500 where [`handler_for`] would return an error.
///
/// # Panics
///
/// Panics if the scrape has errors and `opts.error_handling` is
/// [`PanicOnError`](HandlerErrorHandling::PanicOnError).
pub fn respond<K>(
    source: impl IntoGatherer<K>,
    request: &Request<()>,
    opts: &HandlerOpts,
) -> Response<Body> {
    match Scraper::new(source.into_gatherer(), opts.clone()) {
        Ok(scraper) => Arc::new(scraper).answer(request),
        Err(error) => status::failed(&error.to_string()),
    }
}

/// Counts the scrapes that `handler` serves: by status code in
/// `promhttp_metric_handler_requests_total`, and those in progress in
/// `promhttp_metric_handler_requests_in_flight`, both registered with `registry`; Go's
/// `promhttp.InstrumentMetricHandler`.
///
/// A scrape is counted after its response, so the next scrape shows it. One whose body
/// is in pieces is in progress until the last one is sent or the client has left.
///
/// # Errors
///
/// Returns an error if `registry` holds one of these names for a collector of another
/// type or description.
pub fn instrument_metric_handler<H: Handler>(
    registry: &Registry,
    handler: H,
) -> Result<impl Handler + use<H>, RegisterError> {
    let requests_total = requests_total(registry)?;
    let in_flight = requests_in_flight(registry)?;
    let counted = move |request: &Request<()>| {
        let response = handler.handle(request);
        let total = requests_total.with_label_values(&[response.status().as_str()]);
        response.map(|body| body.finally(move |_| total.inc()))
    };
    Ok(instrument_handler_in_flight(in_flight, counted))
}
