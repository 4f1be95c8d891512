//! What a real Prometheus asks for and stores: names in UTF-8 or escaped, exemplars,
//! times of creation, info metrics and state sets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod real_prometheus;
mod support;
mod tables;
mod versions;

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{BoxHandler, Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::Server;
use http::Request;
use real_prometheus::Prometheus;
use versions::{Version, with_each_version};

with_each_version! {
    prometheus_stores_names_and_exemplars_as_it_asked_for_them,
}

fn shop() -> Registry {
    let requests =
        Desc::counter("http.requests_total", "Requests.").label("http.route");
    let requests = requests.utf8();
    let duration = Desc::histogram("http.duration", "Durations.").utf8();
    let breaker = Desc::state_set("breaker", "A breaker.");
    let build = Desc::info("shop.build_info", "The build.")
        .label("version")
        .utf8();
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples
            .set(&requests, 4.0, &["/a\"b"])
            .created(1_700_000_000_000)
            .exemplar(&[("trace_id", "4bf92f")], 1.0);
        samples
            .histogram(&duration, 3, 2.5, &[(0.5, 2)], &[])
            .exemplar(&[("trace_id", "0af765")], 0.25);
        samples.states(&breaker, &[("open", true), ("shut", false)], &[]);
        samples.info(&build, &["1.4.0"]);
        Ok(())
    }));
    registry
}

fn handler(enable_open_metrics: bool) -> BoxHandler {
    let opts = HandlerOpts {
        enable_open_metrics,
        enable_open_metrics_text_created_samples: true,
        ..HandlerOpts::default()
    };
    handler_for(shop(), opts).unwrap()
}

/// What Prometheus stores of the text format.
const STORED: [&str; 8] = [
    "breaker{breaker=\"open\"} => 1",
    "breaker{breaker=\"shut\"} => 0",
    "http.duration_bucket{le=\"+Inf\"} => 3",
    "http.duration_bucket{le=\"0.5\"} => 2",
    "http.duration_count => 3",
    "http.duration_sum => 2.5",
    "http.requests_total{http.route=\"/a\\\"b\"} => 4",
    "shop.build_info{version=\"1.4.0\"} => 1",
];

/// What it stores of OpenMetrics besides.
const CREATED: &str = "http.requests_created{http.route=\"/a\\\"b\"} => 1700000000";

/// Returns names as `version` asks for them.
fn named(version: Version, text: &str) -> String {
    match version {
        Version::Installed => ["http.", "shop."]
            .into_iter()
            .fold(text.to_owned(), |text, name| {
                text.replace(name, &name.replace('.', "_"))
            }),
        Version::Three => text.to_owned(),
    }
}

/// Returns what the page says that it sends.
fn accept_on_the_page(version: Version) -> String {
    let client = match version {
        Version::Installed => "Prometheus 2.42",
        Version::Three => "Prometheus 3.5",
    };
    let rows = tables::rows("docs/en/reference/formats.md", "Who gets what");
    let row = rows.into_iter().find(|cells| cells[0] == client);
    row.unwrap().swap_remove(1)
}

/// Asserts that the exemplars are stored with their series.
fn assert_exemplars(version: Version, prometheus: &Prometheus) {
    // The selector is `{job="open"}`.
    let path = "/api/v1/query_exemplars?query=%7Bjob%3D%22open%22%7D&start=0&end=9e9";
    let stored = prometheus.get(path);
    for (name, exemplar) in [
        (
            "http.duration_bucket",
            r#""labels":{"trace_id":"0af765"},"value":"0.25""#,
        ),
        (
            "http.requests_total",
            r#""labels":{"trace_id":"4bf92f"},"value":"1""#,
        ),
    ] {
        let name = format!("\"__name__\":\"{}\"", named(version, name));
        let (_, series) = stored.split_once(&name).expect(&stored);
        let (_, exemplars) = series.split_once("\"exemplars\":[{").unwrap();
        assert!(exemplars.starts_with(exemplar), "{stored}");
    }
}

/// Configures a job for each path, named after it.
fn config(target: SocketAddr) -> String {
    let job = |name: &str| {
        format!(
            "- {{job_name: {name}, scrape_interval: 1s, metrics_path: /{name}, \
             static_configs: [{{targets: [\"{target}\"]}}]}}\n"
        )
    };
    format!("scrape_configs:\n{}{}", job("text"), job("open"))
}

/// Asserts that the samples of both jobs are stored.
fn assert_stored(version: Version, prometheus: &Prometheus, target: SocketAddr) {
    let own = |job: &str| format!("instance=\"{target}\", job=\"{job}\"");
    let mut expected: Vec<String> = STORED.map(|line| named(version, line)).into();
    for job in ["text", "open"] {
        let query = format!("{{job=\"{job}\", __name__=~\"(breaker|http|shop).*\"}}");
        prometheus.assert_becomes_without(&own(job), &query, &expected);
        expected.push(named(version, CREATED));
    }
    if version == Version::Three {
        // A query has the same form as a line.
        let query = "{\"http.requests_total\", job=\"text\"}";
        prometheus.assert_becomes_without(&own("text"), query, &STORED[6..7]);
    }
}

fn prometheus_stores_names_and_exemplars_as_it_asked_for_them(version: Version) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let (accepted, accepts) = mpsc::channel();
    let text = handler(false);
    let text = move |request: &Request<()>| {
        let _ = accepted.send(request.headers()["accept"].clone());
        text.handle(request)
    };
    let server = Server::new(listener)
        .route("/text", text)
        .route("/open", handler(true));
    let served = server.run_until(|| {
        let prometheus = Prometheus::with_config(version, &config(target));
        assert_stored(version, &prometheus, target);
        assert_exemplars(version, &prometheus);
        assert_eq!(accepts.recv().unwrap(), accept_on_the_page(version));
    });
    served.unwrap();
}
