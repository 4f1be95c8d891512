//! What a scrape costs: gathering with its checks beside the SDK's gather, each writer
//! beside the SDK's encoder and `prometheus-client`'s, and the whole, on the same metrics.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use benches::{client_gauges, gauges, mixed};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use exporter_workbook::exposition::{write_open_metrics, write_text};
use exporter_workbook::gather::Gatherer;
use exporter_workbook::promhttp::{HandlerOpts, handler_for};
use http::Request;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Registry, TextEncoder};
use prometheus_client::encoding::text::encode as encode_client;

fn exposition(criterion: &mut Criterion) {
    for series in [10, 1000, 100_000] {
        if let Ok(registry) = gauges(series) {
            let of = series.to_string();
            gather(criterion, &of, series, &registry);
            encode(criterion, &of, series, &Registry::gather(&registry));
            encode_by_client(criterion, series);
            scrape(criterion, &of, series, &registry);
        }
    }
    if let Ok(registry) = mixed() {
        let samples = 10_000;
        gather(criterion, "mixed", samples, &registry);
        encode(criterion, "mixed", samples, &Registry::gather(&registry));
        scrape(criterion, "mixed", samples, &registry);
    }
}

fn gather(criterion: &mut Criterion, of: &str, samples: usize, registry: &Registry) {
    let mut group = criterion.benchmark_group("gather");
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(BenchmarkId::new("Registry::gather", of), |bencher| {
        bencher.iter(|| black_box(Registry::gather(registry)));
    });
    group.bench_function(BenchmarkId::new("Gatherer::gather", of), |bencher| {
        bencher.iter(|| black_box(Gatherer::gather(registry)));
    });
    group.finish();
}

fn encode(
    criterion: &mut Criterion,
    of: &str,
    samples: usize,
    families: &[MetricFamily],
) {
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(samples as u64));
    let mut encoder = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        group.bench_function(BenchmarkId::new(name, of), |bencher| {
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
    encoder("write_text", &|out| drop(write_text(families, out)));
    encoder("write_open_metrics", &|out| {
        drop(write_open_metrics(families, out));
    });
    group.finish();
}

/// Without a gather: `prometheus-client` writes from the metrics themselves, unsorted.
fn encode_by_client(criterion: &mut Criterion, series: usize) {
    let registry = client_gauges(series);
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(series as u64));
    group.bench_function(BenchmarkId::new("prometheus-client", series), |bencher| {
        bencher.iter(|| {
            let mut out = String::new();
            let _ = encode_client(&mut out, &registry);
            black_box(out)
        });
    });
    group.finish();
}

fn scrape(criterion: &mut Criterion, of: &str, samples: usize, registry: &Registry) {
    let Ok(handler) = handler_for(registry.clone(), HandlerOpts::default()) else {
        return;
    };
    let request = Request::new(());
    let mut group = criterion.benchmark_group("scrape");
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(BenchmarkId::new("SDK", of), |bencher| {
        bencher.iter(|| {
            let mut out = Vec::new();
            let _ = TextEncoder::new().encode(&Registry::gather(registry), &mut out);
            black_box(out)
        });
    });
    group.bench_function(BenchmarkId::new("handler", of), |bencher| {
        bencher.iter(|| black_box(handler(&request)));
    });
    group.finish();
}

criterion_group!(benches, exposition);
criterion_main!(benches);
