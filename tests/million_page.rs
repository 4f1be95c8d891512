//! What the commands on the page of lesson 14 print, with a real Prometheus and a
//! thousandth of the series: a million would take minutes and gigabytes.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod book;
mod support;
mod versions;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use book::page::Page;
use support::{PATIENCE, Process, Program, free_port, prometheus};
use versions::{Version, with_each_version};

with_each_version!(lesson_14_answers_what_the_pages_say);

const SLUG: &str = "14_million_series";

/// The numbers of series on the page and in its configuration, and those of this test.
const FEWER: [(&str, &str); 6] = [
    (" 1000 ", " 1 "),
    ("1000022", "1022"),
    ("1000000", "1000"),
    ("1100000", "1100"),
    ("2000000", "2000"),
    // Series that have the same number of digits here.
    ("9999", "9"),
];

/// The page's program and Prometheus, on other ports.
struct Reader {
    program: Option<Program>,
    prometheus: Option<Process>,
    /// The addresses of both, on the page and here.
    addresses: [(&'static str, String); 2],
    folder: tempfile::TempDir,
    version: Version,
}

impl Reader {
    fn new(version: Version) -> Reader {
        let here = || format!("127.0.0.1:{}", free_port());
        Reader {
            program: None,
            prometheus: None,
            addresses: [("127.0.0.1:9000", here()), ("127.0.0.1:9090", here())],
            folder: tempfile::tempdir().unwrap(),
            version,
        }
    }

    /// Returns a text of the page with the addresses and numbers of this test.
    fn here(&self, text: &str) -> String {
        let addresses = self.addresses.iter().map(|(page, here)| (*page, &**here));
        let all = FEWER.into_iter().chain(addresses);
        let text = all.fold(format!("{text} "), |text, (page, here)| {
            text.replace(page, here)
        });
        text[..text.len() - 1].to_owned()
    }

    /// Starts the program in place of the one that runs.
    fn start_program(&mut self, command: &str) {
        self.program = None;
        let arguments = command.split_once(" -- ");
        let (_, arguments) = arguments.unwrap_or(("", "127.0.0.1:9000 1000000"));
        let arguments = self.here(arguments);
        let arguments: Vec<&str> = arguments.split(' ').collect();
        self.program = Some(Program::start_with(SLUG, &arguments));
    }

    fn start_prometheus(&mut self) {
        let config = fs::read_to_string(format!("prometheus/{SLUG}.yml")).unwrap();
        let config = self.here(&config).replace("15s", "1s");
        let path = self.folder.path().join("prometheus.yml");
        fs::write(&path, config).unwrap();
        let (_, port) = self.addresses[1].1.split_once(':').unwrap();
        let program = self.version.command("prometheus");
        let folder = self.folder.path();
        let process = prometheus(program, &path, folder, port.parse().unwrap());
        self.prometheus = Some(process);
    }

    fn run(&self, command: &str) -> String {
        let mut shell: Command = self.version.command("sh");
        let output = shell.args(["-c", &self.here(command)]).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Asserts that `command` prints what the page shows, sooner or later: Prometheus
    /// needs a few scrapes.
    fn sees(&self, command: &str, shown: &str) {
        let shown = lines(command, &self.here(shown));
        let started = Instant::now();
        let mut now = lines(command, &self.run(command));
        while now != shown && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(500));
            now = lines(command, &self.run(command));
        }
        assert_eq!(now, shown, "{command}");
    }
}

/// Returns the lines without timestamps and measured values.
fn lines(command: &str, text: &str) -> Vec<String> {
    let varies = ["process_", "_duration_", "head_series", "wc -c"];
    let varies = varies.iter().any(|word| command.contains(word));
    let line = |line: &str| {
        let (line, _) = line.split_once(" @[").unwrap_or((line, ""));
        match line.rsplit_once(' ').unwrap_or(("", line)) {
            (series, value) if varies && value.parse::<f64>().is_ok() => {
                series.to_owned()
            }
            _ => line.to_owned(),
        }
    };
    text.lines().map(line).collect()
}

/// Returns the commands of the page, each with what it prints.
fn commands() -> Vec<(String, String)> {
    let page = Page::read(&format!("docs/en/{SLUG}.md"));
    let consoles = page.blocks.iter().filter(|all| all.language == "console");
    let text: String = consoles.map(|block| &*block.content).collect();
    let commands = format!("\n{text}");
    let commands = commands.split("\n$ ").skip(1);
    let pairs = commands.map(|text| text.split_once('\n').unwrap_or((text, "")));
    pairs
        .map(|(command, shown)| (command.to_owned(), shown.to_owned()))
        .collect()
}

/// In the page's order.
fn lesson_14_answers_what_the_pages_say(version: Version) {
    let mut reader = Reader::new(version);
    for (command, shown) in commands() {
        match command.split_once(' ').unwrap().0 {
            "cargo" => reader.start_program(&command),
            "prometheus" => reader.start_prometheus(),
            _ if shown.is_empty() => assert_eq!(reader.run(&command), ""),
            _ => reader.sees(&command, &shown),
        }
    }
    assert!(reader.prometheus.is_some());
}
