//! The cost of an observation: the library's summary compared with the crate's
//! histogram, from one thread and from two at once.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use exporter_workbook::summary::{Summary, SummaryOpts};
use prometheus::{Histogram, HistogramOpts};

fn summary() -> Result<Summary, Box<dyn std::error::Error>> {
    let opts = SummaryOpts::new("response_size_bytes", "Sizes.")
        .objective(0.5, 0.05)
        .objective(0.9, 0.01)
        .objective(0.99, 0.001);
    Ok(Summary::with_opts(opts)?)
}

fn histogram() -> Result<Histogram, Box<dyn std::error::Error>> {
    Ok(Histogram::with_opts(HistogramOpts::new(
        "response_size_bytes",
        "Sizes.",
    ))?)
}

/// Returns unsorted values, the same in each run.
fn values() -> impl Iterator<Item = f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    })
}

/// Returns the time for `count` observations by each of `threads`.
fn observing(threads: usize, count: u64, observe: &(impl Fn(f64) + Sync)) -> Duration {
    let values: Vec<f64> = values().take(4096).collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for value in values.iter().cycle().take(count as usize) {
                    observe(black_box(*value));
                }
            });
        }
    });
    start.elapsed()
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    observe: impl Fn(f64) + Sync,
) {
    for threads in [1, 2] {
        group.bench_function(format!("{name}, threads: {threads}"), |bencher| {
            bencher.iter_custom(|count| observing(threads, count, &observe));
        });
    }
}

fn observe(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("observe");
    if let (Ok(summary), Ok(histogram)) = (summary(), histogram()) {
        bench(&mut group, "Summary", |value| summary.observe(value));
        bench(&mut group, "Histogram", |value| histogram.observe(value));
    }
    group.finish();
}

criterion_group!(benches, observe);
criterion_main!(benches);
