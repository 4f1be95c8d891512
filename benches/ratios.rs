//! How many times faster than the SDK we are: both in turns of some milliseconds, so that a
//! machine that slows down slows both, and the middle of the turns' ratios.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{gauges, mixed};
use exporter_workbook::exposition::write_text;
use exporter_workbook::gather::Gatherer;
use exporter_workbook::promhttp::{HandlerOpts, handler_for};
use http::Request;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Registry, TextEncoder};

const TURNS: usize = 41;
const TURN: Duration = Duration::from_millis(30);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo's own argument, and that of `cargo test --benches`.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    println!(
        "{:28} {:>12} {:>12} {:>7}  half of the turns",
        "", "SDK µs", "ours µs", "ratio"
    );
    for series in [10, 1000, 100_000] {
        compare(&format!("{series} gauges"), &gauges(series)?)?;
    }
    compare("10,000 mixed samples", &mixed()?)
}

fn compare(of: &str, registry: &Registry) -> Result<(), Box<dyn std::error::Error>> {
    let families = Registry::gather(registry);
    let handler = handler_for(registry.clone(), HandlerOpts::default())?;
    let request = Request::new(());
    in_turns(
        &format!("gather, {of}"),
        || drop(Registry::gather(registry)),
        || {
            drop(black_box(Gatherer::gather(registry)));
        },
    );
    in_turns(
        &format!("text, {of}"),
        || encode(&families),
        || {
            let mut out = Vec::new();
            drop(write_text(&families, &mut out));
            black_box(out);
        },
    );
    in_turns(
        &format!("scrape, {of}"),
        || encode(&Registry::gather(registry)),
        || {
            drop(black_box(handler(&request)));
        },
    );
    Ok(())
}

fn encode(families: &[MetricFamily]) {
    let mut out = Vec::new();
    let _ = TextEncoder::new().encode(families, &mut out);
    black_box(out);
}

/// Prints the middle of how long each takes, and of the ratios.
fn in_turns(name: &str, sdk: impl Fn(), ours: impl Fn()) {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    turn(&sdk);
    turn(&ours);
    let turns: Vec<(f64, f64)> =
        (0..TURNS).map(|_| (turn(&sdk), turn(&ours))).collect();
    let sorted = |of: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let ratios = sorted(|(sdk, ours)| sdk / ours);
    println!(
        "{name:28} {:12.1} {:12.1} {:7.2}  {:.2} to {:.2}",
        sorted(|turn| turn.0)[TURNS / 2] * 1e6,
        sorted(|turn| turn.1)[TURNS / 2] * 1e6,
        ratios[TURNS / 2],
        ratios[TURNS / 4],
        ratios[TURNS * 3 / 4],
    );
}

/// How many seconds `work` takes.
fn turn(work: &impl Fn()) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < TURN {
        work();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}
