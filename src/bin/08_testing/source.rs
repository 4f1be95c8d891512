//! The queue server's file, with a line for each queue: its name and its length.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use exporter_workbook::collect::CollectError;

pub type Lengths = BTreeMap<String, f64>;

const FILE: &str = "target/lengths";

/// Does the part of the queue server.
pub fn create() -> io::Result<()> {
    fs::create_dir_all("target")?;
    fs::write(FILE, "mail 3\nprint 5\n")
}

/// Also writes the reason of a failure to standard error.
pub fn read() -> Result<Lengths, CollectError> {
    let text = fs::read_to_string(FILE).map_err(CollectError::from);
    text.and_then(|text| parse(&text)).inspect_err(|error| {
        let _ = writeln!(io::stderr(), "cannot read {FILE}: {error}");
    })
}

pub fn parse(text: &str) -> Result<Lengths, CollectError> {
    text.lines().map(parse_line).collect()
}

fn parse_line(line: &str) -> Result<(String, f64), CollectError> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse::<u32>()?.into()))
}
