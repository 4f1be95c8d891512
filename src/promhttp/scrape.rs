//! One scrape: gather, encode, and answer with what came of it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use prometheus::IntCounterVec;
use prometheus::proto::MetricFamily;

use super::limits::{Coalesced, Places, within};
use super::negotiate::{Asked, Format, scrape_timeout};
use super::{HandlerErrorHandling, HandlerOpts, own_metrics, plain_text};
use crate::exposition::{EncodeError, write_open_metrics, write_text};
use crate::gather::{Gathered, Gatherer, discard};
use crate::register::RegisterError;

/// How many scrapes with a timeout may run where the program sets no limit: some of them
/// may be past it, and hold a thread until their collector comes back.
const UNLIMITED_WITH_TIMEOUT: usize = 64;

/// What answers the scrapes of one handler.
pub struct Scraper<G> {
    gatherer: Coalesced<G>,
    opts: HandlerOpts,
    errors_total: Option<IntCounterVec>,
    places: Arc<Places>,
    places_with_timeout: Arc<Places>,
}

impl<G: Gatherer + 'static> Scraper<G> {
    pub fn new(gatherer: G, opts: HandlerOpts) -> Result<Scraper<G>, RegisterError> {
        let registry = opts.registry.as_ref();
        let errors_total = registry.map(own_metrics::errors_total).transpose()?;
        let (places, places_with_timeout) = match opts.max_requests_in_flight {
            0 => (Places::new(usize::MAX), Places::new(UNLIMITED_WITH_TIMEOUT)),
            limit => {
                let places = Places::new(limit);
                (Arc::clone(&places), places)
            }
        };
        Ok(Scraper {
            gatherer: Coalesced::new(gatherer),
            opts,
            errors_total,
            places,
            places_with_timeout,
        })
    }

    /// The answer to `request`, within its time.
    pub fn answer(self: &Arc<Self>, request: &Request<()>) -> Response<Vec<u8>> {
        let gzip = !self.opts.disable_compression;
        let asked = Asked::by(request, self.opts.enable_open_metrics, gzip);
        let timeout = self.timeout(request);
        let places = match timeout {
            Some(_) => &self.places_with_timeout,
            None => &self.places,
        };
        let Some(place) = places.take() else {
            return places.none_left();
        };
        let Some(timeout) = timeout else {
            return self.scrape(&asked);
        };
        let scraper = Arc::clone(self);
        within(timeout, move || {
            // Held until the gather is over, and not only until it is answered.
            let _place = place;
            scraper.scrape(&asked)
        })
    }

    fn timeout(&self, request: &Request<()>) -> Option<Duration> {
        let own = self.opts.timeout.filter(|timeout| !timeout.is_zero());
        let waits = scrape_timeout(request.headers());
        // What is left is for the answer to arrive in.
        let clients = waits.map(|timeout| timeout.mul_f64(0.95));
        own.into_iter().chain(clients).min()
    }

    fn scrape(&self, asked: &Asked) -> Response<Vec<u8>> {
        if self.opts.coalesce_gather {
            return self.respond(&self.gatherer.gather(), asked);
        }
        let gathered = self.gatherer.gather_alone();
        let response = self.respond(&gathered, asked);
        discard(gathered.families);
        response
    }

    fn respond(&self, gathered: &Gathered, asked: &Asked) -> Response<Vec<u8>> {
        let failed = !gathered.errors.is_empty();
        let mut encoded = Encoded::default();
        // The families of a failed gather are of use to `ContinueOnError` alone.
        let handling = self.opts.error_handling;
        if !failed || handling == HandlerErrorHandling::ContinueOnError {
            encoded = Encoded::new(&gathered.families, asked);
        }
        self.report(gathered, &encoded);
        let gathering = gathered.errors.iter().map(ToString::to_string);
        let encoding = encoded.errors.iter().map(ToString::to_string);
        let errors: Vec<String> = gathering.chain(encoding).collect();
        if errors.is_empty() {
            return encoded.response(asked);
        }
        match handling {
            HandlerErrorHandling::PanicOnError => panic!("{}", joined(&errors)),
            HandlerErrorHandling::ContinueOnError
                if !encoded.is_nothing_of(&gathered.families) =>
            {
                encoded.response(asked)
            }
            _ => plain_text(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!(
                    "An error has occurred while serving metrics:\n\n{}\n",
                    joined(&errors)
                ),
            ),
        }
    }

    /// Counts the errors and logs them. A gather fails once, however much is wrong.
    fn report(&self, gathered: &Gathered, encoded: &Encoded) {
        if let Some(counter) = &self.errors_total {
            let count =
                |cause, n: usize| counter.with_label_values(&[cause]).inc_by(n as u64);
            count("gathering", usize::from(!gathered.errors.is_empty()));
            count("encoding", encoded.errors.len());
        }
        let Some(log) = &self.opts.error_log else {
            return;
        };
        if !gathered.errors.is_empty() {
            let errors = gathered.errors.iter().map(ToString::to_string);
            let errors = joined(&errors.collect::<Vec<_>>());
            log(&format!("error gathering metrics: {errors}"));
        }
        for error in &encoded.errors {
            log(&format!(
                "error encoding and sending metric family: {error}"
            ));
        }
    }
}

/// Families as they are sent.
#[derive(Default)]
struct Encoded {
    body: Vec<u8>,
    families: usize,
    errors: Vec<EncodeError>,
}

impl Encoded {
    fn new(families: &[MetricFamily], asked: &Asked) -> Encoded {
        let wanted: Vec<MetricFamily>;
        let families = if asked.names.is_empty() {
            families
        } else {
            let named = |family: &&MetricFamily| {
                asked.names.iter().any(|name| name == family.name())
            };
            wanted = families.iter().filter(named).cloned().collect();
            &wanted
        };
        let mut body = Vec::new();
        let errors = match asked.format {
            Format::Text => write_text(families, &mut body),
            Format::OpenMetrics1 | Format::OpenMetrics0 => {
                write_open_metrics(families, &mut body)
            }
        };
        Encoded {
            body,
            families: families.len() - errors.len(),
            errors,
        }
    }

    /// Whether there is nothing to serve, and not only nothing of what was asked for.
    fn is_nothing_of(&self, families: &[MetricFamily]) -> bool {
        families.is_empty() || (self.families == 0 && !self.errors.is_empty())
    }

    fn response(self, asked: &Asked) -> Response<Vec<u8>> {
        let gzipped = (asked.gzip && !self.body.is_empty()).then(|| gzip(&self.body));
        let encoding = gzipped.is_some().then_some("gzip");
        let mut response = Response::new(gzipped.unwrap_or(self.body));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(asked.format.content_type());
        headers.insert(CONTENT_TYPE, content_type);
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
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
