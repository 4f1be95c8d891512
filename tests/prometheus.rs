//! The programs as a reader checks them: with a real Prometheus and with promtool.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod real_prometheus;
mod support;
mod tables;
mod versions;

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{
    BoxHandler, Handler, HandlerOpts, handler_for, plain_text,
};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::Server;
use http::{HeaderValue, Request, Response, StatusCode};
use real_prometheus::Prometheus;
use support::{PATIENCE, Program, free_port};
use tables::{check_metrics, refused, rows, with_mistake};
use versions::{Version, with_each_version};

with_each_version! {
    prometheus_scrapes_the_lessons_with_the_shipped_config,
    prometheus_negotiates_open_metrics_and_stores_what_was_set,
    prometheus_refuses_what_the_page_says_with_the_words_it_says,
    prometheus_says_of_a_target_that_is_down_what_the_page_says,
    the_series_of_a_target_end_with_the_scrape_that_fails,
    promtool_accepts_the_shipped_config,
    promtool_accepts_the_shipped_rules_and_their_tests,
    promtool_accepts_every_program_but_for_what_the_documents_names_break,
    promtool_says_of_each_name_what_the_page_about_names_says,
}

fn prometheus_scrapes_the_lessons_with_the_shipped_config(version: Version) {
    // The tests of the two versions use the same ports.
    static PORTS: Mutex<()> = Mutex::new(());
    let _ports = PORTS.lock().unwrap_or_else(PoisonError::into_inner);
    let _lesson = Program::start_with("03_custom_registry", &[]);
    let _hello = Program::start_with("05_custom_collector", &[]);
    let prometheus = Prometheus::start(version, Path::new("prometheus.yml"), 9090);

    prometheus.assert_becomes(
        "up",
        &[
            "up{instance=\"127.0.0.1:8050\", job=\"lesson\"} => 1",
            "up{instance=\"127.0.0.1:9000\", job=\"hello\"} => 1",
            "up{instance=\"127.0.0.1:9090\", job=\"prometheus\"} => 1",
            "up{instance=\"127.0.0.1:9121\", job=\"redis\"} => 0",
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

/// Creates a registry with a family of every type, and numbers that are hard to write.
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

/// What Prometheus then stores, except for what it adds about the scrape itself.
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

/// Creates a handler that also sends the Content-Type of each response to a channel.
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

fn prometheus_negotiates_open_metrics_and_stores_what_was_set(version: Version) {
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
        let prometheus = Prometheus::start(version, config.path(), free_port());
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let escaping = match version {
            Version::Installed => "",
            Version::Three => "; escaping=allow-utf-8",
        };
        assert_eq!(
            content_types.recv_timeout(PATIENCE).unwrap(),
            format!("{content_type}{escaping}")
        );
        let query = "{job=\"own\", __name__=~\"[a-h](_.*)?\"}";
        let own = format!("instance=\"{target}\", job=\"own\"");
        prometheus.assert_becomes_without(&own, query, &EVERY_TYPE);
    });
    served.unwrap();
}

/// Creates a handler that responds with `body` and the Content-Type of its format.
fn page(body: Vec<u8>) -> impl Handler {
    let open_metrics = String::from_utf8_lossy(&body).starts_with("# TYPE");
    let content_type = if open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    move |_: &Request<()>| {
        let response = Response::builder().header("content-type", content_type);
        response.body(body.clone().into()).unwrap()
    }
}

/// Returns the last error on the targets page for `job`.
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

/// An error of version 3 in the words of 2.42, which doesn't quote what it was reading.
fn in_2_42(error: &str) -> String {
    if error.starts_with("expected a valid start token") {
        return "\"INVALID\" \"\\n\" is not a valid start token".to_owned();
    }
    let without = |error: &str, from| error.split(from).next().unwrap().to_owned();
    if error.contains("(\"INVALID\")") {
        return without(error, ", got ") + ", got \"INVALID\"";
    }
    without(&without(error, " while parsing: "), ": \"\\\"")
}

fn prometheus_refuses_what_the_page_says_with_the_words_it_says(version: Version) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let mut server = Server::new(listener);
    let mut config = "scrape_configs:\n".to_owned();
    let refused = refused();
    for (number, (body, _)) in refused.iter().enumerate() {
        server = server.route(&format!("/{number}"), page(body.clone()));
        config += &format!(
            "- {{job_name: r{number}, scrape_interval: 1s, metrics_path: /{number}, \
             static_configs: [{{targets: [\"{target}\"]}}]}}\n"
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let served = server.run_until(|| {
        let prometheus = Prometheus::start(version, file.path(), free_port());
        // A result exists once it is up.
        let all = format!("{{}} => {}", refused.len());
        prometheus.assert_becomes("count(up == 0)", &[&all]);
        let targets = prometheus.targets();
        for (number, (_, error)) in refused.iter().enumerate() {
            let last = last_error(&targets, &format!("r{number}"));
            match version {
                Version::Installed if last == in_2_42(error) => {}
                _ => assert_eq!(&last, error),
            }
        }
    });
    served.unwrap();
}

/// Accepts connections and reads the request, but doesn't respond; closes each after
/// `wait`.
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

/// The path of a response without a Content-Type.
const UNTYPED: &str = "metrics_path: /untyped, ";
const FALLBACK: &str = "fallback_scrape_protocol: PrometheusText0.0.4";

/// Creates a target for each row of the table on the troubleshooting page, with its
/// settings.
fn down(address: SocketAddr) -> [(SocketAddr, &'static str); 10] {
    let closed = SocketAddr::from(([127, 0, 0, 1], free_port()));
    [
        (closed, ""),
        (address, "metrics_path: /metric, "),
        (address, "metrics_path: /secret, "),
        (address, "metrics_path: /failing, "),
        (address, "metrics_path: /slow, "),
        (silent(PATIENCE), ""),
        (silent(Duration::ZERO), ""),
        (address, "scheme: https, "),
        (address, UNTYPED),
        (address, "metrics_path: /html, "),
    ]
}

fn answers(listener: TcpListener) -> Server {
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
    let html = |_: &Request<()>| {
        let response = Response::builder().header("content-type", "text/html");
        response.body("a 1\n".into()).unwrap()
    };
    Server::new(listener)
        .route("/failing", failing)
        .route("/slow", slow)
        .route("/untyped", |_: &Request<()>| Response::new("a 1\n".into()))
        .route("/html", html)
        .route("/secret", |_: &Request<()>| {
            plain_text(StatusCode::UNAUTHORIZED, "Unauthorized\n")
        })
}

fn prometheus_says_of_a_target_that_is_down_what_the_page_says(version: Version) {
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
    let served = answers(listener).run_until(|| {
        let prometheus = Prometheus::start(version, file.path(), free_port());
        let is_down = |cells: &&Vec<String>| {
            version == Version::Three || !cells[0].contains("Content-Type")
        };
        let all = format!("{{}} => {}", page.iter().filter(is_down).count());
        prometheus.assert_becomes("count(up == 0)", &[&all]);
        prometheus.assert_becomes("count(up)", &[&format!("{{}} => {}", page.len())]);
        let targets_page = prometheus.targets();
        for (number, (cells, (target, _))) in page.iter().zip(targets).enumerate() {
            let last = last_error(&targets_page, &format!("d{number}"));
            let last = last.replace(&target.to_string(), "127.0.0.1:8050");
            assert_eq!(last, if is_down(&cells) { &*cells[0] } else { "" });
        }
    });
    served.unwrap();
}

/// Checks what that page says of a response without a Content-Type.
#[test]
#[ignore = "needs Prometheus 3: run `.ci/prometheus-3`"]
fn prometheus_3_accepts_an_unknown_content_type_with_a_fallback() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let config = format!(
        "scrape_configs: [{{job_name: own, scrape_interval: 1s, {UNTYPED}{FALLBACK}, \
         static_configs: [{{targets: [\"{target}\"]}}]}}]"
    );
    let page = std::fs::read_to_string("docs/en/reference/troubleshooting.md");
    assert!(page.unwrap().contains(&format!("`{FALLBACK}`")));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let served = answers(listener).run_until(|| {
        let prometheus = Prometheus::start(Version::Three, file.path(), free_port());
        prometheus.assert_becomes("count(a)", &["{} => 1"]);
    });
    served.unwrap();
}

/// Checks what the troubleshooting page says of a target that has disappeared.
fn the_series_of_a_target_end_with_the_scrape_that_fails(version: Version) {
    let program = Program::start("03_custom_registry");
    let config = format!(
        "scrape_configs: [{{job_name: own, scrape_interval: 1s, \
         static_configs: [{{targets: [\"{}\"]}}]}}]",
        program.address
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let prometheus = Prometheus::start(version, file.path(), free_port());
    let query = "count(magedu_mcube_demo_queue_length)";
    prometheus.assert_becomes(query, &["{} => 1"]);
    drop(program);
    prometheus.assert_becomes("sum(up)", &["{} => 0"]);
    // An empty line: no series.
    assert_eq!(prometheus.query(query), [""]);
}

fn promtool_accepts_the_shipped_config(version: Version) {
    for config in [
        "prometheus.yml",
        "prometheus/12_service.yml",
        "prometheus/14_million_series/agent_0.yml",
        "prometheus/14_million_series/agent_1.yml",
        "prometheus/14_million_series/watch.yml",
    ] {
        let output = version
            .command("promtool")
            .args(["check", "config", config])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

fn promtool_accepts_the_shipped_rules_and_their_tests(version: Version) {
    for (slug, _) in BROKEN_RULES {
        for (subcommand, file) in [("check", "rules"), ("test", "tests")] {
            let mut promtool = version.command("promtool");
            promtool.args([subcommand, "rules"]);
            promtool.arg(format!("prometheus/{slug}.{file}.yml"));
            let output = promtool.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
}

/// How to break each rule of a lesson: a text in the file, and its replacement.
const BROKEN_RULES: [(&str, &[(&str, &str)]); 4] = [
    (
        "08_testing",
        &[
            ("up{job=\"hello\"} == 0", "up{job=\"hello\"} == 2"),
            ("_demo_up == 0", "_demo_up == 2"),
            ("for: 15s", "for: 10s"),
            ("> 100", ">= 100"),
            ("for: 1m", "for: 2m"),
            ("absent(", "count("),
            ("unless on (job) up{job=\"hello\"} == 0", ""),
            ("unless magedu", "and magedu"),
            ("and on (job, instance) magedu_mcube_demo_up == 1", ""),
        ],
    ),
    (
        "12_service",
        &[
            ("5..", "500"),
            ("5..", "[45].."),
            (" > 0)", ")"),
            ("0.99,", "0.9,"),
            ("sum by (job, route, le)", "sum by (job, le)"),
            ("le=\"0.3\"", "le=\"0.2\""),
            ("14.4", "6"),
            ("ratio_rate1h > 14.4 * 0.001", "ratio_rate1h >= 0"),
            (
                "and job:http_requests_errors:ratio_rate5m > 14.4 * 0.001",
                "",
            ),
            ("and job:http_requests_errors:ratio_rate30m > 6 * 0.001", ""),
            ("and job:http_requests_errors:ratio_rate6h > 0.001", ""),
            (
                "and sum by (job) (increase(http_requests_total{code=~\"5..\"}[1h])) > 5",
                "",
            ),
            (
                "and sum by (job) (increase(http_requests_total{code=~\"5..\"}[6h])) > 5",
                "",
            ),
            ("[1h])) > 5", "[1h])) > 10"),
            ("[6h])) > 5", "[6h])) > 10"),
            ("< 0.99", "<= 0.995"),
            ("code=\"499\"", "code=\"404\""),
            ("for: 10m", "for: 5m"),
            ("for: 1m", "for: 2m"),
            ("absent(", "count("),
            ("== 1 unless", "<= 1 unless"),
            ("unless on (job, instance)", "unless on (job)"),
            ("or absent(up{job=\"service\"})", ""),
        ],
    ),
    (
        "13_push",
        &[
            ("> 26 * 3600", ">= 26 * 3600"),
            ("max by (backup)", "min by (backup)"),
            ("max by (backup)", "max"),
            ("absent(", "count("),
            ("unless on () up{job=\"pushgateway\"} == 0", ""),
            ("for: 5m", "for: 4m"),
            ("(backup_success) == 0", "(backup_success) == 2"),
            ("> 3600 <", ">= 3600 <"),
            ("3600 < 26 * 3600", "3600"),
            (
                "> max by (backup) (backup_start",
                "< max by (backup) (backup_start",
            ),
            (
                "> max by (backup) (push_time",
                "< max by (backup) (push_time",
            ),
            (", state=\"running\"", ""),
            (
                "max by (backup) (backup_last_success_timestamp_seconds)\n",
                "vector(0)\n",
            ),
            (
                "max by (backup) (push_time_seconds{job=\"backup\", state=\"\"",
                "(x{",
            ),
            ("expr: up{job=\"pushgateway\"} == 0", "expr: up == 2"),
        ],
    ),
    (
        "14_million_series",
        &[
            ("min without", "max without"),
            (") > 0)", ") >= 0)"),
            ("or time() - process_start_time_seconds{job=\"agent\"}", ""),
            (
                "- process_start_time_seconds",
                "- 2 * process_start_time_seconds",
            ),
            ("seconds > 60\n        for: 1m", "seconds > 60"),
            (":seconds > 60", ":seconds > 240"),
            ("[10m]) > 60", "[10m]) >= 0"),
            (
                "changes(process_start_time_seconds{job=\"agent\"}[10m]) > 0",
                "up",
            ),
            ("for: 5m", "for: 4m"),
            ("for: 10m", "for: 9m"),
            ("> 0.8 * prometheus", ">= 0.8 * prometheus"),
            ("> 0.8 * prometheus", "> 0.81 * prometheus"),
            (" * prometheus_remote_storage_shards\n", "\n"),
            (":seconds > 30", ":seconds >= 30"),
            ("shards_desired >", "shards_desired >="),
            (
                "(prometheus_remote_storage_samples_failed_total[5m]) > 0",
                "(up[5m]) > 0",
            ),
            (
                "samples_failed_total[5m]) > 0",
                "samples_failed_total[5m]) >= 0",
            ),
            (
                "samples_dropped_total * 0) > 0",
                "samples_dropped_total) > 0",
            ),
            ("offset 5m", "offset 1m"),
            (
                "samples_dropped_total * 0) > 0",
                "samples_dropped_total * 0) >= 0",
            ),
            ("expr: up{job=\"agent\"} == 0", "expr: up == 0"),
            ("expr: up{job=\"store\"} == 0", "expr: up == 2"),
            ("expr: up{job=\"million\"} == 0", "expr: up == 2"),
            ("for: 1m", "for: 2m"),
            ("{scrape_job=\"million\"}", ""),
            ("sum(prometheus_target", "max(prometheus_target"),
            ("max(prometheus_sd", "sum(prometheus_sd"),
            ("unless on () up{job=\"agent\"} == 0", ""),
            ("!= max", "> max"),
            (
                "> 0.9 * (scrape_sample_limit > 0)",
                ">= 0.9 * scrape_sample_limit",
            ),
            ("(scrape_sample_limit > 0)", "scrape_sample_limit"),
            ("> 0.9 * 64", "> 0.8 * 64"),
            ("> 0.9 * 64", "> 64"),
            ("> 0.8 * scrape", ">= 0.8 * scrape"),
            ("> 0.8 * scrape", "> scrape"),
            (
                "exceeded_sample_limit_total",
                "exceeded_body_size_limit_total",
            ),
            (
                "exceeded_body_size_limit_total",
                "exceeded_sample_limit_total",
            ),
            (
                "exceeded_body_size_limit_total[5m]) > 0",
                "exceeded_body_size_limit_total[5m]) >= 0",
            ),
        ],
    ),
];

/// With one version: each of the many breaks takes a second.
#[test]
#[ignore = "needs prometheus and promtool, version 2 as in Debian 12"]
fn a_rule_that_is_broken_fails_its_test() {
    let folder = tempfile::tempdir().unwrap();
    for (lesson, broken_rules) in BROKEN_RULES {
        let [rules, tests] =
            ["rules", "tests"].map(|kind| format!("{lesson}.{kind}.yml"));
        let read = |name: &str| std::fs::read_to_string(format!("prometheus/{name}"));
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write(&tests, read(&tests).unwrap());
        let correct = read(&rules).unwrap();
        for (from, to) in broken_rules {
            assert!(correct.contains(from), "no {from:?}");
            write(&rules, correct.replace(from, to));
            assert_tests_fail(&folder.path().join(&tests), from);
        }
    }
}

fn assert_tests_fail(tests: &Path, broken: &str) {
    let mut promtool = Version::Installed.command("promtool");
    promtool.args(["test", "rules"]).arg(tests);
    let output = promtool.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{broken:?}: {output:?}");
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words + String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("exp:"), "{words}");
}

fn assert_check(version: Version, metrics: &str, code: i32, words: &str) {
    let output = check_metrics(version.command("promtool"), metrics);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), words);
    assert_eq!(output.status.code(), Some(code));
}

fn promtool_accepts_every_program_but_for_what_the_documents_names_break(
    version: Version,
) {
    for slug in support::built() {
        let metrics = Program::start(slug).metrics();
        match slug {
            "00_raw_handler" => {
                assert_check(
                    version,
                    &metrics,
                    1,
                    "error while linting: text format parsing error in line 1: \
                     unexpected end of input stream\n",
                );
                assert_check(
                    version,
                    &(metrics + "\n"),
                    3,
                    "lexporter_request_count no help text\n",
                );
            }
            "05_custom_collector" => assert_check(
                version,
                &metrics,
                3,
                "b counter metrics should have \"_total\" suffix\n",
            ),
            _ => assert_check(version, &metrics, 0, ""),
        }
    }
}

fn promtool_says_of_each_name_what_the_page_about_names_says(version: Version) {
    let rows = rows("docs/en/reference/naming.md", "The linter");
    assert!(!rows.is_empty());
    for cells in rows {
        let code = cells[2].parse().unwrap();
        assert_check(
            version,
            &with_mistake(&cells[0]),
            code,
            &format!("{}\n", cells[1]),
        );
    }
}

#[test]
#[ignore = "needs Prometheus 3: run `.ci/prometheus-3`"]
fn promtool_of_prometheus_3_objects_to_duplicates_and_negative_counts() {
    let twice = "# HELP a Help.\n# TYPE a gauge\na 1\na 2\n";
    assert_check(Version::Three, twice, 3, "a metric not unique\n");
    assert_check(Version::Installed, twice, 0, "");
    let negative = "# HELP a Help.\n# TYPE a histogram\na_count -1\n";
    let refusal = "error while linting: text format parsing error in line 3: \
                   negative count for histogram \"a\"\n";
    assert_check(Version::Three, negative, 1, refusal);
    assert_check(Version::Installed, negative, 0, "");
}
