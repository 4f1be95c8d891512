//! Metrics of any handler: its requests by code, their duration, the size of the
//! responses and the requests in flight; Go's `promhttp.InstrumentHandler…`.
//!
//! A request ends when its handler returns, or, if the body is in pieces, once these are
//! sent or the client has left.
//!
//! The metrics are the program's own. A vector may have the labels `code` and `method`,
//! and no others.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, StatusCode};
use prometheus::core::Collector;
use prometheus::{HistogramVec, IntCounterVec, IntGauge};

use super::Handler;

use crate::message::debug_is_message;
use crate::names::shown;

/// The error for a vector that has other labels than `code` and `method`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{metric}` has the label `{label}`, which a handler can't set: it sets only `code` \
     and `method`"
)]
pub struct InstrumentError {
    /// The name of the metric.
    pub metric: String,
    /// The name of the label.
    pub label: String,
}

debug_is_message!(InstrumentError);

/// Counts the requests that `handler` is currently handling; Go's
/// `InstrumentHandlerInFlight`.
pub fn instrument_handler_in_flight(
    gauge: IntGauge,
    handler: impl Handler,
) -> impl Handler {
    move |request: &Request<()>| {
        gauge.inc();
        let one = One(gauge.clone());
        let response = handler.handle(request);
        response.map(|body| body.finally(move |_| drop(one)))
    }
}

/// Counts one request until it is dropped, by a panic too.
struct One(IntGauge);

impl Drop for One {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts the requests that `handler` has handled; Go's `InstrumentHandlerCounter`. A
/// request whose handler panics counts with code 500, the response of
/// [`serve`](crate::serve).
///
/// # Errors
///
/// Returns an error if `counter` has a label other than `code` and `method`.
pub fn instrument_handler_counter(
    counter: IntCounterVec,
    handler: impl Handler,
) -> Result<impl Handler, InstrumentError> {
    let labels = Labels::of(&counter)?;
    Ok(observed(handler, labels, move |values, _, _| {
        counter.with_label_values(values).inc();
    }))
}

/// Observes how long `handler` takes, in seconds; Go's `InstrumentHandlerDuration`.
///
/// # Errors
///
/// Returns an error if `histogram` has a label other than `code` and `method`.
pub fn instrument_handler_duration(
    histogram: HistogramVec,
    handler: impl Handler,
) -> Result<impl Handler, InstrumentError> {
    let labels = Labels::of(&histogram)?;
    Ok(observed(handler, labels, move |values, start, _| {
        let seconds = start.elapsed().as_secs_f64();
        histogram.with_label_values(values).observe(seconds);
    }))
}

/// Observes the size of response bodies, in bytes; Go's
/// `InstrumentHandlerResponseSize`.
///
/// # Errors
///
/// Returns an error if `histogram` has a label other than `code` and `method`.
pub fn instrument_handler_response_size(
    histogram: HistogramVec,
    handler: impl Handler,
) -> Result<impl Handler, InstrumentError> {
    let labels = Labels::of(&histogram)?;
    Ok(observed(handler, labels, move |values, _, size| {
        histogram.with_label_values(values).observe(size as f64);
    }))
}

/// Calls `observe` after each request with its label values, its start and the size of
/// its response.
fn observed(
    handler: impl Handler,
    labels: Labels,
    observe: impl Fn(&[&str], Instant, u64) + Send + Sync + 'static,
) -> impl Handler {
    let observe = Arc::new(move |code: StatusCode, method, start, size| {
        observe(&labels.values(code.as_str(), method), start, size);
    });
    move |request: &Request<()>| {
        let start = Instant::now();
        let method = known_method(request.method());
        match catch_unwind(AssertUnwindSafe(|| handler.handle(request))) {
            Ok(response) => {
                let (code, observe) = (response.status(), Arc::clone(&observe));
                let ended = move |size| observe(code, method, start, size);
                response.map(|body| body.finally(ended))
            }
            Err(panic) => {
                observe(StatusCode::INTERNAL_SERVER_ERROR, method, start, 0);
                resume_unwind(panic)
            }
        }
    }
}

/// The labels of a vector, in its order; true is the code.
struct Labels(Vec<bool>);

impl Labels {
    fn of(vec: &impl Collector) -> Result<Labels, InstrumentError> {
        let descs = vec.desc();
        let names = descs.iter().flat_map(|desc| {
            desc.variable_labels
                .iter()
                .map(|label| (&desc.fq_name, label))
        });
        let known = names.map(|(metric, label)| match label.as_str() {
            "code" => Ok(true),
            "method" => Ok(false),
            _ => Err(InstrumentError {
                metric: shown(metric).into_owned(),
                label: shown(label).into_owned(),
            }),
        });
        known.collect::<Result<_, _>>().map(Labels)
    }

    fn values<'a>(&self, code: &'a str, method: &'a str) -> Vec<&'a str> {
        let values = self
            .0
            .iter()
            .map(|is_code| if *is_code { code } else { method });
        values.collect()
    }
}

/// Returns the method in lower case, as Go does. Clients may invent methods, each of
/// which would be a new series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        Method::CONNECT => "connect",
        Method::OPTIONS => "options",
        Method::TRACE => "trace",
        _ => "unknown",
    }
}
