//! The programs as a reader checks them: with a real Prometheus and with promtool.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;
mod tables;

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{BoxHandler, Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::Server;
use http::{HeaderValue, Request, Response};
use support::{PATIENCE, PROGRAMS, Process, Program, free_port, prometheus};
use tables::{check_metrics, refused, rows, with_mistake};

/// A Prometheus of the test's own, ended with it.
struct Prometheus {
    _process: Process,
    _storage: tempfile::TempDir,
    url: String,
}

impl Prometheus {
    fn start(config: &Path, port: u16) -> Prometheus {
        let storage = tempfile::tempdir().unwrap();
        Prometheus {
            _process: prometheus(
                Command::new("prometheus"),
                config,
                storage.path(),
                port,
            ),
            _storage: storage,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Each series of the answer with its value, without the time, sorted.
    fn query(&self, expression: &str) -> Vec<String> {
        let output = Command::new("promtool")
            .args(["query", "instant", &self.url, expression])
            .output()
            .unwrap();
        let mut series: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| line.split(" @[").next().unwrap().to_owned())
            .collect();
        series.sort();
        series
    }

    fn assert_becomes(&self, expression: &str, expected: &[&str]) {
        self.assert_becomes_without("nothing", expression, expected);
    }

    /// Asks until the answer, without some labels, is the expected one: the first scrapes
    /// take a while.
    fn assert_becomes_without(
        &self,
        labels: &str,
        expression: &str,
        expected: &[&str],
    ) {
        let started = Instant::now();
        loop {
            let answer: Vec<String> = self
                .query(expression)
                .iter()
                .map(|line| {
                    let line = line.replace(&format!("{{{labels}}}"), "");
                    line.replace(&format!("{labels}, "), "")
                })
                .collect();
            if answer == expected {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{expression} is {answer:#?}, expected {expected:#?}"
            );
            thread::sleep(Duration::from_millis(250));
        }
    }
}

#[test]
#[ignore = "needs prometheus and promtool, and the ports 8050, 9000 and 9090"]
fn prometheus_scrapes_the_lessons_with_the_shipped_config() {
    let _lesson = Program::start_with("03_custom_registry", &[]);
    let _hello = Program::start_with("05_custom_collector", &[]);
    let prometheus = Prometheus::start(Path::new("prometheus.yml"), 9090);

    prometheus.assert_becomes(
        "up",
        &[
            "up{instance=\"127.0.0.1:8050\", job=\"lesson\"} => 1",
            "up{instance=\"127.0.0.1:9000\", job=\"hello\"} => 1",
            "up{instance=\"127.0.0.1:9090\", job=\"prometheus\"} => 1",
        ],
    );
    prometheus.assert_becomes(
        "magedu_mcube_demo_queue_length",
        &[
            "magedu_mcube_demo_queue_length{instance=\"127.0.0.1:8050\", job=\"lesson\", \
           module=\"http-server\"} => 100",
        ],
    );
    prometheus.assert_becomes(
        "b",
        &[
            "b{hello=\"world\", hostname=\"Hi\", instance=\"127.0.0.1:9000\", \
           job=\"hello\"} => 2",
        ],
    );
}

/// One family of every type, and the numbers that are hard to write.
fn every_type() -> Registry {
    let path_and_zone = Desc::gauge("c", "Help.").label("path").label("zone");
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples.set(&Desc::counter("a_total", "Help."), 1_234_567.5, &[]);
        samples.set(&Desc::counter("b", "Help."), 2.0, &[]);
        samples.set(&path_and_zone, -1e-7, &["C:\\\n\"x\"", "é€"]);
        samples.set(&Desc::gauge("d", "Help."), f64::NAN, &[]);
        samples.set(&Desc::gauge("e", "Help."), f64::NEG_INFINITY, &[]);
        samples.set(&Desc::untyped("f", "Help."), 1e10, &[]);
        let buckets = [(0.5, 1), (1e6, 2)];
        samples.histogram(&Desc::histogram("g", "Help."), 3, 12.5, &buckets, &[]);
        let quantiles = [(0.5, 7.0), (1.0, 8.0)];
        samples.summary(&Desc::summary("h", "Help."), 2, 15.0, &quantiles, &[]);
        Ok(())
    }));
    registry
}

/// What Prometheus then holds, beside what it writes of the scrape itself.
const EVERY_TYPE: [&str; 15] = [
    "a_total => 1234567.5",
    "b => 2",
    "c{path=\"C:\\\\\\n\\\"x\\\"\", zone=\"é€\"} => -0.0000001",
    "d => NaN",
    "e => -Inf",
    "f => 10000000000",
    "g_bucket{le=\"+Inf\"} => 3",
    "g_bucket{le=\"0.5\"} => 1",
    "g_bucket{le=\"1e+06\"} => 2",
    "g_count => 3",
    "g_sum => 12.5",
    "h_count => 2",
    "h_sum => 15",
    "h{quantile=\"0.5\"} => 7",
    "h{quantile=\"1.0\"} => 8",
];

/// A handler that sends along the Content-Type of each of its answers.
fn every_type_in_open_metrics() -> (BoxHandler, mpsc::Receiver<HeaderValue>) {
    let opts = HandlerOpts {
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    let inner = handler_for(every_type(), opts).unwrap();
    let (sender, content_types) = mpsc::channel();
    let handler = move |request: &Request<()>| {
        let response = inner.handle(request);
        let _ = sender.send(response.headers()["content-type"].clone());
        response
    };
    (Box::new(handler), content_types)
}

#[test]
#[ignore = "needs prometheus and promtool"]
fn prometheus_negotiates_open_metrics_and_stores_what_was_set() {
    let (handler, content_types) = every_type_in_open_metrics();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let config = tempfile::NamedTempFile::new().unwrap();
    let job = format!(
        "scrape_configs: [{{job_name: own, scrape_interval: 1s, \
         static_configs: [{{targets: [\"{target}\"]}}]}}]"
    );
    std::fs::write(config.path(), job).unwrap();
    let server = Server::new(listener).route("/metrics", handler);
    let served = server.run_until(|| {
        let prometheus = Prometheus::start(config.path(), free_port());
        assert_eq!(
            content_types.recv_timeout(PATIENCE).unwrap(),
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        let query = "{job=\"own\", __name__=~\"[a-h](_.*)?\"}";
        let own = format!("instance=\"{target}\", job=\"own\"");
        prometheus.assert_becomes_without(&own, query, &EVERY_TYPE);
    });
    served.unwrap();
}

/// A handler that answers `body` with the Content-Type of its format.
fn page(body: Vec<u8>) -> impl Handler {
    let open_metrics = String::from_utf8_lossy(&body).starts_with("# TYPE");
    let content_type = if open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    move |_: &Request<()>| {
        let response = Response::builder().header("content-type", content_type);
        response.body(body.clone()).unwrap()
    }
}

/// What the targets page says of the last scrape of `job`.
fn last_error(targets: &str, job: &str) -> String {
    let start = format!("\"scrapePool\":\"{job}\"");
    let Some((_, target)) = targets.split_once(&start) else {
        return String::new();
    };
    let (_, text) = target.split_once("\"lastError\":\"").unwrap();
    let mut error = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => error.extend(chars.next()),
            c => error.push(c),
        }
    }
    error
}

#[test]
#[ignore = "needs prometheus and promtool"]
fn prometheus_refuses_what_the_page_says_with_the_words_it_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let mut server = Server::new(listener);
    let mut config = "scrape_configs:\n".to_owned();
    for (number, (body, _)) in refused().into_iter().enumerate() {
        server = server.route(&format!("/{number}"), page(body));
        config += &format!(
            "- {{job_name: r{number}, scrape_interval: 1s, metrics_path: /{number}, \
             static_configs: [{{targets: [\"{target}\"]}}]}}\n"
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let served = server.run_until(|| {
        let prometheus = Prometheus::start(file.path(), free_port());
        // There is an answer once it is up.
        let all = format!("{{}} => {}", refused().len());
        prometheus.assert_becomes("count(up == 0)", &[&all]);
        let url = format!("{}/api/v1/targets", prometheus.url);
        let targets = minreq::get(url).send().unwrap();
        for (number, (_, error)) in refused().iter().enumerate() {
            let targets = targets.as_str().unwrap();
            let last = last_error(targets, &format!("r{number}"));
            assert_eq!(&last, error);
        }
    });
    served.unwrap();
}

/// Accepts connections, reads what is asked, and does not answer: for as long as `wait`,
/// then closes.
fn silent(wait: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            thread::sleep(wait);
        }
    });
    address
}

/// A target for each row of the table on the page about troubles, and how to ask it.
fn down(address: SocketAddr) -> [(SocketAddr, &'static str); 7] {
    let closed = SocketAddr::from(([127, 0, 0, 1], free_port()));
    [
        (closed, ""),
        (address, "metrics_path: /metric, "),
        (address, "metrics_path: /failing, "),
        (address, "metrics_path: /slow, "),
        (silent(PATIENCE), ""),
        (silent(Duration::ZERO), ""),
        (address, "scheme: https, "),
    ]
}

fn failing_and_slow(listener: TcpListener) -> Server {
    let failing = collector_fn(Vec::new(), |_| Err("no sensor".into()));
    let slow = collector_fn(Vec::new(), |_| {
        thread::sleep(Duration::from_secs(2));
        Ok(())
    });
    let registry = Registry::new();
    registry.must_register(failing);
    let failing = handler_for(registry, HandlerOpts::default()).unwrap();
    let registry = Registry::new();
    registry.must_register(slow);
    let slow = handler_for(registry, HandlerOpts::default()).unwrap();
    Server::new(listener)
        .route("/failing", failing)
        .route("/slow", slow)
}

#[test]
#[ignore = "needs prometheus and promtool"]
fn prometheus_says_of_a_target_that_is_down_what_the_page_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let targets = down(listener.local_addr().unwrap());
    let mut config = "scrape_configs:\n".to_owned();
    for (number, (target, how)) in targets.iter().enumerate() {
        config += &format!(
            "- {{job_name: d{number}, scrape_interval: 1s, scrape_timeout: 1s, {how}\
             static_configs: [{{targets: [\"{target}\"]}}]}}\n"
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let page = rows("docs/en/reference/troubleshooting.md", "The target is down");
    assert_eq!(page.len(), targets.len());
    let served = failing_and_slow(listener).run_until(|| {
        let prometheus = Prometheus::start(file.path(), free_port());
        let all = format!("{{}} => {}", page.len());
        prometheus.assert_becomes("count(up == 0)", &[&all]);
        let url = format!("{}/api/v1/targets", prometheus.url);
        let answer = minreq::get(url).send().unwrap();
        for (number, (cells, (target, _))) in page.iter().zip(targets).enumerate() {
            let last = last_error(answer.as_str().unwrap(), &format!("d{number}"));
            let last = last.replace(&target.to_string(), "127.0.0.1:8050");
            assert_eq!(last, cells[0]);
        }
    });
    served.unwrap();
}

/// What the page about troubles says of a target that was there and is not.
#[test]
#[ignore = "needs prometheus and promtool"]
fn the_series_of_a_target_end_with_the_scrape_that_fails() {
    let program = Program::start("03_custom_registry");
    let config = format!(
        "scrape_configs: [{{job_name: own, scrape_interval: 1s, \
         static_configs: [{{targets: [\"{}\"]}}]}}]",
        program.address
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let prometheus = Prometheus::start(file.path(), free_port());
    let query = "count(magedu_mcube_demo_queue_length)";
    prometheus.assert_becomes(query, &["{} => 1"]);
    drop(program);
    prometheus.assert_becomes("sum(up)", &["{} => 0"]);
    // An empty line: no series.
    assert_eq!(prometheus.query(query), [""]);
}

#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_the_shipped_config() {
    let output = Command::new("promtool")
        .args(["check", "config", "prometheus.yml"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

fn assert_check(metrics: &str, code: i32, words: &str) {
    let output = check_metrics(Command::new("promtool"), metrics);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), words);
    assert_eq!(output.status.code(), Some(code));
}

#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_every_program_but_for_what_the_documents_names_break() {
    for (slug, _) in PROGRAMS {
        let metrics = Program::start(slug).metrics();
        match slug {
            "00_raw_handler" => {
                assert_check(
                    &metrics,
                    1,
                    "error while linting: text format parsing error in line 1: \
                     unexpected end of input stream\n",
                );
                assert_check(
                    &(metrics + "\n"),
                    3,
                    "lexporter_request_count no help text\n",
                );
            }
            "05_custom_collector" => assert_check(
                &metrics,
                3,
                "b counter metrics should have \"_total\" suffix\n",
            ),
            _ => assert_check(&metrics, 0, ""),
        }
    }
}

#[test]
#[ignore = "needs promtool"]
fn promtool_says_of_each_name_what_the_page_about_names_says() {
    let rows = rows("docs/en/reference/naming.md", "The linter");
    assert!(!rows.is_empty());
    for cells in rows {
        let code = cells[2].parse().unwrap();
        assert_check(&with_mistake(&cells[0]), code, &format!("{}\n", cells[1]));
    }
}
