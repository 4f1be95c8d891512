//! Metrics of any handler: how many requests, how long they take, how large the
//! responses are, how many are in flight.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use exporter_workbook::exposition::{Family, HistogramValue, Value};
use exporter_workbook::promhttp::{
    Body, Handler, InstrumentError, instrument_handler_counter,
    instrument_handler_duration, instrument_handler_in_flight,
    instrument_handler_response_size,
};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{Server, listen};
use exporter_workbook::testutil;
use http::{Method, Request, Response, StatusCode};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts};

fn requests_total(labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new("requests_total", "Requests."), labels).unwrap()
}

fn histogram(name: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
    let opts = HistogramOpts::new(name, "Help.").buckets(buckets.to_vec());
    HistogramVec::new(opts, labels).unwrap()
}

/// Answers `/found` with ten bytes and status 200, and everything else with 404 and
/// none.
fn found(request: &Request<()>) -> Response<Body> {
    if request.uri().path() == "/found" {
        return Response::new("0123456789".into());
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn panics(_: &Request<()>) -> Response<Body> {
    panic!("on purpose")
}

fn ask(handler: &impl Handler, method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    handler.handle(&request.body(()).unwrap())
}

/// Asserts that `handler` panics with the message of [`panics`].
fn assert_panics(handler: &impl Handler) {
    let panicked = catch_unwind(AssertUnwindSafe(|| ask(handler, "GET", "/found")));
    let words = panicked.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(*words, "on purpose");
}

fn assert_requests(counter: IntCounterVec, samples: &str) {
    let expected = format!(
        "# HELP requests_total Requests.\n# TYPE requests_total counter\n{samples}"
    );
    testutil::collect_and_compare(counter, &expected, &[]).unwrap();
}

/// Returns the labels of each histogram of `vec`, with its count, sum and buckets.
fn histograms(vec: &HistogramVec) -> Vec<(Vec<(String, String)>, HistogramValue)> {
    let registry = Registry::new();
    registry.must_register(vec.clone());
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    let samples = gathered.families().iter().flat_map(Family::samples);
    let value = |value: &Value| match value {
        Value::Histogram(value) => (**value).clone(),
        other => panic!("{other:?}"),
    };
    samples
        .map(|sample| (sample.labels(), value(sample.value())))
        .collect()
}

fn by_code_and_method(code: &str, method: &str) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![pair("code", code), pair("method", method)]
}

#[test]
fn requests_are_counted_by_code_and_method_in_either_order_of_labels() {
    for labels in [["code", "method"], ["method", "code"]] {
        let counter = requests_total(&labels);
        let handler = instrument_handler_counter(counter.clone(), found).unwrap();
        for (method, path) in [
            ("GET", "/found"),
            ("GET", "/found"),
            ("HEAD", "/found"),
            ("GET", "/lost"),
            ("POST", "/lost"),
        ] {
            let direct = found(&Request::builder().uri(path).body(()).unwrap());
            let response = ask(&handler, method, path);
            assert_eq!(response.status(), direct.status());
            let [bytes, expected] =
                [response, direct].map(|response| response.into_body().into_bytes());
            assert_eq!(bytes, expected);
        }
        assert_requests(
            counter,
            "requests_total{code=\"200\",method=\"get\"} 2
             requests_total{code=\"200\",method=\"head\"} 1
             requests_total{code=\"404\",method=\"get\"} 1
             requests_total{code=\"404\",method=\"post\"} 1",
        );
    }
}

#[test]
fn a_vector_needs_neither_label() {
    for (labels, samples) in [
        (&[][..], "requests_total 3"),
        (
            &["code"],
            "requests_total{code=\"200\"} 1\nrequests_total{code=\"404\"} 2",
        ),
        (
            &["method"],
            "requests_total{method=\"get\"} 2\nrequests_total{method=\"put\"} 1",
        ),
    ] {
        let counter = requests_total(labels);
        let handler = instrument_handler_counter(counter.clone(), found).unwrap();
        for (method, path) in [("GET", "/found"), ("GET", "/lost"), ("PUT", "/lost")] {
            ask(&handler, method, path);
        }
        assert_requests(counter, samples);
    }
}

#[test]
fn each_known_method_is_its_own_series_and_all_invented_ones_are_unknown() {
    let counter = requests_total(&["method"]);
    let handler = instrument_handler_counter(counter.clone(), found).unwrap();
    let known = [
        Method::CONNECT,
        Method::DELETE,
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::POST,
        Method::PUT,
        Method::TRACE,
    ];
    for method in &known {
        ask(&handler, method.as_str(), "/found");
    }
    // Methods are in capitals: `get` is a different one.
    for invented in ["BREW", "get", "PROPFIND", "GETS", "X"] {
        ask(&handler, invented, "/found");
    }
    let mut samples: String = known
        .iter()
        .map(|method| method.as_str().to_lowercase())
        .map(|method| format!("requests_total{{method=\"{method}\"}} 1\n"))
        .collect();
    samples.push_str("requests_total{method=\"unknown\"} 5");
    assert_requests(counter, &samples);
}

#[test]
fn a_panic_counts_as_500_and_propagates() {
    let counter = requests_total(&["code", "method"]);
    let seconds = histogram("request_seconds", &[60.0], &["code", "method"]);
    let bytes = histogram("response_bytes", &[60.0], &["code", "method"]);
    let in_flight = IntGauge::new("in_flight", "Requests.").unwrap();
    let handler = instrument_handler_in_flight(in_flight.clone(), panics);
    let handler = instrument_handler_response_size(bytes.clone(), handler).unwrap();
    let handler = instrument_handler_duration(seconds.clone(), handler).unwrap();
    let handler = instrument_handler_counter(counter.clone(), handler).unwrap();
    for _ in 0..2 {
        assert_panics(&handler);
    }
    assert_eq!(in_flight.get(), 0);
    assert_requests(counter, "requests_total{code=\"500\",method=\"get\"} 2");
    for vec in [&seconds, &bytes] {
        let (labels, value) = histograms(vec).remove(0);
        assert_eq!(labels, by_code_and_method("500", "get"));
        assert_eq!((value.count, value.buckets), (2, vec![(60.0, 2)]));
    }
    // A missing response has no bytes.
    assert_eq!(histograms(&bytes)[0].1.sum, 0.0);
}

#[test]
fn a_panicking_handler_is_answered_and_counted_as_500() {
    let counter = requests_total(&["code", "method"]);
    let handler = instrument_handler_counter(counter.clone(), panics).unwrap();
    let listener = listen("127.0.0.1:0").unwrap();
    let url = format!("http://{}/panics", listener.local_addr().unwrap());
    let server = Server::new(listener).route("/panics", handler);
    let served = server.run_until(|| {
        let response = minreq::get(&url).with_timeout(60).send().unwrap();
        assert_eq!(response.status_code, 500);
    });
    served.unwrap();
    assert_requests(counter, "requests_total{code=\"500\",method=\"get\"} 1");
}

#[test]
fn requests_in_flight_are_those_that_are_being_answered() {
    let in_flight = IntGauge::new("in_flight", "Requests.").unwrap();
    let (began, has_begun) = mpsc::sync_channel(0);
    let (go_on, goes_on) = mpsc::channel::<()>();
    let goes_on = std::sync::Mutex::new(goes_on);
    let waits = move |request: &Request<()>| {
        began.send(()).unwrap();
        let _ = goes_on.lock().unwrap().recv();
        found(request)
    };
    let handler = instrument_handler_in_flight(in_flight.clone(), waits);
    thread::scope(|scope| {
        let asked = [(); 3].map(|()| scope.spawn(|| ask(&handler, "GET", "/found")));
        for _ in 0..3 {
            has_begun.recv().unwrap();
        }
        assert_eq!(in_flight.get(), 3);
        drop(go_on);
        for response in asked {
            assert_eq!(response.join().unwrap().status(), 200);
        }
    });
    assert_eq!(in_flight.get(), 0);
}

#[test]
fn sizes_are_those_of_the_bodies() {
    for labels in [["code", "method"], ["method", "code"]] {
        let bytes = histogram("response_bytes", &[0.0, 10.0], &labels);
        let handler = instrument_handler_response_size(bytes.clone(), found).unwrap();
        for path in ["/found", "/found", "/lost"] {
            ask(&handler, "GET", path);
        }
        let observed = |count, sum, at_0, at_10| HistogramValue {
            count,
            sum,
            buckets: vec![(0.0, at_0), (10.0, at_10)],
        };
        assert_eq!(
            histograms(&bytes),
            [
                (by_code_and_method("200", "get"), observed(2, 20.0, 0, 2)),
                (by_code_and_method("404", "get"), observed(1, 0.0, 1, 1)),
            ]
        );
    }
}

/// Answers with two pieces of four bytes, the second of which takes a while.
fn in_pieces(_: &Request<()>) -> Response<Body> {
    let second = || {
        thread::sleep(Duration::from_millis(20));
        b"b 2\n".to_vec()
    };
    let first = iter::once(b"a 1\n".to_vec());
    Response::new(Body::from_pieces(first.chain(iter::once_with(second))))
}

#[test]
fn a_request_in_pieces_ends_when_they_are_taken_or_dropped() {
    for (taken, size) in [(0, 0.0), (1, 4.0), (2, 8.0), (3, 8.0)] {
        let counter = requests_total(&["code", "method"]);
        let seconds = histogram("request_seconds", &[0.01], &["code"]);
        let bytes = histogram("response_bytes", &[60.0], &["code"]);
        let in_flight = IntGauge::new("in_flight", "Requests.").unwrap();
        let handler = instrument_handler_in_flight(in_flight.clone(), in_pieces);
        let handler = instrument_handler_response_size(bytes.clone(), handler).unwrap();
        let handler = instrument_handler_duration(seconds.clone(), handler).unwrap();
        let handler = instrument_handler_counter(counter.clone(), handler).unwrap();
        let mut pieces = ask(&handler, "GET", "/found").into_body().into_pieces();
        for _ in 0..taken.min(2) {
            pieces.next().unwrap();
        }
        assert_eq!(in_flight.get(), 1);
        testutil::collect_and_compare(counter.clone(), "", &[]).unwrap();
        assert_eq!((histograms(&seconds), histograms(&bytes)), (vec![], vec![]));
        if taken > 2 {
            assert_eq!(pieces.next(), None);
            assert_eq!(in_flight.get(), 0);
        }
        drop(pieces);
        assert_eq!(in_flight.get(), 0);
        assert_requests(counter, "requests_total{code=\"200\",method=\"get\"} 1");
        let value = histograms(&bytes).remove(0).1;
        assert_eq!((value.count, value.sum), (1, size));
        let value = histograms(&seconds).remove(0).1;
        assert_eq!(value.count, 1);
        // The second piece alone takes longer than that.
        assert!(taken < 2 || value.buckets == [(0.01, 0)], "{value:?}");
    }
}

#[test]
fn durations_are_in_seconds() {
    let seconds = histogram("request_seconds", &[0.01], &["code"]);
    let sleeps = |request: &Request<()>| {
        thread::sleep(Duration::from_millis(20));
        found(request)
    };
    let handler = instrument_handler_duration(seconds.clone(), sleeps).unwrap();
    for _ in 0..2 {
        ask(&handler, "GET", "/found");
    }
    let (labels, value) = histograms(&seconds).remove(0);
    assert_eq!(labels, [("code".to_owned(), "200".to_owned())]);
    assert_eq!((value.count, value.buckets), (2, vec![(0.01, 0)]));
    assert!((0.04..60.0).contains(&value.sum), "{}", value.sum);
}

fn assert_refused(error: InstrumentError, metric: &str) {
    assert_eq!(
        error,
        InstrumentError {
            metric: metric.to_owned(),
            label: "path".to_owned(),
        }
    );
    assert_eq!(
        error.to_string(),
        format!(
            "`{metric}` has the label `path`, which a handler can't set: it sets only \
             `code` and `method`"
        )
    );
}

#[test]
fn a_vector_with_another_label_is_an_error() {
    let labels = ["code", "path", "method"];
    let error = instrument_handler_counter(requests_total(&labels), found).err();
    assert_refused(error.unwrap(), "requests_total");
    let seconds = histogram("request_seconds", &[1.0], &labels);
    let error = instrument_handler_duration(seconds, found).err();
    assert_refused(error.unwrap(), "request_seconds");
    let bytes = histogram("response_bytes", &[1.0], &labels);
    let error = instrument_handler_response_size(bytes, found).err();
    assert_refused(error.unwrap(), "response_bytes");
}

#[test]
fn a_constant_label_is_the_programs_own() {
    let opts = Opts::new("requests_total", "Requests.").const_label("path", "/found");
    let counter = IntCounterVec::new(opts, &["code"]).unwrap();
    let handler = instrument_handler_counter(counter.clone(), found).unwrap();
    ask(&handler, "GET", "/found");
    assert_requests(counter, "requests_total{code=\"200\",path=\"/found\"} 1");
}
