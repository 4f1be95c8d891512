//! Push from a batch job
//!
//! Follows lesson 03: a registry again, in a program that ends before it is scraped.
//!
//! Run it: `cargo run --bin 13_push`
//!
//! Expect the metrics of a backup on standard output, because no place for them is
//! named. The flag `--help` shows which there are.

mod attempt;
mod copy;
mod failure;
mod files;
mod flags;
mod grouping;
mod job;
mod metrics;
mod overlap;
mod pushgateway;
mod replace;
mod report;
mod textfile;
mod url;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;

use attempt::printable;
use files::Files;
use flags::{Flags, wrong};
use job::Backup;
use pushgateway::Pushgateway;
use report::Report;

// ANCHOR: main
fn main() -> ExitCode {
    let flags = Flags::parse();
    let limit = Duration::from_secs(flags.timeout);
    let gateway = flags.gateway.map(|url| Pushgateway::new(&url, limit));
    let files = flags.directory.map(|to| Files::new(to, &flags.name));
    let report = Report {
        gateway: gateway.transpose().unwrap_or_else(|error| wrong(error)),
        files: files.transpose().unwrap_or_else(|error| wrong(error)),
        backup: flags.name,
    };
    let backup = Backup {
        source: flags.source,
        destination: flags.destination,
    };
    say("cannot report the start", report.start(SystemTime::now()));
    let run = backup.run(SystemTime::now);
    for reported in report.end(&run) {
        say("cannot report the end", reported);
    }
    // Only the backup counts: whoever starts it again needs no second copy.
    let code = ExitCode::from(u8::from(run.result.is_err()));
    say("the backup failed", run.result.map(drop));
    code
}
// ANCHOR_END: main

/// Says what went wrong. A macro such as `eprintln` would end the program if standard
/// error is closed.
fn say<E: Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        let _ = writeln!(io::stderr(), "{what}: {}", printable(&error.to_string()));
    }
}
