//! One scrape: gather, encode, and respond accordingly.

use std::ops::Deref;
use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use http::{Method, Request, Response};
use prometheus::IntCounterVec;

use super::deadline::within;
use super::error_log::write_log;
use super::gzip::Gzip;
use super::limits::{Coalesced, Permit};
use super::method_not_allowed::method_not_allowed;
use super::negotiate::Asked;
use super::status::{failed, unavailable};
use super::{Body, HandlerErrorHandling, HandlerOpts, own_metrics};
use crate::collect::Scrape;
use crate::exposition::{Family, Pieces};
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
    pub fn answer(self: &Arc<Self>, request: &Request<()>) -> Response<Body> {
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

    fn answer_in_time(self: &Arc<Self>, request: &Request<()>) -> Response<Body> {
        let asked = Asked::by(request, &self.opts);
        let time = self.opts.time_for(request);
        let limit = match (self.opts.max_requests_in_flight, time) {
            // Not counted, since it would use up permits of the scrapes with a timeout.
            (0, None) => return self.scrape(&Scrape::default(), &asked, None),
            (0, Some(_)) => UNLIMITED_WITH_TIMEOUT,
            (limit, _) => limit,
        };
        let Some(permit) = self.opts.in_flight.take(limit) else {
            return unavailable(&format!(
                "Limit of concurrent requests reached ({limit}), try again later.\n"
            ));
        };
        let permit = Some(permit);
        let Some(time) = time else {
            return self.scrape(&Scrape::default(), &asked, permit);
        };
        let scraper = Arc::clone(self);
        within(time, move |deadline| {
            scraper.scrape(&Scrape { deadline }, &asked, permit)
        })
    }

    /// Holds `permit` until the collection ends, which may be after the response, or
    /// until the last piece of the response is sent.
    fn scrape(
        &self,
        scrape: &Scrape,
        asked: &Asked,
        permit: Option<Permit>,
    ) -> Response<Body> {
        let gathered = match self.opts.coalesce_gather {
            true => self.source.gather(scrape),
            false => Arc::new(self.source.gather_alone(scrape)),
        };
        self.respond(gathered, asked, permit)
    }

    fn respond(
        &self,
        gathered: Arc<Gathered>,
        asked: &Asked,
        permit: Option<Permit>,
    ) -> Response<Body> {
        if gathered.errors().is_empty() {
            return self.metrics(gathered, asked, permit);
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
                self.metrics(gathered, asked, permit)
            }
            _ => failed(&errors),
        }
    }

    fn metrics(
        &self,
        gathered: Arc<Gathered>,
        asked: &Asked,
        permit: Option<Permit>,
    ) -> Response<Body> {
        let format = asked.format;
        let families = Families(gathered);
        let text = Pieces::new(format, families, |name| asked.wants(name));
        let mut text = text.peekable();
        let is_gzipped = asked.gzip && text.peek().is_some();
        let mut response = Response::new(match is_gzipped {
            true => body(Gzip::new(text), permit),
            false => body(text, permit),
        });
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

/// The families of a scrape, until they are written.
struct Families(Arc<Gathered>);

impl Deref for Families {
    type Target = [Family];

    fn deref(&self) -> &[Family] {
        self.0.families()
    }
}

/// Creates a body of `pieces`: a whole one if there is only one piece.
fn body(
    mut pieces: impl Iterator<Item = Vec<u8>> + Send + 'static,
    permit: Option<Permit>,
) -> Body {
    let first = pieces.next().unwrap_or_default();
    match pieces.next() {
        None => first.into(),
        Some(second) => {
            let pieces = [first, second].into_iter().chain(pieces);
            Body::from_pieces(pieces).finally(move |_| drop(permit))
        }
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
