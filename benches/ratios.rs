//! How many times faster than a peer we are. The two take turns of some milliseconds,
//! so that a machine that slows down slows both; the result is the median of the turns'
//! ratios. The peer is the `prometheus` crate or, for custom collectors, a plain write
//! of labels that are already rendered.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{Both, OwnCollector, PlainWrite, gauges, mixed};
use exporter_workbook::promhttp::{Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use http::Request;
use http::header::ACCEPT_ENCODING;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, TextEncoder};

const TURNS: usize = 41;
const TURN: Duration = Duration::from_millis(30);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The first is cargo's own argument, the second that of `cargo test --benches`.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    heading("crate");
    for series in [10, 1000, 100_000] {
        compare(&format!("{series} gauges"), &gauges(series)?)?;
    }
    compare("10,000 mixed samples", &mixed()?)?;
    heading("plain");
    for series in [1000, 100_000] {
        for (order, sorted) in [("sorted", true), ("unsorted", false)] {
            own_collector(&format!("{series} {order}"), series, sorted)?;
        }
    }
    heading("crate");
    gzipped(1000)?;
    gzipped(100_000)
}

fn heading(peer: &str) {
    println!(
        "{:32} {peer:>9} µs {:>12} {:>7}  the middle half",
        "", "ours µs", "ratio"
    );
}

fn compare(of: &str, both: &Both) -> Result<(), Box<dyn std::error::Error>> {
    let handler = handler_for(&both.ours, HandlerOpts::default())?;
    let request = Request::new(());
    in_turns(
        &format!("gather, {of}"),
        || drop(black_box(both.theirs.gather())),
        || drop(black_box(both.ours.gather())),
    );
    in_turns(
        &format!("scrape, {of}"),
        || encode(&both.theirs.gather()),
        || drop(black_box(handler.handle(&request))),
    );
    Ok(())
}

fn own_collector(
    of: &str,
    series: usize,
    sorted: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    registry.must_register(OwnCollector::new(series, sorted));
    let handler = handler_for(&registry, HandlerOpts::default())?;
    let plain = PlainWrite::new(series);
    let request = Request::new(());
    in_turns(
        &format!("custom collector, {of}"),
        || drop(black_box(plain.write())),
        || drop(black_box(handler.handle(&request))),
    );
    Ok(())
}

/// Compares a compressed scrape with the crate's, whose text `miniz_oxide` compresses.
fn gzipped(series: usize) -> Result<(), Box<dyn std::error::Error>> {
    let both = gauges(series)?;
    let handler = handler_for(&both.ours, HandlerOpts::default())?;
    let request = Request::builder()
        .header(ACCEPT_ENCODING, "gzip")
        .body(())?;
    in_turns(
        &format!("gzipped scrape, {series} gauges"),
        || {
            let mut body = Vec::new();
            let _ = TextEncoder::new().encode(&both.theirs.gather(), &mut body);
            drop(black_box(miniz_oxide::deflate::compress_to_vec(&body, 1)));
        },
        || drop(black_box(handler.handle(&request))),
    );
    Ok(())
}

fn encode(families: &[MetricFamily]) {
    let mut out = Vec::new();
    let _ = TextEncoder::new().encode(families, &mut out);
    black_box(out);
}

/// Prints the median time of each, and the median ratio.
fn in_turns(name: &str, peer: impl Fn(), ours: impl Fn()) {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    turn(&peer);
    turn(&ours);
    let turns: Vec<(f64, f64)> =
        (0..TURNS).map(|_| (turn(&peer), turn(&ours))).collect();
    let sorted = |of: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let ratios = sorted(|(peer, ours)| peer / ours);
    println!(
        "{name:32} {:12.1} {:12.1} {:7.2}  {:.2} to {:.2}",
        sorted(|turn| turn.0)[TURNS / 2] * 1e6,
        sorted(|turn| turn.1)[TURNS / 2] * 1e6,
        ratios[TURNS / 2],
        ratios[TURNS / 4],
        ratios[TURNS * 3 / 4],
    );
}

/// Returns how many seconds `work` takes.
fn turn(work: &impl Fn()) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < TURN {
        work();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}
