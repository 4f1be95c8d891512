//! One scrape: gather, encode, and respond accordingly.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use http::{Method, Request, Response};
use prometheus::IntCounterVec;

use super::deadline::within;
use super::error_log::write_log;
use super::gzip::gzip;
use super::limits::Coalesced;
use super::method_not_allowed::method_not_allowed;
use super::negotiate::Asked;
use super::status::{failed, unavailable};
use super::{HandlerErrorHandling, HandlerOpts, own_metrics};
use crate::collect::Scrape;
use crate::registry::{GatherError, Gathered, Gatherer, RegisterError};

/// How many scrapes with a timeout may run if the program sets no limit. A scrape past
/// its timeout holds a thread until its collector returns.
const UNLIMITED_WITH_TIMEOUT: usize = 64;

/// Serves the scrapes of one handler.
pub struct Scraper<G> {
    source: Coalesced<G>,
    opts: HandlerOpts,
    errors_total: Option<IntCounterVec>,
}

impl<G: Gatherer + 'static> Scraper<G> {
    pub fn new(source: G, opts: HandlerOpts) -> Result<Scraper<G>, RegisterError> {
        let registry = opts.registry.as_ref();
        let errors_total = registry.map(own_metrics::errors_total).transpose()?;
        let source = Coalesced::new(source);
        Ok(Scraper {
            source,
            opts,
            errors_total,
        })
    }

    /// Returns the response to `request`, within its time limit.
    pub fn answer(self: &Arc<Self>, request: &Request<()>) -> Response<Vec<u8>> {
        let mut response = match *request.method() {
            Method::GET | Method::HEAD => self.answer_in_time(request),
            _ => method_not_allowed(),
        };
        if let Some(start) = self.opts.unix_start() {
            let name = HeaderName::from_static("process-start-time-unix");
            response.headers_mut().insert(name, start);
        }
        response
    }

    fn answer_in_time(self: &Arc<Self>, request: &Request<()>) -> Response<Vec<u8>> {
        let asked = Asked::by(request, &self.opts);
        let time = self.opts.time_for(request);
        let limit = match (self.opts.max_requests_in_flight, time) {
            // Not counted, since it would use up permits of the scrapes with a timeout.
            (0, None) => return self.scrape(&Scrape::default(), &asked),
            (0, Some(_)) => UNLIMITED_WITH_TIMEOUT,
            (limit, _) => limit,
        };
        let Some(permit) = self.opts.in_flight.take(limit) else {
            return unavailable(&format!(
                "Limit of concurrent requests reached ({limit}), try again later.\n"
            ));
        };
        let Some(time) = time else {
            return self.scrape(&Scrape::default(), &asked);
        };
        let scraper = Arc::clone(self);
        within(time, move |deadline| {
            // Held until the collection ends, which may be after the response.
            let _permit = permit;
            scraper.scrape(&Scrape { deadline }, &asked)
        })
    }

    fn scrape(&self, scrape: &Scrape, asked: &Asked) -> Response<Vec<u8>> {
        if self.opts.coalesce_gather {
            return self.respond(&self.source.gather(scrape), asked);
        }
        self.respond(&self.source.gather_alone(scrape), asked)
    }

    fn respond(&self, gathered: &Gathered, asked: &Asked) -> Response<Vec<u8>> {
        if gathered.errors().is_empty() {
            return self.metrics(gathered, asked);
        }
        let errors = joined(gathered.errors());
        // A scrape fails once, whatever the number of errors.
        if let Some(counter) = &self.errors_total {
            counter.with_label_values(&["gathering"]).inc();
        }
        if let Some(log) = &self.opts.error_log {
            write_log(log, &format!("error gathering metrics: {errors}"));
        }
        match self.opts.error_handling {
            HandlerErrorHandling::PanicOnError => panic!("{errors}"),
            HandlerErrorHandling::ContinueOnError
                if !gathered.families().is_empty() =>
            {
                self.metrics(gathered, asked)
            }
            _ => failed(&errors),
        }
    }

    fn metrics(&self, gathered: &Gathered, asked: &Asked) -> Response<Vec<u8>> {
        let mut body = Vec::new();
        let format = asked.format;
        format.write(gathered.families(), |name| asked.wants(name), &mut body);
        let gzipped = (asked.gzip && !body.is_empty()).then(|| gzip(&body));
        let is_gzipped = gzipped.is_some();
        let mut response = Response::new(gzipped.unwrap_or(body));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(format.content_type);
        headers.insert(CONTENT_TYPE, content_type);
        if is_gzipped {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(VARY, HeaderValue::from_static(self.opts.vary()));
        response
    }
}

impl HandlerOpts {
    /// Returns the request headers that a response depends on; Accept may ask for a
    /// format or for escaping.
    fn vary(&self) -> &'static str {
        match self.disable_compression {
            true => "Accept",
            false => "Accept, Accept-Encoding",
        }
    }

    fn unix_start(&self) -> Option<HeaderValue> {
        let since = self
            .process_start_time?
            .duration_since(std::time::UNIX_EPOCH);
        Some(HeaderValue::from(since.ok()?.as_secs()))
    }
}

/// Formats errors as Go's `prometheus.MultiError` does.
fn joined(errors: &[GatherError]) -> String {
    if let [error] = errors {
        return error.to_string();
    }
    let count = errors.iter().map(|error| match error {
        GatherError::Further(more) => *more,
        _ => 1,
    });
    let lines: String = errors.iter().map(|error| format!("\n* {error}")).collect();
    format!("{} error(s) occurred:{lines}", count.sum::<usize>())
}
