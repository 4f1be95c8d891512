//! The live view in a real browser: `live_view.py` opens the landing pages of these
//! servers, compares what they draw with their expositions, and changes what they
//! serve.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use exporter_workbook::collect::{CollectError, Samples, collector_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{Body, BoxHandler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{Landing, Server};
use http::{Request, Response};
use support::Program;
use support::running::Running;

/// Runs the browser check, which prints its measurements and the reason of a failure.
fn check(what: &str, urls: &[String]) {
    let output = Command::new("python3")
        .args(["tests/live_view.py", what])
        .args(urls)
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
}

fn url(running: &Running) -> String {
    format!("http://{}/", running.address)
}

/// Numbers that the browser check sets between two fetches, with `/-/set?name=1`.
#[derive(Clone, Default)]
struct Settings(Arc<Mutex<BTreeMap<String, f64>>>);

impl Settings {
    fn get(&self, name: &str) -> f64 {
        self.0.lock().unwrap().get(name).copied().unwrap_or(0.0)
    }

    fn count(&self, name: &str) -> u64 {
        self.get(name) as u64
    }

    fn set(&self, request: &Request<()>) -> Response<Body> {
        let query = request.uri().query().unwrap();
        let (name, value) = query.split_once('=').unwrap();
        let value = value.parse().unwrap();
        self.0.lock().unwrap().insert(name.to_owned(), value);
        Response::new("ok\n".into())
    }
}

fn numbers(samples: &mut Samples<'_>, settings: &Settings) {
    let gauge = Desc::gauge("live_gauge", "A gauge that the check sets.");
    samples.set(&gauge, settings.get("gauge"), &[]);
    let counter = Desc::counter("live_total", "A counter.").label("code");
    samples.set(&counter, settings.get("counter"), &["200"]);
    samples.set(&counter, 3.0, &["500"]);
    let temporary =
        Desc::gauge("live_temporary", "Series that come and go.").label("n");
    let first = settings.count("first");
    for n in first..first + settings.count("temporary") {
        samples.set(&temporary, n as f64, &[&n.to_string()]);
    }
    let odd = Desc::untyped("live_odd", "Numbers that are odd.").label("n");
    let odd_numbers = [f64::NAN, f64::INFINITY, -f64::INFINITY, -f64::MIN_POSITIVE];
    for (n, number) in odd_numbers.into_iter().enumerate() {
        samples.set(&odd, number, &[&n.to_string()]);
    }
    samples.set(&odd, 1e21, &["time"]).at(1_395_066_363_000);
}

fn distributions(samples: &mut Samples<'_>, settings: &Settings) {
    let seconds = Desc::histogram("live_seconds", "How long it takes.").label("path");
    let (low, middle, high) = (
        settings.count("low"),
        settings.count("middle"),
        settings.count("high"),
    );
    let buckets = [(0.5, low), (2.0, low + middle), (10.0, low + middle)];
    let count = low + middle + high;
    samples.histogram(&seconds, count, count as f64 * 1.25, &buckets, &["/a"]);
    samples.histogram(&seconds, 0, 0.0, &[(0.5, 0), (2.0, 0)], &["/b"]);
    let bytes = Desc::summary("live_bytes", "How large it is.").label("path");
    let quantiles = [(0.5, 12.5), (0.99, settings.get("quantile"))];
    samples.summary(&bytes, 8, 100.0, &quantiles, &["/a"]);
}

/// Returns everything that a label value may contain.
fn hostile_values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        " two  spaces ",
        "<img src=x onerror=\"window.hacked = true\">",
        "</span><script>window.hacked = true</script>",
        "quote \" backslash \\ both \\\" and \\n",
        "a\nnewline",
        "a\ttab\r\u{0}\u{7f}\u{85}",
        "} 1 # {a=\"b\",",
        "\u{202e}turned\u{202c} \u{2066}isolated",
        "zero\u{200b}width\u{feff} and \u{2028} line",
        "שלום العربية 计数 🦀",
        "__proto__",
        "constructor",
        "{{name}}",
    ]
    .map(str::to_owned)
    .into();
    values.push("long ".repeat(400));
    values.push("x".repeat(4000));
    values
}

fn hostile(samples: &mut Samples<'_>) {
    let help = "Values with <b>tags</b>, \"quotes\", \\ and\na second line.";
    let desc = Desc::gauge("hostile", help).label("value");
    for (n, value) in hostile_values().iter().enumerate() {
        samples.set(&desc, n as f64, &[value]);
    }
    let desc = Desc::gauge("hostile_names", "").label("constructor");
    let desc = desc.label("toString").label("hasOwnProperty");
    samples.set(&desc, 1.0, &["a", "b", "c"]);
    samples.set(&desc, 2.0, &["a\",toString=\"b", "", "c"]);
    samples.set(&Desc::gauge("constructor", "Not a function."), 4.0, &[]);
}

/// Reports everything above, or fails if the setting says so.
fn collected(
    samples: &mut Samples<'_>,
    settings: &Settings,
) -> Result<(), CollectError> {
    thread::sleep(Duration::from_secs_f64(settings.get("sleep")));
    if settings.get("fail") == 1.0 {
        return Err("no sensor at <b>/dev/hwmon3</b>".into());
    }
    numbers(samples, settings);
    distributions(samples, settings);
    hostile(samples);
    Ok(())
}

/// Creates a handler whose responses depend on the settings; some aren't expositions.
fn changing_metrics(settings: &Settings) -> BoxHandler {
    let registry = Registry::new();
    let of_collector = settings.clone();
    let collector =
        collector_fn(Vec::new(), move |samples| collected(samples, &of_collector));
    registry.must_register(collector);
    let handler = handler_for(&registry, HandlerOpts::default()).unwrap();
    let settings = settings.clone();
    Box::new(move |request: &Request<()>| match settings.count("fail") {
        2 => Response::new("# A comment.\n<b>not</b> an exposition\n".into()),
        3 => Response::default(),
        _ => handler.handle(request),
    })
}

fn with_landing(server: Server) -> Server {
    let landing = Landing::new("Live <i>view</i>").version("1.2.3");
    server.landing(landing.description("What the check & its reader see."))
}

#[test]
#[ignore = "needs Chromium and Python's playwright"]
fn the_live_view_of_a_program_shows_its_exposition() {
    let program = Program::start("04_process_runtime");
    check("program", &[format!("http://{}/", program.address)]);
}

#[test]
#[ignore = "needs Chromium and Python's playwright"]
fn the_live_view_shows_what_changes_and_what_fails() {
    let settings = Settings::default();
    let running = Running::serve(|server| {
        let metrics = changing_metrics(&settings);
        let set = move |request: &Request<()>| settings.set(request);
        let server = server.route("/metrics", metrics).route("/-/set", set);
        with_landing(server)
    });
    check("changing", &[url(&running)]);
    running.stop();
}

#[test]
#[ignore = "needs Chromium and Python's playwright"]
fn the_live_view_reads_the_whole_text_format() {
    // The check intercepts the requests for its metrics.
    let program = Program::start("03_custom_registry");
    check("format", &[format!("http://{}/", program.address)]);
}

/// Serves `families` of `series` each, whose values change from scrape to scrape.
fn many(families: usize, series: usize) -> Running {
    let settings = Settings::default();
    let descs: Vec<Desc> = (0..families)
        .map(|n| Desc::counter(&format!("family_{n}_total"), "One of many."))
        .map(|desc| desc.label("zone").label("path"))
        .collect();
    let collector = collector_fn(Vec::new(), move |samples| {
        let scrape = settings.get("scrape") + 1.0;
        settings.0.lock().unwrap().insert("scrape".into(), scrape);
        for desc in &descs {
            for n in 0..series {
                let path = format!("/api/items/{n}");
                let value = scrape * (n % 7) as f64;
                samples.set(desc, value, &[&(n % 100).to_string(), &path]);
            }
        }
        Ok(())
    });
    let registry = Registry::new();
    registry.must_register(collector);
    let handler = handler_for(&registry, HandlerOpts::default()).unwrap();
    Running::serve(|server| server.route("/metrics", handler))
}

#[test]
#[ignore = "needs Chromium and Python's playwright"]
fn the_live_view_stays_usable_with_ten_thousand_series() {
    let (one, thousand) = (many(1, 10_000), many(1000, 10));
    check("many", &[url(&one), url(&thousand)]);
    one.stop();
    thousand.stop();
}
