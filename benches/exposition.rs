//! What a scrape costs: gathering with its checks beside the SDK's gather, and each writer
//! beside the SDK's encoder, on the same metrics.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use exporter_workbook::exposition::{write_open_metrics, write_text};
use exporter_workbook::gather::Gatherer;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Registry, TextEncoder};

fn exposition(criterion: &mut Criterion) {
    for series in [10, 1000, 100_000] {
        if let Ok(registry) = benches::gauges(series) {
            gather(criterion, series, &registry);
            encode(criterion, series, &Registry::gather(&registry));
        }
    }
}

fn gather(criterion: &mut Criterion, series: usize, registry: &Registry) {
    let mut group = criterion.benchmark_group("gather");
    group.throughput(Throughput::Elements(series as u64));
    group.bench_function(BenchmarkId::new("Registry::gather", series), |bencher| {
        bencher.iter(|| black_box(Registry::gather(registry)));
    });
    group.bench_function(BenchmarkId::new("Gatherer::gather", series), |bencher| {
        bencher.iter(|| black_box(Gatherer::gather(registry)));
    });
    group.finish();
}

fn encode(criterion: &mut Criterion, series: usize, families: &[MetricFamily]) {
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(series as u64));
    let mut encoder = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        group.bench_function(BenchmarkId::new(name, series), |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                write(&mut out);
                black_box(out)
            });
        });
    };
    encoder("TextEncoder", &|out| {
        let _ = TextEncoder::new().encode(families, out);
    });
    encoder("write_text", &|out| {
        write_text(families, out);
    });
    encoder("write_open_metrics", &|out| {
        write_open_metrics(families, out);
    });
    group.finish();
}

criterion_group!(benches, exposition);
criterion_main!(benches);
