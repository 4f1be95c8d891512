//! What this library costs beside its peers and beside no library at all, in one run:
//! scrapes, changes, children and memory. All take turns, and a ratio is the median of
//! the rounds' ratios. Prints tables in Markdown.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use benches::memory;
use benches::peers::{Change, Family, Kind, Library, empty, family, served};
use benches::plain::Plain;
use benches::turns::{Table, Turn, Turns, Who, grouped, nanoseconds, repeat};
use benches::{Both, OwnCollector, gauges, labels, mixed};
use exporter_workbook::promhttp::{HandlerOpts, handler_for};
use exporter_workbook::registry::Registry;
use http::Request;
use http::header::ACCEPT_ENCODING;
use prometheus::{Encoder, TextEncoder};

type Done = Result<(), Box<dyn Error>>;
type Turning = Result<Turns, Box<dyn Error>>;

/// How many children are created or removed in one turn.
const CHILDREN: usize = 100_000;
/// How many times a child changes between two readings of the clock.
const TIMES: u32 = 200_000;

fn main() -> Done {
    // The argument of `cargo test --benches`.
    if std::env::args().any(|argument| argument == "--test") || memory::measured()? {
        return Ok(());
    }
    let table = Table::from_arguments();
    scrapes(&table)?;
    changes(&table)?;
    children(&table)?;
    memories(&table)?;
    other_collectors(&table)
}

fn scrapes(table: &Table) -> Done {
    table.head("scrape, ns a series");
    for (series, kind) in [
        (10, Kind::Gauges),
        (1000, Kind::Gauges),
        (100_000, Kind::Gauges),
        (1_000_000, Kind::Gauges),
        (1000, Kind::Counters),
        (100_000, Kind::Counters),
        (1000, Kind::Histograms),
    ] {
        let name = format!("scrape, {} {}", grouped(series), kind.name());
        table.row(&name, || scrape(kind, series, &Library::ALL))?;
    }
    // Which would take the peers a minute.
    let kind = Kind::Histograms;
    table.row("scrape, 100,000 histograms", || {
        scrape(kind, 100_000, &[Library::Ours])
    })?;
    for series in [1000, 100_000] {
        let name = format!("scrape, {} gauges, gzip", grouped(series));
        table.row(&name, || compressed(series))?;
    }
    Ok(())
}

fn scrape(kind: Kind, series: usize, libraries: &[Library]) -> Turning {
    let mut turns = plain(kind, series);
    for library in libraries {
        let family = family(*library, kind, series)?;
        let turn = repeat(series, move || family.scrape());
        turns.push((Who::Library(*library), turn));
    }
    Ok(turns)
}

fn plain(kind: Kind, series: usize) -> Turns {
    let plain = Rc::new(Plain::new(kind, series));
    let again = Rc::clone(&plain);
    vec![
        (Who::Plain, repeat(series, move || plain.whole())),
        (Who::Pieces, repeat(series, move || again.pieces())),
    ]
}

/// Compares compressed scrapes of a vector with those of the crate's vector in the same
/// kind of registry, which was the only way before.
fn compressed(series: usize) -> Turning {
    let request = Request::builder().header(ACCEPT_ENCODING, "gzip");
    let request = Rc::new(request.body(())?);
    let vector = family(Library::Ours, Kind::Gauges, series)?.registry();
    let turn = |registry: &Registry| -> Result<Turn, Box<dyn Error>> {
        let handler = handler_for(registry, HandlerOpts::default())?;
        let request = Rc::clone(&request);
        let scrape = move || served(&handler, &request);
        Ok(repeat(series, scrape))
    };
    Ok(vec![
        (Who::OURS, turn(&vector.unwrap_or_default())?),
        (Who::Library(Library::Crate), turn(&gauges(series)?.ours)?),
    ])
}

fn changes(table: &Table) -> Done {
    table.head("change through a handle, ns");
    table.row("inc, 1 thread", || {
        let turn = alone(atomic(&Arc::default()));
        let turns = vec![(Who::Plain, turn)];
        by_library(turns, Kind::Counters, |family| alone(change(family, 0)))
    })?;
    table.row("inc, 2 threads, one counter", || {
        let count = Arc::default();
        let turn = at_once(atomic(&count), atomic(&count));
        by_library(vec![(Who::Plain, turn)], Kind::Counters, |family| {
            at_once(change(family, 0), change(family, 0))
        })
    })?;
    table.row("inc, 2 threads, two counters of a vector", || {
        by_library(Vec::new(), Kind::Counters, |family| {
            at_once(change(family, 0), change(family, 1))
        })
    })?;
    table.row("observe, 1 thread", || {
        by_library(Vec::new(), Kind::Histograms, |family| {
            alone(change(family, 0))
        })
    })
}

/// Returns what a counter costs without a library.
fn atomic(count: &Arc<AtomicU64>) -> Change {
    let count = Arc::clone(count);
    Box::new(move |times| {
        for _ in 0..times {
            black_box(&count).fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn change(family: &dyn Family, number: usize) -> Change {
    let (module, shard) = labels(number);
    family.change(&module, &shard)
}

fn alone(change: Change) -> Turn {
    repeat(TIMES as usize, move || change(TIMES))
}

/// Returns a turn of two threads, of which each makes as many changes.
fn at_once(one: Change, other: Change) -> Turn {
    repeat(TIMES as usize, move || {
        thread::scope(|scope| {
            scope.spawn(|| one(TIMES));
            other(TIMES);
        });
    })
}

/// Adds the turn of each library, on an empty family.
fn by_library(
    mut turns: Turns,
    kind: Kind,
    turn: impl Fn(&dyn Family) -> Turn,
) -> Turning {
    for library in Library::ALL {
        turns.push((Who::Library(library), turn(&*empty(library, kind)?)));
    }
    Ok(turns)
}

fn children(table: &Table) -> Done {
    table.head("children of 100,000, ns each");
    let all: Rc<Vec<_>> = Rc::new((0..2 * CHILDREN).map(labels).collect());
    for (name, then) in [
        ("create", Then::Nothing),
        ("create and scrape once", Then::Scrape),
        ("remove", Then::Remove),
    ] {
        let all = Rc::clone(&all);
        table.row(name, || created(&all, then))?;
    }
    table.row("replace 1,000 and scrape", || {
        let mut turns = Vec::new();
        for library in REMOVING {
            let family = family(library, Kind::Gauges, CHILDREN)?;
            turns.push((Who::Library(library), replaced(family, Rc::clone(&all))));
        }
        Ok(turns)
    })
}

/// What is measured besides creating children.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    Scrape,
    /// Instead of creating them, after a scrape.
    Remove,
}

/// The libraries that can remove a child.
const REMOVING: [Library; 3] = [Library::Ours, Library::Crate, Library::Client];

fn created(all: &Rc<Vec<(String, String)>>, then: Then) -> Turning {
    let mut turns: Turns = Vec::new();
    for library in Library::ALL {
        if then == Then::Remove && !REMOVING.contains(&library) {
            continue;
        }
        let all = Rc::clone(all);
        let turn = move || {
            // The names were accepted before.
            let Ok(family) = empty(library, Kind::Gauges) else {
                return f64::NAN;
            };
            let mut start = Instant::now();
            for (number, (module, shard)) in all[..CHILDREN].iter().enumerate() {
                family.make(module, shard, number);
            }
            if then != Then::Nothing {
                family.scrape();
            }
            if then == Then::Remove {
                start = Instant::now();
                for (module, shard) in &all[..CHILDREN] {
                    family.remove(module, shard);
                }
            }
            nanoseconds(start.elapsed(), CHILDREN)
        };
        turns.push((Who::Library(library), Box::new(turn)));
    }
    Ok(turns)
}

/// Returns a turn that replaces the 1,000 oldest children and scrapes all.
fn replaced(family: Box<dyn Family>, all: Rc<Vec<(String, String)>>) -> Turn {
    let oldest = Cell::new(0);
    Box::new(move || {
        let start = Instant::now();
        for number in oldest.get()..oldest.get() + 1000 {
            let (module, shard) = &all[number % all.len()];
            family.remove(module, shard);
            let number = (number + CHILDREN) % all.len();
            let (module, shard) = &all[number];
            family.make(module, shard, number);
        }
        oldest.set((oldest.get() + 1000) % all.len());
        family.scrape();
        nanoseconds(start.elapsed(), CHILDREN)
    })
}

fn memories(table: &Table) -> Done {
    table.head("memory, bytes a series");
    for series in [100_000, 1_000_000] {
        let name = format!("memory, {} gauges", grouped(series));
        table.rows([&name, &format!("{name}, after a scrape")], || {
            let mut turns: [Turns; 2] = Default::default();
            for library in Library::ALL {
                let measured = memory::measure(library, series)?;
                for (turns, bytes) in turns.iter_mut().zip(measured) {
                    turns.push((Who::Library(library), Box::new(move || bytes)));
                }
            }
            Ok(turns)
        })?;
    }
    Ok(())
}

/// The crate's metrics in this library's registry, and custom collectors.
fn other_collectors(table: &Table) -> Done {
    table.head("other collectors, ns a series");
    for series in [10, 1000, 100_000] {
        let name = format!("the crate's vector, {} gauges", grouped(series));
        table.row(&format!("{name}, gather"), || {
            gathered(gauges(series)?, series)
        })?;
        table.row(&format!("{name}, scrape"), || both(gauges(series)?, series))?;
    }
    table.row("the crate's vectors, 10,000 mixed samples, scrape", || {
        both(mixed()?, 10_000)
    })?;
    for series in [1000, 100_000] {
        for (order, sorted) in [("sorted", true), ("unsorted", false)] {
            let name = format!("custom collector, {} {order}", grouped(series));
            table.row(&name, || own_collector(series, sorted))?;
        }
    }
    Ok(())
}

fn gathered(both: Both, series: usize) -> Turning {
    let Both { theirs, ours } = both;
    let theirs = move || theirs.gather();
    let ours = move || ours.gather();
    Ok(vec![
        (Who::Library(Library::Crate), repeat(series, theirs)),
        (Who::OURS, repeat(series, ours)),
    ])
}

fn both(both: Both, series: usize) -> Turning {
    let handler = handler_for(&both.ours, HandlerOpts::default())?;
    let request = Request::new(());
    let theirs = move || {
        let mut out = Vec::new();
        let _ = TextEncoder::new().encode(&both.theirs.gather(), &mut out);
        out
    };
    let ours = move || served(&handler, &request);
    Ok(vec![
        (Who::Library(Library::Crate), repeat(series, theirs)),
        (Who::OURS, repeat(series, ours)),
    ])
}

fn own_collector(series: usize, sorted: bool) -> Turning {
    let registry = Registry::new();
    registry.must_register(OwnCollector::new(series, sorted));
    let handler = handler_for(&registry, HandlerOpts::default())?;
    let request = Request::new(());
    let mut turns = plain(Kind::Gauges, series);
    let ours = move || served(&handler, &request);
    turns.push((Who::OURS, repeat(series, ours)));
    Ok(turns)
}
