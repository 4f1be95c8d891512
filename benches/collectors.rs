//! The cost of the ready-made collectors per scrape, and of the counting allocator per
//! allocation, compared with the system's allocator, from one thread and from two at
//! once.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::thread;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use exporter_workbook::collectors::{
    CountingAllocator, ProcessCollector, RuntimeCollector,
};
use exporter_workbook::registry::Registry;

fn collect(criterion: &mut Criterion) {
    let (process, runtime, both) = (Registry::new(), Registry::new(), Registry::new());
    process.must_register(ProcessCollector::new());
    runtime.must_register(RuntimeCollector::new());
    both.must_register(ProcessCollector::new());
    both.must_register(RuntimeCollector::new());
    let mut group = criterion.benchmark_group("collect");
    group.bench_function("process", |bencher| bencher.iter(|| process.gather()));
    group.bench_function("runtime", |bencher| bencher.iter(|| runtime.gather()));
    group.bench_function("both", |bencher| bencher.iter(|| both.gather()));
    group.finish();
}

/// Allocates and frees a block, `times` over.
#[expect(unsafe_code, reason = "the trait of global allocators is unsafe")]
fn blocks(allocator: &impl GlobalAlloc, times: u64) {
    let layout = Layout::new::<[u64; 8]>();
    for _ in 0..times {
        // SAFETY: the layout isn't empty, and each block is freed with its own layout.
        unsafe {
            let block = black_box(allocator.alloc(layout));
            allocator.dealloc(block, layout);
        }
    }
}

fn allocate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("allocate and free");
    for threads in [1, 2] {
        let mut measure = |name: &str, work: &(dyn Fn(u64) + Sync)| {
            group.bench_function(format!("{name}, {threads} thread(s)"), |bencher| {
                bencher.iter_custom(|times| {
                    let started = Instant::now();
                    thread::scope(|scope| {
                        for _ in 0..threads {
                            scope.spawn(|| work(times));
                        }
                    });
                    started.elapsed()
                });
            });
        };
        measure("System", &|times| blocks(&System, times));
        measure("CountingAllocator", &|times| {
            blocks(&CountingAllocator, times)
        });
    }
    group.finish();
}

criterion_group!(benches, collect, allocate);
criterion_main!(benches);
