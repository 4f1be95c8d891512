//! The metrics. To add one that is a number, add a row here, and nothing elsewhere.

use exporter_workbook::desc::Desc;

/// A metric: the name of Redis's number, what to divide it by to get base units, the
/// type, the name and the help text.
type Row = (&'static str, f64, Kind, &'static str, &'static str);
type Kind = fn(&str, &str) -> Desc;

// ANCHOR: once
/// Numbers that `INFO` has once.
#[rustfmt::skip]
pub const ONCE: &[Row] = &[
    ("uptime_in_seconds", 1.0, Desc::gauge,
        "redis_uptime_in_seconds", "The time since Redis started."),
    ("connected_clients", 1.0, Desc::gauge,
        "redis_connected_clients", "The number of clients, without replicas."),
    ("used_memory", 1.0, Desc::gauge,
        "redis_memory_used_bytes", "The memory that Redis has allocated."),
    ("maxmemory", 1.0, Desc::gauge,
        "redis_memory_max_bytes", "The limit of the memory; 0 means none."),
    ("connected_slaves", 1.0, Desc::gauge,
        "redis_connected_slaves", "The number of replicas."),
    ("total_commands_processed", 1.0, Desc::counter,
        "redis_commands_processed_total", "The number of commands."),
];
// ANCHOR_END: once

/// Numbers that each command has.
#[rustfmt::skip]
pub const BY_COMMAND: &[Row] = &[
    ("calls", 1.0, Desc::counter,
        "redis_commands_total", "The number of calls of the command."),
    ("usec", 1e6, Desc::counter,
        "redis_commands_duration_seconds_total", "The time that its calls took."),
];

/// Numbers that each database has.
#[rustfmt::skip]
pub const BY_DATABASE: &[Row] = &[
    ("keys", 1.0, Desc::gauge,
        "redis_db_keys", "The number of keys in the database."),
    ("expires", 1.0, Desc::gauge,
        "redis_db_keys_expiring", "The number of its keys that will expire."),
];

pub struct Metric {
    /// The name of Redis's number.
    pub field: &'static str,
    /// What to divide it by.
    pub divisor: f64,
    pub desc: Desc,
}

/// Returns the metrics of a table, all of them with `labels`.
pub fn metrics(rows: &[Row], labels: &[&str]) -> Vec<Metric> {
    let metric = |(field, divisor, kind, name, help): &Row| {
        let desc = kind(name, help);
        Metric {
            field,
            divisor: *divisor,
            desc: labels.iter().fold(desc, |desc, label| desc.label(label)),
        }
    };
    rows.iter().map(metric).collect()
}
