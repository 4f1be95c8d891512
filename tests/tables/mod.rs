//! The tables of the reference pages that tests check against Prometheus, promtool and
//! the lessons' own linter.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Returns the cells of each row of the table in a section of a page.
pub fn rows(page: &str, section: &str) -> Vec<Vec<String>> {
    // From this package, or from the folder above for the lessons' package.
    let path = ["", "../"].map(|folder| format!("{folder}{page}"));
    let path = path.iter().find(|path| Path::new(path).exists()).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    let (_, section) = page.split_once(&format!("## {section}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let cells = |row: &str| {
        let cells = row.trim_matches(['|', ' ']).split(" | ");
        cells
            .map(|cell| cell.trim_matches('`').to_owned())
            .collect()
    };
    rows.skip(1).map(cells).collect()
}

/// Returns the expositions that Prometheus refuses, with the messages of version 3, from
/// the table on the page on the format.
pub fn refused() -> Vec<(Vec<u8>, String)> {
    let rows = rows("docs/en/reference/exposition.md", "What Prometheus refuses");
    let bytes = |body: &str| {
        let body = body.replace("\\n", "\n").replace("\\r", "\r");
        let parts: Vec<&[u8]> = body.split("\\xff").map(str::as_bytes).collect();
        parts.join(&0xff)
    };
    rows.iter()
        .map(|cells| (bytes(&cells[1]), cells[2].clone()))
        .collect()
}

/// Returns an exposition whose only mistake is the one in the first cell of a row on
/// names.
pub fn with_mistake(cell: &str) -> String {
    let line = cell.split('`').next().unwrap();
    let end = if cell.ends_with("no newline") {
        ""
    } else {
        "\n"
    };
    if let Some(named) = line.strip_prefix("# TYPE ") {
        let name = named.split(' ').next().unwrap();
        return format!("# HELP {name} Text.\n{line}\n{name} 1\n");
    }
    let family = "# TYPE queue_length gauge\n";
    if line.starts_with("no HELP") {
        return format!("{family}queue_length 1\n");
    }
    format!("# HELP queue_length Text.\n{family}{line}{end}")
}

/// Runs `promtool` on an exposition.
pub fn check_metrics(mut promtool: Command, metrics: impl AsRef<[u8]>) -> Output {
    let mut promtool = promtool
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(metrics.as_ref()).unwrap();
    drop(stdin);
    promtool.wait_with_output().unwrap()
}
