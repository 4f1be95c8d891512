//! The cost of a scrape: gathering with its checks compared with the crate's gather,
//! each format compared with the crate's encoder and `prometheus-client`'s, and the
//! whole scrape, all on the same metrics.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use benches::peers::{Kind, Library, family, served};
use benches::{Both, gauges, mixed};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use exporter_workbook::exposition::Format;
use exporter_workbook::promhttp::{HandlerOpts, handler_for};
use http::Request;
use prometheus::{Encoder, TextEncoder};

fn exposition(criterion: &mut Criterion) {
    for series in [10, 1000, 100_000] {
        if let Ok(both) = gauges(series) {
            let of = series.to_string();
            gather(criterion, &of, series, &both);
            encode(criterion, &of, series, &both);
            encode_by_client(criterion, series);
            scrape(criterion, &of, series, &both);
        }
    }
    if let Ok(both) = mixed() {
        let samples = 10_000;
        gather(criterion, "mixed", samples, &both);
        encode(criterion, "mixed", samples, &both);
        scrape(criterion, "mixed", samples, &both);
    }
}

fn gather(criterion: &mut Criterion, of: &str, samples: usize, both: &Both) {
    let mut group = criterion.benchmark_group("gather");
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(BenchmarkId::new("crate", of), |bencher| {
        bencher.iter(|| black_box(both.theirs.gather()));
    });
    group.bench_function(BenchmarkId::new("ours", of), |bencher| {
        bencher.iter(|| black_box(both.ours.gather()));
    });
    group.finish();
}

fn encode(criterion: &mut Criterion, of: &str, samples: usize, both: &Both) {
    let (theirs, ours) = (both.theirs.gather(), both.ours.gather());
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
        let _ = TextEncoder::new().encode(&theirs, out);
    });
    for (name, format) in [
        ("text", Format::TEXT),
        ("OpenMetrics", Format::OPEN_METRICS_1_0_0),
    ] {
        encoder(name, &|out| format.write(ours.families(), |_| true, out));
    }
    group.finish();
}

/// Encodes without gathering: `prometheus-client` writes from the metrics themselves,
/// unsorted.
fn encode_by_client(criterion: &mut Criterion, series: usize) {
    let Ok(family) = family(Library::Client, Kind::Gauges, series) else {
        return;
    };
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(series as u64));
    group.bench_function(BenchmarkId::new("prometheus-client", series), |bencher| {
        bencher.iter(|| family.scrape());
    });
    group.finish();
}

fn scrape(criterion: &mut Criterion, of: &str, samples: usize, both: &Both) {
    let Ok(handler) = handler_for(&both.ours, HandlerOpts::default()) else {
        return;
    };
    let request = Request::new(());
    let mut group = criterion.benchmark_group("scrape");
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(BenchmarkId::new("crate", of), |bencher| {
        bencher.iter(|| {
            let mut out = Vec::new();
            let _ = TextEncoder::new().encode(&both.theirs.gather(), &mut out);
            black_box(out)
        });
    });
    group.bench_function(BenchmarkId::new("handler", of), |bencher| {
        bencher.iter(|| served(&handler, &request));
    });
    group.finish();
}

criterion_group!(benches, exposition);
criterion_main!(benches);
