//! The handlers, row by row of what Go's `promhttp` does.
//!
//! A row is one request and its response, from the handler as a function and over HTTP.
//! What needs more than one request has a test of its own below.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod families;

use std::io::Read;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use exporter_workbook::collect::{Collector, Scrape, collector_fn, value_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{
    self, Body, BoxHandler, Handler, HandlerErrorHandling, HandlerOpts,
    instrument_metric_handler,
};
use exporter_workbook::registry::{
    GatherError, Gathered, Gatherer, Gatherers, IntoGatherer, Registry, gatherer_fn,
};
use exporter_workbook::serve::Server;
use exporter_workbook::testutil;
use families::{collects, counter, family, gauge, gauges};
use http::{Method, Request, Response};
use prometheus::Gauge;
use prometheus::core::Collector as _;
use prometheus::proto::{MetricFamily, MetricType};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const OPEN_METRICS_1: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
const OPEN_METRICS_0: &str =
    "application/openmetrics-text; version=0.0.1; charset=utf-8";

/// What Prometheus 2.42 sends.
const PROMETHEUS_ACCEPTS: &str = "application/openmetrics-text;version=1.0.0,\
     application/openmetrics-text;version=0.0.1;q=0.75,\
     text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// What Prometheus 3.4 and later versions send.
const PROMETHEUS_3_ACCEPTS: &str = "application/openmetrics-text;version=1.0.0;\
     escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,\
     text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
     text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// One request and its response.
struct Row {
    name: String,
    handler: fn() -> BoxHandler,
    method: Method,
    path: &'static str,
    header: Option<(&'static str, String)>,
    status: u16,
    content_type: &'static str,
    /// Names and values of other headers; an empty value if the header is absent.
    headers: Vec<(&'static str, String)>,
    /// The decompressed body.
    body: String,
}

/// Creates a row whose response has two gauges.
fn row(name: impl Into<String>) -> Row {
    Row {
        name: name.into(),
        handler: || handler_for(gatherer_fn(two_gauges), HandlerOpts::default()),
        method: Method::GET,
        path: "/metrics",
        header: None,
        status: 200,
        content_type: TEXT,
        headers: vec![("content-encoding", String::new())],
        body: format!("{A}{B}"),
    }
}

const A: &str = "# HELP a Help.\n# TYPE a gauge\na 1\n";
const B: &str = "# HELP b Help.\n# TYPE b gauge\nb 2\n";
const OPEN_METRICS: &str = "# HELP a Help.\n# TYPE a gauge\na 1.0\n\
                            # HELP b Help.\n# TYPE b gauge\nb 2.0\n# EOF\n";

fn two_gauges() -> Gathered {
    Gathered::from(vec![
        gauges("a", vec![gauge(1.0, &[])]),
        gauges("b", vec![gauge(2.0, &[])]),
    ])
}

fn open_metrics_enabled() -> BoxHandler {
    let opts = HandlerOpts {
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    handler_for(gatherer_fn(two_gauges), opts)
}

fn errors_of_gathers() -> Row {
    Row {
        status: 500,
        content_type: PLAIN,
        headers: vec![
            ("x-content-type-options", "nosniff".to_owned()),
            ("content-encoding", String::new()),
        ],
        header: Some(("accept-encoding", "gzip".to_owned())),
        ..row("")
    }
}

/// Rows 1 to 3, and 7.
#[allow(clippy::too_many_lines, reason = "a table")]
fn rows_of_handlers() -> Vec<Row> {
    vec![
        Row {
            handler: || handler_for(Registry::new(), HandlerOpts::default()),
            body: String::new(),
            ..row("2 handler_for without a registry adds nothing")
        },
        Row {
            handler: || {
                let registry = Registry::new();
                handler_for(&registry, with_errors_in(&registry))
            },
            body: ERRORS_TOTAL.to_owned(),
            ..row("3 handler_for with a registry adds its errors at 0")
        },
        Row {
            handler: || instrumented(&Registry::new()),
            body: format!("{ERRORS_TOTAL}{REQUESTS}"),
            ..row("4 and instrumented it has all three")
        },
        Row {
            name: "7 a failed gather is answered 500".to_owned(),
            handler: || handler_for(failing(&["no sensor"]), HandlerOpts::default()),
            body: "An error has occurred while serving metrics:\n\n\
                   a collector panicked: no sensor (the program's log says where)\n"
                .to_owned(),
            ..errors_of_gathers()
        },
        Row {
            name: "7 several errors are counted and listed".to_owned(),
            handler: || {
                handler_for(failing(&["no sensor", "no disk"]), HandlerOpts::default())
            },
            body: "An error has occurred while serving metrics:\n\n\
                   2 error(s) occurred:\n\
                   * a collector panicked: no sensor (the program's log says where)\n\
                   * a collector panicked: no disk (the program's log says where)\n"
                .to_owned(),
            ..errors_of_gathers()
        },
        Row {
            handler: || handler_for(failing(&["no sensor"]), continue_on_error()),
            body: GOOD.to_owned(),
            ..row("8 ContinueOnError serves what there is")
        },
        Row {
            handler: || handler_for(failing(&["no sensor"]), continue_on_error()),
            path: "/metrics?name[]=other",
            body: String::new(),
            ..row("8 and 14 ContinueOnError serves nothing of what nobody has")
        },
        Row {
            name: "8 ContinueOnError is 500 when there is nothing".to_owned(),
            handler: || {
                let nothing = Failing {
                    good: Vec::new(),
                    errors: &["no sensor"],
                };
                handler_for(nothing, continue_on_error())
            },
            body: "An error has occurred while serving metrics:\n\n\
                   a collector panicked: no sensor (the program's log says where)\n"
                .to_owned(),
            ..errors_of_gathers()
        },
    ]
}

fn process_started() -> HandlerOpts {
    HandlerOpts {
        process_start_time: Some(
            SystemTime::UNIX_EPOCH + Duration::from_millis(1_500_000_000_999),
        ),
        ..HandlerOpts::default()
    }
}

/// Rows 13 to 16, and 21.
#[allow(clippy::too_many_lines, reason = "a table")]
fn rows_of_requests() -> Vec<Row> {
    let start = || vec![("process-start-time-unix", "1500000000".to_owned())];
    vec![
        Row {
            handler: || handler_for(gatherer_fn(two_gauges), process_started()),
            headers: start(),
            ..row("13 ProcessStartTime is a header")
        },
        Row {
            name: "13 ProcessStartTime is a header of errors too".to_owned(),
            handler: || handler_for(failing(&["no sensor"]), process_started()),
            headers: start(),
            body: "An error has occurred while serving metrics:\n\n\
                   a collector panicked: no sensor (the program's log says where)\n"
                .to_owned(),
            ..errors_of_gathers()
        },
        Row {
            path: "/metrics?name[]=b",
            body: B.to_owned(),
            ..row("14 name[] asks for one family")
        },
        Row {
            path: "/metrics?name%5B%5D=a&other=1&name%5b%5d=b&name[]=c",
            ..row("14 name[] may be encoded and repeated")
        },
        Row {
            path: "/metrics?name[]=c",
            body: String::new(),
            ..row("14 an unknown name is an empty page")
        },
        Row {
            path: "/metrics?name=b&na%6de[]",
            body: String::new(),
            ..row("14 a name[] without a value is the empty name, which none has")
        },
        Row {
            method: Method::HEAD,
            headers: vec![("content-length", "68".to_owned())],
            ..row("15 HEAD is answered as GET")
        },
        Row {
            method: Method::POST,
            status: 405,
            content_type: PLAIN,
            headers: vec![("allow", "GET, HEAD".to_owned())],
            body: "Method not allowed: use GET or HEAD.\n".to_owned(),
            ..row("15 other methods are not allowed")
        },
        Row {
            handler: || handler_for(Registry::new(), HandlerOpts::default()),
            headers: vec![("content-length", "0".to_owned())],
            header: Some(("accept-encoding", "gzip".to_owned())),
            body: String::new(),
            ..row("21 an empty registry is an empty page")
        },
    ]
}

/// Rows 16 to 18: Accept, and the format of the response.
#[allow(clippy::too_many_lines, reason = "a table")]
fn rows_of_formats() -> Vec<Row> {
    let accepts = |accept: &str, content_type: &'static str| Row {
        handler: open_metrics_enabled,
        header: Some(("accept", accept.to_owned())),
        content_type,
        body: match content_type.starts_with("text/plain") {
            true => format!("{A}{B}"),
            false => OPEN_METRICS.to_owned(),
        },
        ..row(format!("17 Accept: {accept}"))
    };
    let open_metrics = "application/openmetrics-text";
    vec![
        accepts("", TEXT),
        accepts("*/*", TEXT),
        accepts("application/json", TEXT),
        accepts("text/plain", TEXT),
        accepts("text/plain;version=0.0.4", TEXT),
        accepts(open_metrics, OPEN_METRICS_0),
        accepts("application/openmetrics-text;version=0.0.1", OPEN_METRICS_0),
        accepts(
            "application/openmetrics-text; version=1.0.0",
            OPEN_METRICS_1,
        ),
        accepts(
            "Application/OpenMetrics-Text; Version=\"1.0.0\"",
            OPEN_METRICS_1,
        ),
        accepts("application/openmetrics-text;version=2.0.0", TEXT),
        accepts(
            "text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.6",
            OPEN_METRICS_1,
        ),
        accepts(
            "text/plain;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5",
            TEXT,
        ),
        accepts(
            "text/plain, application/openmetrics-text;version=1.0.0",
            TEXT,
        ),
        accepts("application/openmetrics-text;q=0", TEXT),
        accepts("application/openmetrics-text;q=x, text/plain;q=0.1", TEXT),
        accepts(
            "*/*, application/openmetrics-text;version=1.0.0;q=0.1",
            OPEN_METRICS_1,
        ),
        accepts(PROMETHEUS_ACCEPTS, OPEN_METRICS_1),
        accepts(
            PROMETHEUS_3_ACCEPTS,
            "application/openmetrics-text; version=1.0.0; charset=utf-8; \
             escaping=allow-utf-8",
        ),
        Row {
            header: Some(("accept", PROMETHEUS_3_ACCEPTS.to_owned())),
            content_type: "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
            ..row("17 text 1.0.0 where OpenMetrics is not enabled")
        },
        accepts(
            "text/plain;version=1.0.0",
            "text/plain; version=1.0.0; charset=utf-8",
        ),
        accepts("text/plain;version=1.0.1", TEXT),
        accepts(
            "text/plain;escaping=dots",
            "text/plain; version=0.0.4; charset=utf-8; escaping=dots",
        ),
        accepts(
            "text/plain;version=0.0.4;escaping=\"values\"",
            "text/plain; version=0.0.4; charset=utf-8; escaping=values",
        ),
        accepts(
            "text/plain;version=1.0.0;escaping=anything",
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
        ),
        accepts(
            "application/openmetrics-text;Escaping=underscores",
            "application/openmetrics-text; version=0.0.1; charset=utf-8; \
             escaping=underscores",
        ),
        accepts("application/json;escaping=values, text/plain", TEXT),
        accepts("text/plain, text/plain;escaping=values", TEXT),
        Row {
            header: Some(("accept", PROMETHEUS_ACCEPTS.to_owned())),
            ..row("17 text where OpenMetrics is not enabled")
        },
        Row {
            handler: || {
                let opts = HandlerOpts {
                    enable_open_metrics: true,
                    ..HandlerOpts::default()
                };
                handler_for(Registry::new(), opts)
            },
            header: Some(("accept", PROMETHEUS_ACCEPTS.to_owned())),
            content_type: OPEN_METRICS_1,
            body: "# EOF\n".to_owned(),
            ..row("18 OpenMetrics ends with its mark, and 21 has nothing else")
        },
    ]
}

/// Rows 19 and 20: Accept-Encoding, and whether the response is compressed.
#[allow(clippy::too_many_lines, reason = "a table")]
fn rows_of_encodings() -> Vec<Row> {
    let encodings = [
        ("", false),
        ("gzip", true),
        ("GZIP", true),
        ("gzip, deflate, br", true),
        ("deflate, gzip;q=1.0, *;q=0.5", true),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
        ("identity;q=0.5, gzip;q=0.6", true),
        ("gzip;q=0.001", true),
        ("identity;q=0, gzip", true),
        ("gzip, *;q=0", true),
        ("*", false),
        ("identity", false),
        ("identity, gzip", false),
        ("gzip;q=0", false),
        ("gzip;q=0.5, identity", false),
        ("gzip;q=0.5, *", false),
        ("gzip;q=2", false),
        ("gzip;q=-1", false),
        ("gzip;q=nan", false),
        ("gzip;q=1e0", false),
        ("gzip;q=+1", false),
        ("deflate, br", false),
        ("gzipped", false),
    ];
    let rows = encodings.iter().map(|(accept, gzip)| {
        let encoding = if *gzip { "gzip" } else { "" };
        Row {
            header: Some(("accept-encoding", (*accept).to_owned())),
            headers: vec![("content-encoding", encoding.to_owned())],
            ..row(format!("19 Accept-Encoding: {accept}"))
        }
    });
    let disabled = Row {
        handler: || {
            let opts = HandlerOpts {
                disable_compression: true,
                ..HandlerOpts::default()
            };
            handler_for(gatherer_fn(two_gauges), opts)
        },
        header: Some(("accept-encoding", "gzip".to_owned())),
        ..row("20 DisableCompression")
    };
    rows.chain([disabled]).collect()
}

fn rows() -> impl Iterator<Item = Row> {
    rows_of_handlers()
        .into_iter()
        .chain(rows_of_requests())
        .chain(rows_of_formats())
        .chain(rows_of_encodings())
}

fn gunzipped(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(body);
    decoder.read_to_end(&mut plain).unwrap();
    plain
}

/// Asserts that the response matches the row.
fn assert_row(row: &Row, status: u16, header: &dyn Fn(&str) -> String, body: &[u8]) {
    let name = &row.name;
    assert_eq!(status, row.status, "{name}");
    assert_eq!(header("content-type"), row.content_type, "{name}");
    for (key, value) in &row.headers {
        // The function sets no length; the server does.
        if *key != "content-length" || !header(key).is_empty() {
            assert_eq!(header(key), *value, "{name}: {key}");
        }
    }
    let body = match header("content-encoding").as_str() {
        "gzip" => gunzipped(body),
        _ => body.to_vec(),
    };
    assert_eq!(String::from_utf8(body).unwrap(), row.body, "{name}");
}

#[test]
fn each_row_holds_for_the_handler_as_a_function() {
    for row in rows() {
        let mut request = Request::builder().method(&row.method).uri(row.path);
        if let Some((name, value)) = &row.header {
            request = request.header(*name, value);
        }
        let response = (row.handler)().handle(&request.body(()).unwrap());
        let (parts, body) = response.into_parts();
        let header = |name: &str| match parts.headers.get(name) {
            Some(value) => value.to_str().unwrap().to_owned(),
            None => String::new(),
        };
        let status = parts.status.as_u16();
        assert_row(&row, status, &header, &body.into_bytes());
    }
}

#[test]
fn each_row_holds_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::new(listener);
    for (number, row) in rows().enumerate() {
        server = server.route(&format!("/{number}"), (row.handler)());
    }
    let asked = server.run_until(|| {
        for (number, mut row) in rows().enumerate() {
            let path = row.path.replace("/metrics", &format!("/{number}"));
            let method = match row.method {
                Method::HEAD => minreq::Method::Head,
                Method::POST => minreq::Method::Post,
                _ => minreq::Method::Get,
            };
            let mut request =
                minreq::Request::new(method, format!("http://{address}{path}"));
            if let Some((name, value)) = &row.header {
                request = request.with_header(*name, value);
            }
            let response = request.with_timeout(60).send().unwrap();
            if row.method == Method::HEAD {
                row.body = String::new();
            }
            let header =
                |name: &str| response.header(name).unwrap_or_default().to_owned();
            assert_row(&row, response.status_code, &header, response.as_bytes());
        }
    });
    asked.unwrap();
}

fn get(handler: &impl Handler) -> Response<Body> {
    handler.handle(&Request::new(()))
}

fn body(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().into_bytes()).unwrap()
}

fn scrape(handler: &impl Handler) -> String {
    let response = get(handler);
    assert_eq!(response.status(), 200);
    body(response)
}

fn handler_for<K>(source: impl IntoGatherer<K>, opts: HandlerOpts) -> BoxHandler {
    promhttp::handler_for(source, opts).unwrap()
}

fn with_errors_in(registry: &Registry) -> HandlerOpts {
    HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    }
}

fn instrumented(registry: &Registry) -> BoxHandler {
    let inner = handler_for(registry, with_errors_in(registry));
    Box::new(instrument_metric_handler(registry, inner).unwrap())
}

const ERRORS_TOTAL: &str = "\
# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the promhttp metric handler.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause=\"encoding\"} 0
promhttp_metric_handler_errors_total{cause=\"gathering\"} 0
";

const REQUESTS: &str = "\
# HELP promhttp_metric_handler_requests_in_flight Current number of scrapes being served.
# TYPE promhttp_metric_handler_requests_in_flight gauge
promhttp_metric_handler_requests_in_flight 1
# HELP promhttp_metric_handler_requests_total Total number of scrapes by HTTP status code.
# TYPE promhttp_metric_handler_requests_total counter
promhttp_metric_handler_requests_total{code=\"200\"} 0
promhttp_metric_handler_requests_total{code=\"500\"} 0
promhttp_metric_handler_requests_total{code=\"503\"} 0
";

#[test]
fn handler_serves_the_default_registry_and_counts_its_requests_but_no_errors() {
    let text = scrape(&promhttp::handler().unwrap());
    assert!(text.ends_with(REQUESTS), "{text}");
    assert!(!text.contains("errors_total"));
}

#[test]
fn instrument_metric_handler_counts_a_scrape_once_it_is_answered() {
    let handler = instrumented(&Registry::new());
    let first = format!("{ERRORS_TOTAL}{REQUESTS}");
    assert_eq!(scrape(&handler), first);
    let (at_0, at_1) = ("{code=\"200\"} 0", "{code=\"200\"} 1");
    assert_eq!(scrape(&handler), first.replace(at_0, at_1));
}

#[test]
fn a_scrape_in_pieces_is_in_flight_until_they_are_taken() {
    let registry = Registry::new();
    let pieces = |_: &Request<()>| {
        Response::new(Body::from_pieces(std::iter::once(b"a 1\n".to_vec())))
    };
    let handler = instrument_metric_handler(&registry, pieces).unwrap();
    let response = get(&handler);
    testutil::gather_and_compare(&registry, REQUESTS, &[]).unwrap();
    assert_eq!(body(response), "a 1\n");
    let expected = REQUESTS
        .replace("in_flight 1", "in_flight 0")
        .replace("{code=\"200\"} 0", "{code=\"200\"} 1");
    testutil::gather_and_compare(&registry, &expected, &[]).unwrap();
}

#[test]
fn two_handlers_on_one_registry_share_their_metrics() {
    let registry = Registry::new();
    let (one, other) = (instrumented(&registry), instrumented(&registry));
    scrape(&one);
    scrape(&other);
    assert!(scrape(&one).contains("requests_total{code=\"200\"} 2\n"));
}

#[test]
fn a_name_that_a_stranger_holds_is_an_error() {
    let registry = Registry::new();
    let name = "promhttp_metric_handler_requests_in_flight";
    let help = "Current number of scrapes being served.";
    registry.must_register(Gauge::new(name, help).unwrap());
    let inner = handler_for(&registry, HandlerOpts::default());
    let error = instrument_metric_handler(&registry, inner).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "`{name}` is registered already: register it once and change its value \
             through a clone, or leave out one of the two collectors"
        )
    );
}

#[test]
fn a_scrape_is_no_longer_in_flight_after_a_panic() {
    let registry = Registry::new();
    let panics = |_: &Request<()>| -> Response<Body> { panic!("on purpose") };
    let handler = instrument_metric_handler(&registry, panics).unwrap();
    catch_unwind(AssertUnwindSafe(|| get(&handler))).unwrap_err();
    let in_flight = "promhttp_metric_handler_requests_in_flight";
    let expected =
        REQUESTS.replace(&format!("{in_flight} 1"), &format!("{in_flight} 0"));
    testutil::gather_and_compare(&registry, &expected, &[]).unwrap();
}

// Errors.

/// Gathers `good`, and fails with `errors`.
struct Failing {
    good: Vec<MetricFamily>,
    errors: &'static [&'static str],
}

impl Gatherer for Failing {
    fn gather_for(&self, _: &Scrape) -> Gathered {
        let error = |text: &&str| GatherError::Panicked {
            collector: "a collector".to_owned(),
            message: text.to_string(),
        };
        let gathered = Gathered::from(self.good.clone());
        let errors = self.errors.iter().map(error);
        let errors = errors.chain(gathered.errors().to_vec()).collect();
        Gathered::new(gathered.into_families(), errors)
    }
}

fn good() -> Vec<MetricFamily> {
    Gauge::new("queue_length", "Items.").unwrap().collect()
}

const GOOD: &str =
    "# HELP queue_length Items.\n# TYPE queue_length gauge\nqueue_length 0\n";

fn failing(errors: &'static [&'static str]) -> Failing {
    let good = good();
    Failing { good, errors }
}

/// Returns a family that no parser accepts.
fn misnamed() -> MetricFamily {
    gauges("a b", vec![gauge(1.0, &[])])
}

fn continue_on_error() -> HandlerOpts {
    HandlerOpts {
        error_handling: HandlerErrorHandling::ContinueOnError,
        ..HandlerOpts::default()
    }
}

#[test]
fn row_9_panic_on_error_panics_with_the_error() {
    // With a timeout, it panics on another thread first.
    for timeout in [None, Some(Duration::from_secs(60))] {
        let opts = HandlerOpts {
            error_handling: HandlerErrorHandling::PanicOnError,
            timeout,
            ..HandlerOpts::default()
        };
        let handler = handler_for(failing(&["no sensor"]), opts);
        let panic = catch_unwind(AssertUnwindSafe(|| get(&handler))).unwrap_err();
        assert_eq!(
            *panic.downcast::<String>().unwrap(),
            "a collector panicked: no sensor (the program's log says where)"
        );
    }
}

#[test]
fn a_family_that_cannot_be_written_is_an_error_of_gathering() {
    let families = || gatherer_fn(|| vec![misnamed(), good().remove(0)].into());
    let response = get(&handler_for(families(), HandlerOpts::default()));
    assert_eq!(response.status(), 500);
    assert_eq!(
        body(response),
        "An error has occurred while serving metrics:\n\n\
         a source of families reported `a b`: `a b` isn't a metric name: use letters, \
         digits, `_` and `:`, but no leading digit\n"
    );
    assert_eq!(scrape(&handler_for(families(), continue_on_error())), GOOD);
}

/// Fails with two errors, and returns a family that can't be written.
fn failing_threefold() -> Failing {
    Failing {
        good: vec![misnamed(), good().remove(0)],
        errors: &["no sensor", "no disk"],
    }
}

#[test]
fn row_8_errors_are_counted_by_cause_and_shown_one_scrape_later() {
    let registry = Registry::new();
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..continue_on_error()
    };
    let failing = handler_for(failing_threefold(), opts);
    assert_eq!(scrape(&failing), GOOD);
    // A scrape fails once, whatever the number of errors, and what was gathered can be
    // encoded.
    let (at_0, at_1) = ("{cause=\"gathering\"} 0", "{cause=\"gathering\"} 1");
    assert_eq!(
        scrape(&handler_for(registry, HandlerOpts::default())),
        ERRORS_TOTAL.replace(at_0, at_1)
    );
}

#[test]
fn row_12_errors_are_logged() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let opts = HandlerOpts {
        error_log: Some(Arc::new(move |line: &str| {
            log.lock().unwrap().push(line.to_owned());
        })),
        ..continue_on_error()
    };
    scrape(&handler_for(failing_threefold(), opts));
    assert_eq!(
        *lines.lock().unwrap(),
        ["error gathering metrics: 3 error(s) occurred:\n\
             * a collector panicked: no sensor (the program's log says where)\n\
             * a collector panicked: no disk (the program's log says where)\n\
             * a source of families reported `a b`: `a b` isn't a metric name: use \
             letters, digits, `_` and `:`, but no leading digit"]
    );
}

/// Returns what may be wrong with a collector of `bad`, each with its error.
fn bad_collectors() -> [(Option<Vec<MetricFamily>>, &'static str); 4] {
    let one = || gauge(1.0, &[]);
    let counters = family("bad", MetricType::COUNTER, vec![counter(1.0)]);
    [
        (
            Some(vec![gauges("bad", vec![one(), one()])]),
            "reported `bad`, which was reported already: tell the two apart by a label, or \
             report it once",
        ),
        (
            Some(vec![gauges("bad", vec![one()]), counters]),
            "reported `bad` as a counter, which another reported as a gauge: use the \
             same type, or rename one of them",
        ),
        (
            Some(vec![gauges("bad", vec![gauge(1.0, &[("__x", "1")])])]),
            "reported `bad{__x=\"1\"}`: label names that begin with `__` are \
             reserved: rename `__x`",
        ),
        (None, "panicked: no sensor (the program's log says where)"),
    ]
}

#[test]
fn a_bad_collector_fails_the_scrape_by_name_and_continue_on_error_serves_the_others() {
    for (families, words) in bad_collectors() {
        let registry = Registry::new();
        registry.must_register(Gauge::new("queue_length", "Items.").unwrap());
        let make = move || families.clone().expect("no sensor");
        registry.must_register(collects("bad", make));
        let response = get(&handler_for(&registry, with_errors_in(&registry)));
        assert_eq!(response.status(), 500);
        assert_eq!(
            body(response),
            format!(
                "An error has occurred while serving metrics:\n\n\
                 the collector of `bad` {words}\n"
            )
        );

        let opts = HandlerOpts {
            registry: Some(registry.clone()),
            ..continue_on_error()
        };
        let lenient = handler_for(registry, opts);
        for failed_before in 1..3 {
            let count = format!("{{cause=\"gathering\"}} {failed_before}");
            let errors = ERRORS_TOTAL.replace("{cause=\"gathering\"} 0", &count);
            assert_eq!(scrape(&lenient), format!("{errors}{GOOD}"));
        }
    }
}

/// Creates a registry of `count` failing collectors, with long names and long errors.
fn fails_at_length(count: usize) -> Registry {
    let registry = Registry::new();
    for number in 0..count {
        let name = format!("{}_{number}", "a".repeat(1000));
        let desc = Desc::gauge(&name, "A.");
        registry.must_register(collector_fn(vec![desc], |_| {
            Err("no sensor ".repeat(1000).into())
        }));
    }
    registry
}

/// Asserts that the body of a failed scrape lists a hundred of `count` such errors.
fn assert_a_hundred_listed(body: &str, count: usize) {
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(
        lines[..2],
        ["An error has occurred while serving metrics:", ""]
    );
    let listed = format!(
        "* the collector of `{}…` failed: {}…",
        "a".repeat(100),
        "no sensor ".repeat(50)
    );
    assert_eq!(lines.len(), 3 + 100 + 1);
    assert!(lines[3..103].iter().all(|line| *line == listed), "{body}");
    let more = count - 100;
    assert_eq!(lines[103], format!("* and {more} more error(s)"));
    assert_eq!(lines[2], format!("{count} error(s) occurred:"));
}

#[test]
fn of_many_errors_a_hundred_are_listed_and_each_is_short() {
    let registry = fails_at_length(200);
    registry.must_register(Gauge::new("queue_length", "Items.").unwrap());
    let response = get(&handler_for(&registry, HandlerOpts::default()));
    assert_eq!(response.status(), 500);
    assert_a_hundred_listed(&body(response), 200);
    assert_eq!(scrape(&handler_for(&registry, continue_on_error())), GOOD);
}

#[test]
fn the_errors_of_several_sources_are_counted_together() {
    let source = || Box::new(fails_at_length(150)) as Box<dyn Gatherer>;
    let several = Gatherers(vec![source(), source()]);
    let response = get(&handler_for(several, HandlerOpts::default()));
    assert_eq!(response.status(), 500);
    assert_a_hundred_listed(&body(response), 300);
}

#[test]
fn several_gatherers_are_one_exposition() {
    let registry = Registry::new();
    registry.must_register(Gauge::new("workers", "W.").unwrap());
    // ANCHOR: gatherers
    // use exporter_workbook::registry::{Gatherers, gatherer_fn};
    let queue_length = Gauge::new("queue_length", "Items.").unwrap();
    let measured = gatherer_fn(move || queue_length.collect().into());
    let several = Gatherers(vec![Box::new(registry), Box::new(measured)]);
    let handler = promhttp::handler_for(several, HandlerOpts::default()).unwrap();
    // ANCHOR_END: gatherers
    let workers = "# HELP workers W.\n# TYPE workers gauge\nworkers 0\n";
    assert_eq!(scrape(&handler), format!("{GOOD}{workers}"));
}

#[test]
fn a_gatherer_that_panics_fails_its_scrape_and_no_other() {
    let panics = AtomicUsize::new(1);
    let gatherer = gatherer_fn(move || {
        assert!(panics.swap(0, SeqCst) == 0, "no sensor");
        two_gauges()
    });
    let opts = HandlerOpts {
        coalesce_gather: true,
        ..HandlerOpts::default()
    };
    let handler = handler_for(gatherer, opts);
    let response = get(&handler);
    assert_eq!(response.status(), 500);
    assert_eq!(
        body(response),
        "An error has occurred while serving metrics:\n\n\
         a source of families panicked: no sensor (the program's log says where)\n"
    );
    assert_eq!(scrape(&handler), format!("{A}{B}"));
}

#[test]
fn the_options_of_an_exporter_go_together() {
    let registry = Registry::new();
    // ANCHOR: options
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        error_log: Some(promhttp::stderr_log()),
        max_requests_in_flight: 4,
        timeout: Some(Duration::from_secs(10)),
        enable_open_metrics: true,
        process_start_time: Some(SystemTime::now()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts).unwrap();
    // ANCHOR_END: options
    assert_eq!(scrape(&handler), ERRORS_TOTAL);
}

// Limits. A collection waits until the test continues it, so that no test depends on
// time.

/// A gatherer that reports its start, and ends when it is told to.
struct Gate {
    began: mpsc::Sender<()>,
    goes_on: Mutex<mpsc::Receiver<()>>,
    gathers: Arc<AtomicUsize>,
}

impl Gate {
    fn pass(&self) {
        self.gathers.fetch_add(1, SeqCst);
        self.began.send(()).unwrap();
        let _ = self.goes_on.lock().unwrap().recv();
    }
}

impl Gatherer for Gate {
    fn gather_for(&self, _: &Scrape) -> Gathered {
        self.pass();
        two_gauges()
    }
}

/// The other side of a gate.
struct Keeper {
    began: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
    gathers: Arc<AtomicUsize>,
}

fn gate() -> (Gate, Keeper) {
    let (began, has_begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let gathers = Arc::new(AtomicUsize::new(0));
    let gate = Gate {
        began,
        goes_on: Mutex::new(goes_on),
        gathers: Arc::clone(&gathers),
    };
    let keeper = Keeper {
        began: has_begun,
        go_on,
        gathers,
    };
    (gate, keeper)
}

fn assert_unavailable(response: Response<Body>, words: &str) {
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["content-type"], PLAIN);
    assert_eq!(body(response), words);
}

#[test]
fn row_10_one_scrape_more_than_may_be_in_flight_is_refused() {
    let (gate, keeper) = gate();
    let opts = HandlerOpts {
        max_requests_in_flight: 1,
        ..HandlerOpts::default()
    };
    let handler = handler_for(gate, opts);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&handler));
        keeper.began.recv().unwrap();
        assert_unavailable(
            get(&handler),
            "Limit of concurrent requests reached (1), try again later.\n",
        );
        keeper.go_on.send(()).unwrap();
        assert_eq!(first.join().unwrap().status(), 200);
    });
    keeper.go_on.send(()).unwrap();
    assert_eq!(get(&handler).status(), 200);
}

#[test]
fn row_11_a_gather_that_takes_longer_than_the_timeout_is_given_up() {
    let (gate, keeper) = gate();
    let opts = HandlerOpts {
        timeout: Some(Duration::from_millis(50)),
        max_requests_in_flight: 1,
        ..HandlerOpts::default()
    };
    let handler = handler_for(gate, opts);
    assert_unavailable(get(&handler), "Exceeded configured timeout of 50ms.\n");
    // It isn't over, and still counts.
    assert_unavailable(
        get(&handler),
        "Limit of concurrent requests reached (1), try again later.\n",
    );
    assert_eq!(keeper.gathers.load(SeqCst), 1);
    drop(keeper.go_on);
}

#[test]
fn scrapes_past_their_timeout_are_limited_even_if_no_limit_is_set() {
    let (gate, keeper) = gate();
    let opts = HandlerOpts {
        timeout: Some(Duration::from_nanos(1)),
        ..HandlerOpts::default()
    };
    let handler = handler_for(gate, opts);
    for _ in 0..64 {
        assert_unavailable(get(&handler), "Exceeded configured timeout of 1ns.\n");
    }
    assert_unavailable(
        get(&handler),
        "Limit of concurrent requests reached (64), try again later.\n",
    );
    drop(keeper.go_on);
}

fn scrape_that_waits(handler: &impl Handler, seconds: &str) -> Response<Body> {
    let request = Request::builder()
        .uri("/metrics")
        .header("X-Prometheus-Scrape-Timeout-Seconds", seconds);
    handler.handle(&request.body(()).unwrap())
}

#[test]
fn a_scrape_is_answered_before_prometheus_gives_up() {
    for timeout in [None, Some(Duration::from_secs(3600))] {
        let (gate, keeper) = gate();
        let opts = HandlerOpts {
            timeout,
            ..HandlerOpts::default()
        };
        let handler = handler_for(gate, opts);
        assert_unavailable(
            scrape_that_waits(&handler, "0.02"),
            "Exceeded configured timeout of 19ms.\n",
        );
        drop(keeper.go_on);
    }
}

#[test]
fn the_shorter_of_two_timeouts_counts() {
    let (gate, keeper) = gate();
    let opts = HandlerOpts {
        timeout: Some(Duration::from_millis(50)),
        ..HandlerOpts::default()
    };
    let handler = handler_for(gate, opts);
    assert_unavailable(
        scrape_that_waits(&handler, "0.02"),
        "Exceeded configured timeout of 19ms.\n",
    );
    assert_unavailable(
        scrape_that_waits(&handler, "3600"),
        "Exceeded configured timeout of 50ms.\n",
    );
    drop(keeper.go_on);
}

#[test]
fn an_invalid_scrape_timeout_is_ignored() {
    let slow = gatherer_fn(|| {
        thread::sleep(Duration::from_millis(20));
        two_gauges()
    });
    let handler = handler_for(slow, HandlerOpts::default());
    for seconds in ["", "x", "-1", "0", "NaN", "inf", "1e400", "1e19", "60"] {
        assert_eq!(
            scrape_that_waits(&handler, seconds).status(),
            200,
            "{seconds}"
        );
    }
}

#[test]
fn scrapes_that_come_during_a_gather_share_it() {
    let (gate, keeper) = gate();
    let opts = HandlerOpts {
        coalesce_gather: true,
        ..HandlerOpts::default()
    };
    let handler = handler_for(gate, opts);
    let others = Barrier::new(4);
    thread::scope(|scope| {
        let first = scope.spawn(|| get(&handler));
        keeper.began.recv().unwrap();
        let during: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    others.wait();
                    get(&handler)
                })
            })
            .collect();
        others.wait();
        // All that they have left to do is to ask for it, which can't be observed.
        thread::sleep(Duration::from_millis(500));
        drop(keeper.go_on);
        for scrape in during.into_iter().chain([first]) {
            assert_eq!(body(scrape.join().unwrap()), format!("{A}{B}"));
        }
    });
    assert_eq!(keeper.gathers.load(SeqCst), 1);
    assert_eq!(get(&handler).status(), 200);
    assert_eq!(keeper.gathers.load(SeqCst), 2);
}

// The deadline, as a collector sees it.

/// A timeout in milliseconds, a header in seconds, and the resulting time in
/// milliseconds.
const TIMES: [(Option<u64>, Option<&str>, Option<u64>); 12] = [
    (None, None, None),
    (Some(0), None, None),
    (Some(3000), None, Some(3000)),
    (None, Some("10"), Some(9500)),
    (None, Some(" 1.0 "), Some(950)),
    (None, Some("0"), None),
    (None, Some("ten"), None),
    (None, Some("-10"), None),
    (Some(0), Some("10"), Some(9500)),
    (Some(3000), Some("10"), Some(3000)),
    (Some(30_000), Some("10"), Some(9500)),
    (Some(3000), Some("NaN"), Some(3000)),
];

#[test]
fn the_time_for_a_request_is_the_shorter_of_both_timeouts() {
    for (timeout, header, expected) in TIMES {
        let opts = HandlerOpts {
            timeout: timeout.map(Duration::from_millis),
            ..HandlerOpts::default()
        };
        let mut request = Request::builder();
        if let Some(header) = header {
            request = request.header("X-Prometheus-Scrape-Timeout-Seconds", header);
        }
        let time = opts.time_for(&request.body(()).unwrap());
        let expected = expected.map(Duration::from_millis);
        assert_eq!(time, expected, "{timeout:?} and {header:?}");
    }
}

/// Creates a registry whose collector records how much time it has.
fn notes_time_left() -> (Registry, mpsc::Receiver<Option<Duration>>) {
    let (sender, times) = mpsc::channel();
    let registry = Registry::new();
    let desc = Desc::gauge("queue_length", "Items.");
    let noting = collector_fn(vec![desc.clone()], move |samples| {
        sender.send(samples.time_left())?;
        samples.set(&desc, 0.0, &[]);
        Ok(())
    });
    registry.must_register(noting);
    (registry, times)
}

#[test]
fn a_collector_can_ask_how_much_time_is_left() {
    let (registry, times) = notes_time_left();
    let shared: Arc<dyn Gatherer> = Arc::new(registry.clone());
    let several = Gatherers(vec![Box::new(registry.clone()), Box::new(two_sources())]);
    let coalesced = HandlerOpts {
        coalesce_gather: true,
        ..HandlerOpts::default()
    };
    for handler in [
        handler_for(&registry, HandlerOpts::default()),
        handler_for(&registry, coalesced),
        handler_for(shared, HandlerOpts::default()),
        handler_for(several, HandlerOpts::default()),
    ] {
        assert_eq!(get(&handler).status(), 200);
        assert_eq!(times.recv().unwrap(), None);
        assert_eq!(scrape_that_waits(&handler, "1000").status(), 200);
        let left = times.recv().unwrap().unwrap();
        let range = Duration::from_secs(900)..=Duration::from_secs(950);
        assert!(range.contains(&left), "{left:?}");
    }
    assert_eq!(registry.gather().errors(), []);
    assert_eq!(times.recv().unwrap(), None);
}

#[test]
fn past_its_deadline_a_collector_has_no_time_left() {
    let (began, has_begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (sender, times) = mpsc::channel();
    let goes_on = Mutex::new(goes_on);
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        began.send(())?;
        let _ = goes_on.lock().unwrap().recv();
        sender.send(samples.time_left())?;
        Ok(())
    }));
    let handler = handler_for(&registry, HandlerOpts::default());
    assert_unavailable(
        scrape_that_waits(&handler, "0.02"),
        "Exceeded configured timeout of 19ms.\n",
    );
    has_begun.recv().unwrap();
    drop(go_on);
    assert_eq!(times.recv().unwrap(), Some(Duration::ZERO));
}

// Sources.

fn two_sources() -> Gatherers {
    let other = |name: &str| {
        let registry = Registry::new();
        registry.must_register(Gauge::new(name, "Help.").unwrap());
        registry
    };
    Gatherers(vec![Box::new(other("workers")), Box::new(other("zones"))])
}

fn queue_length() -> Gauge {
    Gauge::new("queue_length", "Items.").unwrap()
}

#[test]
fn a_registry_is_served_by_value_and_by_reference() {
    let registry = Registry::new();
    registry.must_register(queue_length());
    let of_crate = prometheus::Registry::new();
    of_crate.register(Box::new(queue_length())).unwrap();
    let opts = HandlerOpts::default;
    for handler in [
        handler_for(&registry, opts()),
        handler_for(registry.with_prefix("shop_"), opts()),
        handler_for(registry, opts()),
        handler_for(&of_crate, opts()),
        handler_for(of_crate, opts()),
    ] {
        assert_eq!(scrape(&handler), GOOD);
    }
}

#[test]
fn every_other_source_is_served() {
    let registry = Registry::new();
    registry.must_register(queue_length());
    let shared: Arc<dyn Gatherer> = Arc::new(registry.clone());
    let boxed: Box<dyn Gatherer> = Box::new(registry.clone());
    let several = Gatherers(vec![
        Box::new(registry.clone()),
        Box::new(Gatherers::default()),
    ]);
    let queue_length = queue_length();
    let closure = gatherer_fn(move || queue_length.collect().into());
    let opts = HandlerOpts::default;
    for handler in [
        handler_for(&shared, opts()),
        handler_for(shared, opts()),
        handler_for(Arc::new(registry), opts()),
        handler_for(boxed, opts()),
        handler_for(several, opts()),
        handler_for(closure, opts()),
    ] {
        assert_eq!(scrape(&handler), GOOD);
    }
}

#[test]
fn the_default_registry_is_served_by_reference() {
    let name = "default_registry_by_reference";
    prometheus::register(Box::new(Gauge::new(name, "Help.").unwrap())).unwrap();
    let handler = handler_for(prometheus::default_registry(), HandlerOpts::default());
    let request = Request::builder().uri(format!("/metrics?name[]={name}"));
    assert_eq!(
        body(handler.handle(&request.body(()).unwrap())),
        format!("# HELP {name} Help.\n# TYPE {name} gauge\n{name} 0\n")
    );
}

// Vary.

/// `Vary` for each combination of options.
const VARY: [(bool, bool, Option<&str>); 4] = [
    (false, false, Some("Accept, Accept-Encoding")),
    (true, false, Some("Accept, Accept-Encoding")),
    (true, true, Some("Accept")),
    (false, true, Some("Accept")),
];

fn varying(enable_open_metrics: bool, disable_compression: bool) -> BoxHandler {
    let opts = HandlerOpts {
        enable_open_metrics,
        disable_compression,
        ..HandlerOpts::default()
    };
    handler_for(gatherer_fn(two_gauges), opts)
}

/// Requests for each format and encoding.
const HEADERS: [(&str, &str); 3] = [
    ("accept", "*/*"),
    ("accept", PROMETHEUS_ACCEPTS),
    ("accept-encoding", "gzip"),
];

#[test]
fn vary_names_the_headers_that_the_options_let_a_response_depend_on() {
    for (enable_open_metrics, disable_compression, expected) in VARY {
        let handler = varying(enable_open_metrics, disable_compression);
        for method in [Method::GET, Method::HEAD] {
            for (name, value) in HEADERS {
                let request = Request::builder().method(&method).header(name, value);
                let response = handler.handle(&request.body(()).unwrap());
                let vary = response.headers().get_all("vary").iter();
                let vary: Vec<&str> =
                    vary.map(|value| value.to_str().unwrap()).collect();
                assert_eq!(vary, expected.as_slice(), "{method} {name}: {value}");
            }
        }
    }
}

#[test]
fn vary_is_there_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::new(listener);
    for (number, (enable_open_metrics, disable_compression, _)) in (0..).zip(VARY) {
        let handler = varying(enable_open_metrics, disable_compression);
        server = server.route(&format!("/{number}"), handler);
    }
    let asked = server.run_until(|| {
        for (number, (_, _, expected)) in (0..).zip(VARY) {
            let url = format!("http://{address}/{number}");
            for method in [minreq::Method::Get, minreq::Method::Head] {
                for (name, value) in HEADERS {
                    let request = minreq::Request::new(method.clone(), &url);
                    let request = request.with_header(name, value).with_timeout(60);
                    let response = request.send().unwrap();
                    assert_eq!(response.header("vary"), expected, "{url} {name}");
                }
            }
        }
    });
    asked.unwrap();
}

// A registry for each request, as in a probe.

/// Reports on the target of each request; `probe` decides how.
fn prober<C: Collector + 'static>(
    opts: HandlerOpts,
    probe: impl Fn(String) -> C + Send + Sync,
) -> impl Handler {
    move |request: &Request<()>| {
        let query = request.uri().query().unwrap_or_default();
        let target = query.strip_prefix("target=").unwrap_or_default();
        let registry = Registry::new();
        registry.must_register(probe(target.to_owned()));
        promhttp::respond(&registry, request, &opts)
    }
}

fn success(target: &str) -> Desc {
    Desc::gauge("probe_success", "Whether it answers.").const_label("target", target)
}

fn probe(handler: &impl Handler, target: &str) -> Response<Body> {
    let request = Request::builder().uri(format!("/probe?target={target}"));
    handler.handle(&request.body(()).unwrap())
}

#[test]
fn a_probe_is_answered_for_its_own_target() {
    let handler = prober(HandlerOpts::default(), |target| {
        value_fn(success(&target), || 1.0)
    });
    for target in ["10.0.0.1", "10.0.0.2", "10.0.0.1"] {
        let response = probe(&handler, target);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], TEXT);
        assert_eq!(
            body(response),
            format!(
                "# HELP probe_success Whether it answers.\n\
                 # TYPE probe_success gauge\n\
                 probe_success{{target=\"{target}\"}} 1\n"
            )
        );
    }
}

#[test]
fn respond_answers_as_a_handler_would() {
    for row in rows_of_requests() {
        let mut request = Request::builder().method(&row.method).uri(row.path);
        if let Some((name, value)) = &row.header {
            request = request.header(*name, value);
        }
        let request = request.body(()).unwrap();
        // These rows use only this option.
        let opts = match row.name.starts_with("13") {
            true => process_started(),
            false => HandlerOpts::default(),
        };
        let by_hand = match (row.status, row.name.starts_with("21")) {
            (500, _) => promhttp::respond(failing(&["no sensor"]), &request, &opts),
            (_, true) => promhttp::respond(Registry::new(), &request, &opts),
            _ => promhttp::respond(gatherer_fn(two_gauges), &request, &opts),
        };
        let by_handler = (row.handler)().handle(&request);
        assert_eq!(by_hand.status(), by_handler.status(), "{}", row.name);
        assert_eq!(by_hand.headers(), by_handler.headers(), "{}", row.name);
        let [by_hand, by_handler] =
            [by_hand, by_handler].map(|response| response.into_body().into_bytes());
        assert_eq!(by_hand, by_handler, "{}", row.name);
    }
}

#[test]
fn probes_by_clones_of_one_options_are_limited_together() {
    let (gate, keeper) = gate();
    let gate = Arc::new(gate);
    let opts = HandlerOpts {
        max_requests_in_flight: 1,
        ..HandlerOpts::default()
    };
    let slow = |target: String| {
        let (desc, gate) = (success(&target), Arc::clone(&gate));
        value_fn(desc, move || {
            if target == "slow" {
                gate.pass();
            }
            1.0
        })
    };
    let (one, other) = (prober(opts.clone(), slow), prober(opts, slow));
    thread::scope(|scope| {
        // Dropped if an assertion fails, so that the first probe ends.
        let go_on = keeper.go_on;
        let first = scope.spawn(|| probe(&one, "slow"));
        keeper.began.recv().unwrap();
        for response in [probe(&one, "fast"), probe(&other, "fast")] {
            assert_unavailable(
                response,
                "Limit of concurrent requests reached (1), try again later.\n",
            );
        }
        drop(go_on);
        assert_eq!(first.join().unwrap().status(), 200);
    });
    assert_eq!(probe(&other, "fast").status(), 200);
}

#[test]
fn handlers_with_clones_of_one_options_are_limited_together() {
    let (gate, keeper) = gate();
    let one_in_flight = || HandlerOpts {
        max_requests_in_flight: 1,
        ..HandlerOpts::default()
    };
    let opts = one_in_flight();
    let held = handler_for(gate, opts.clone());
    let other = handler_for(gatherer_fn(two_gauges), opts);
    let apart = handler_for(gatherer_fn(two_gauges), one_in_flight());
    thread::scope(|scope| {
        let go_on = keeper.go_on;
        let first = scope.spawn(|| get(&held));
        keeper.began.recv().unwrap();
        assert_unavailable(
            get(&other),
            "Limit of concurrent requests reached (1), try again later.\n",
        );
        assert_eq!(get(&apart).status(), 200);
        drop(go_on);
        assert_eq!(first.join().unwrap().status(), 200);
    });
    assert_eq!(get(&other).status(), 200);
}

#[test]
fn a_probe_is_answered_before_prometheus_gives_up() {
    let (gate, keeper) = gate();
    let gate = Arc::new(gate);
    let opts = HandlerOpts {
        max_requests_in_flight: 1,
        ..HandlerOpts::default()
    };
    let handler = prober(opts, move |target| {
        let gate = Arc::clone(&gate);
        value_fn(success(&target), move || {
            gate.pass();
            1.0
        })
    });
    assert_unavailable(
        scrape_that_waits(&handler, "0.02"),
        "Exceeded configured timeout of 19ms.\n",
    );
    // It isn't over, and still counts, though its registry is no longer needed.
    keeper.began.recv().unwrap();
    assert_unavailable(
        scrape_that_waits(&handler, "0.02"),
        "Limit of concurrent requests reached (1), try again later.\n",
    );
    drop(keeper.go_on);
}

#[test]
fn the_errors_of_all_probes_count_in_one_metric() {
    let registry = Registry::new();
    let opts = with_errors_in(&registry);
    let fails = |target: String| {
        let message = format!("{target} refuses");
        collector_fn(vec![success(&target)], move |_| Err(message.clone().into()))
    };
    for handler in [prober(opts.clone(), fails), prober(opts, fails)] {
        let response = probe(&handler, "10.0.0.1");
        assert_eq!(response.status(), 500);
        assert_eq!(
            body(response),
            "An error has occurred while serving metrics:\n\n\
             the collector of `probe_success` failed: 10.0.0.1 refuses\n"
        );
    }
    let at_2 =
        ERRORS_TOTAL.replace("{cause=\"gathering\"} 0", "{cause=\"gathering\"} 2");
    testutil::gather_and_compare(&registry, &at_2, &[]).unwrap();
}

#[test]
fn a_probe_with_errors_that_cannot_be_counted_is_answered_500() {
    let registry = Registry::new();
    let name = "promhttp_metric_handler_errors_total";
    registry.must_register(Gauge::new(name, "Mine.").unwrap());
    let handler = prober(with_errors_in(&registry), |target| {
        value_fn(success(&target), || 1.0)
    });
    let response = probe(&handler, "10.0.0.1");
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], PLAIN);
    assert_eq!(
        body(response),
        format!(
            "An error has occurred while serving metrics:\n\n\
             `{name}` is described in two ways, first with the help \"Mine.\" and now \
             with the help \"Total number of internal errors encountered by the \
             promhttp metric handler.\": use the first description, or another name (a \
             registry holds a name to its first description for good)\n"
        )
    );
}
