//! The handlers, row by row of what Go's `promhttp` does.
//!
//! A row is one request and its answer, asked of the handler as a function and over HTTP;
//! what takes more than one request has a test of its own below.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod families;

use std::io::Read;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use exporter_workbook::gather::{GatherError, Gathered, Gatherer, Gatherers};
use exporter_workbook::promhttp::{
    self, Handler, HandlerErrorHandling, HandlerOpts, instrument_metric_handler,
};
use exporter_workbook::register::Registerer;
use exporter_workbook::serve::Server;
use families::{collects, counter, family, gauge, gauges};
use http::{Method, Request, Response};
use prometheus::core::Collector;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Gauge, Registry};

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

/// One request and its answer.
struct Row {
    name: String,
    handler: fn() -> Handler,
    method: Method,
    path: &'static str,
    header: Option<(&'static str, String)>,
    status: u16,
    content_type: &'static str,
    /// Names and values of other headers; an empty value for one that is not there.
    headers: Vec<(&'static str, String)>,
    /// Without its compression.
    body: String,
}

/// A row that is answered with two gauges.
fn row(name: impl Into<String>) -> Row {
    Row {
        name: name.into(),
        handler: || handler_for(two_gauges, HandlerOpts::default()),
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
    Gathered::checked(vec![
        gauges("a", vec![gauge(1.0, &[])]),
        gauges("b", vec![gauge(2.0, &[])]),
    ])
}

fn open_metrics_enabled() -> Handler {
    let opts = HandlerOpts {
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    handler_for(two_gauges, opts)
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
                handler_for(registry.clone(), with_errors_in(&registry))
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
            handler: || handler_for(two_gauges, process_started()),
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

/// Rows 16 to 18: Accept, and the format that answers it.
fn rows_of_formats() -> Vec<Row> {
    let accepts = |accept: &str, content_type: &'static str| Row {
        handler: open_metrics_enabled,
        header: Some(("accept", accept.to_owned())),
        content_type,
        body: match content_type {
            TEXT => format!("{A}{B}"),
            _ => OPEN_METRICS.to_owned(),
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
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPEN_METRICS_1,
        ),
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

/// Rows 19 and 20: Accept-Encoding, and whether the answer is compressed.
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
            handler_for(two_gauges, opts)
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

/// Asserts that what came is what the row says.
fn assert_row(row: &Row, status: u16, header: &dyn Fn(&str) -> String, body: &[u8]) {
    let name = &row.name;
    assert_eq!(status, row.status, "{name}");
    assert_eq!(header("content-type"), row.content_type, "{name}");
    for (key, value) in &row.headers {
        // A function gives no length: that is the server's.
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
        let response = (row.handler)()(&request.body(()).unwrap());
        let header = |name: &str| match response.headers().get(name) {
            Some(value) => value.to_str().unwrap().to_owned(),
            None => String::new(),
        };
        let status = response.status().as_u16();
        assert_row(&row, status, &header, response.body());
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

fn ask(handler: &Handler, method: Method) -> Response<Vec<u8>> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    handler(&request)
}

fn get(handler: &Handler) -> Response<Vec<u8>> {
    ask(handler, Method::GET)
}

fn body(response: Response<Vec<u8>>) -> String {
    String::from_utf8(response.into_body()).unwrap()
}

fn scrape(handler: &Handler) -> String {
    let response = get(handler);
    assert_eq!(response.status(), 200);
    body(response)
}

fn handler_for(gatherer: impl Gatherer + 'static, opts: HandlerOpts) -> Handler {
    promhttp::handler_for(gatherer, opts).unwrap()
}

fn with_errors_in(registry: &Registry) -> HandlerOpts {
    HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    }
}

fn instrumented(registry: &Registry) -> Handler {
    let inner = handler_for(registry.clone(), with_errors_in(registry));
    instrument_metric_handler(registry, inner).unwrap()
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
    registry.must_register(vec![Box::new(Gauge::new(name, help).unwrap())]);
    let inner = handler_for(registry.clone(), HandlerOpts::default());
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
    let panics: Handler = Box::new(|_| panic!("on purpose"));
    let handler = instrument_metric_handler(&registry, panics).unwrap();
    catch_unwind(AssertUnwindSafe(|| ask(&handler, Method::GET))).unwrap_err();
    let families = registry.gather();
    let in_flight = families[0].get_metric()[0].get_gauge();
    assert_eq!(in_flight.get_value(), 0.0);
}

// Errors.

/// Gathers `good`, and fails with `errors`.
struct Failing {
    good: Vec<MetricFamily>,
    errors: &'static [&'static str],
}

impl Gatherer for Failing {
    fn gather(&self) -> Gathered {
        let error = |text: &&str| GatherError::CollectorPanicked {
            collector: "a collector".to_owned(),
            message: text.to_string(),
        };
        Gathered {
            families: self.good.clone(),
            errors: self.errors.iter().map(error).collect(),
        }
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

/// A family that no parser takes.
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
    // With a timeout it panics on another thread first.
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
fn a_family_that_cannot_be_encoded_is_named_and_continue_on_error_serves_the_others() {
    let families = || Failing {
        good: vec![misnamed(), good().remove(0)],
        errors: &[],
    };
    let response = get(&handler_for(families(), HandlerOpts::default()));
    assert_eq!(response.status(), 500);
    assert_eq!(
        body(response),
        "An error has occurred while serving metrics:\n\n\
         cannot encode metric family `a b`: `a b` is not a metric name, which has letters, \
         digits, `_` and `:`, and no digit first\n"
    );
    assert_eq!(scrape(&handler_for(families(), continue_on_error())), GOOD);
}

#[test]
fn row_8_errors_are_counted_by_cause_and_shown_one_scrape_later() {
    let registry = Registry::new();
    let gatherer = Failing {
        good: vec![misnamed(), good().remove(0)],
        errors: &["no sensor", "no disk"],
    };
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..continue_on_error()
    };
    let failing = handler_for(gatherer, opts);
    scrape(&failing);
    let text = scrape(&handler_for(registry, HandlerOpts::default()));
    // A gather fails once, however much is wrong with it; each family is encoded.
    assert!(text.contains("{cause=\"gathering\"} 1\n"), "{text}");
    assert!(text.contains("{cause=\"encoding\"} 1\n"), "{text}");
}

#[test]
fn row_12_errors_are_logged() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let gatherer = Failing {
        good: vec![misnamed(), good().remove(0)],
        errors: &["no sensor", "no disk"],
    };
    let opts = HandlerOpts {
        error_log: Some(Arc::new(move |line: &str| {
            log.lock().unwrap().push(line.to_owned());
        })),
        ..continue_on_error()
    };
    scrape(&handler_for(gatherer, opts));
    assert_eq!(
        *lines.lock().unwrap(),
        [
            "error gathering metrics: 2 error(s) occurred:\n\
             * a collector panicked: no sensor (the program's log says where)\n\
             * a collector panicked: no disk (the program's log says where)",
            "error encoding and sending metric family: cannot encode metric family `a b`: \
             `a b` is not a metric name, which has letters, digits, `_` and `:`, and no \
             digit first"
        ]
    );
}

/// What may be wrong with a collector of `bad`, and how the error begins.
fn bad_collectors() -> [(Option<Vec<MetricFamily>>, &'static str); 4] {
    let one = || gauge(1.0, &[]);
    let counters = family("bad", MetricType::COUNTER, vec![counter(1.0)]);
    [
        (
            Some(vec![gauges("bad", vec![one(), one()])]),
            "`bad` was collected twice",
        ),
        (
            Some(vec![gauges("bad", vec![one()]), counters]),
            "`bad` was collected as a gauge and as a counter",
        ),
        (
            Some(vec![gauges("bad", vec![gauge(1.0, &[("__x", "1")])])]),
            "`bad{__x=\"1\"}` was dropped: label names that begin with `__`",
        ),
        (None, "the collector of `bad` panicked: no sensor"),
    ]
}

#[test]
fn a_bad_collector_fails_the_scrape_by_name_and_continue_on_error_serves_the_others() {
    for (families, words) in bad_collectors() {
        let registry = Registry::new();
        let queue_length = Gauge::new("queue_length", "Items.").unwrap();
        let bad = collects("bad", move || families.clone().expect("no sensor"));
        registry.must_register(vec![Box::new(queue_length), bad]);
        let strict = handler_for(registry.clone(), with_errors_in(&registry));
        let response = get(&strict);
        assert_eq!(response.status(), 500);
        let expected =
            format!("An error has occurred while serving metrics:\n\n{words}");
        let text = body(response);
        assert!(text.starts_with(&expected), "{text}");

        let opts = HandlerOpts {
            registry: Some(registry.clone()),
            ..continue_on_error()
        };
        let lenient = handler_for(registry, opts);
        for failed_before in 1..3 {
            let text = scrape(&lenient);
            assert!(text.contains(GOOD), "{text}");
            let count = format!("{{cause=\"gathering\"}} {failed_before}\n");
            assert!(text.contains(&count), "{text}");
        }
    }
}

#[test]
fn several_gatherers_are_one_page() {
    let registry = Registry::new();
    registry.must_register(vec![Box::new(Gauge::new("workers", "W.").unwrap())]);
    // ANCHOR: gatherers
    // use exporter_workbook::gather::{Gathered, Gatherers};
    let queue_length = Gauge::new("queue_length", "Items.").unwrap();
    let measured = move || Gathered {
        families: queue_length.collect(),
        errors: Vec::new(),
    };
    let several = Gatherers(vec![Box::new(registry), Box::new(measured)]);
    let handler = promhttp::handler_for(several, HandlerOpts::default()).unwrap();
    // ANCHOR_END: gatherers
    let workers = "# HELP workers W.\n# TYPE workers gauge\nworkers 0\n";
    assert_eq!(scrape(&handler), format!("{GOOD}{workers}"));
}

#[test]
fn a_gatherer_that_panics_fails_its_scrape_and_no_other() {
    let panics = AtomicUsize::new(1);
    let gatherer = move || {
        assert!(panics.swap(0, SeqCst) == 0, "no sensor");
        two_gauges()
    };
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
         a gatherer panicked: no sensor (the program's log says where)\n"
    );
    assert_eq!(scrape(&handler), format!("{A}{B}"));
}

#[test]
fn the_options_of_an_exporter_go_together() {
    let registry = Registry::new();
    // ANCHOR: options
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        error_log: Some(Arc::new(|line: &str| eprintln!("{line}"))),
        max_requests_in_flight: 4,
        timeout: Some(Duration::from_secs(10)),
        enable_open_metrics: true,
        process_start_time: Some(SystemTime::now()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(registry, opts).unwrap();
    // ANCHOR_END: options
    assert_eq!(scrape(&handler), ERRORS_TOTAL);
}

// Limits. A gather waits until the test lets it go on, so that no test depends on time.

/// A gatherer that says when it begins, and ends when it is told.
struct Gate {
    began: mpsc::Sender<()>,
    goes_on: Mutex<mpsc::Receiver<()>>,
    gathers: Arc<AtomicUsize>,
}

impl Gatherer for Gate {
    fn gather(&self) -> Gathered {
        self.gathers.fetch_add(1, SeqCst);
        self.began.send(()).unwrap();
        let _ = self.goes_on.lock().unwrap().recv();
        two_gauges()
    }
}

/// The other side of it.
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

fn assert_unavailable(response: Response<Vec<u8>>, words: &str) {
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
    // It is not over, and still counts.
    assert_unavailable(
        get(&handler),
        "Limit of concurrent requests reached (1), try again later.\n",
    );
    assert_eq!(keeper.gathers.load(SeqCst), 1);
    drop(keeper.go_on);
}

#[test]
fn scrapes_past_their_timeout_are_limited_even_where_no_limit_is_set() {
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

fn scrape_that_waits(handler: &Handler, seconds: &str) -> Response<Vec<u8>> {
    let request = Request::builder()
        .uri("/metrics")
        .header("X-Prometheus-Scrape-Timeout-Seconds", seconds);
    handler(&request.body(()).unwrap())
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
fn of_two_timeouts_the_shorter_counts() {
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
fn a_scrape_timeout_that_is_none_is_not_minded() {
    let slow = || {
        thread::sleep(Duration::from_millis(20));
        two_gauges()
    };
    let handler = handler_for(slow, HandlerOpts::default());
    for seconds in ["", "x", "-1", "0", "NaN", "inf", "1e400", "60"] {
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
        // They have nothing left to do but to ask for it, which nobody can see them do.
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
