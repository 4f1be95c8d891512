//! What the commands on the page of lesson 12 print, with a real Prometheus.

#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod book;
mod support;
mod versions;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use book::page::Page;
use support::{PATIENCE, Process, Program, free_port, prometheus};
use versions::{Version, with_each_version};

with_each_version!(lesson_12_answers_what_the_pages_say);

/// The page's program and Prometheus, on other ports.
struct Reader {
    ports: [(&'static str, String); 2],
    folder: tempfile::TempDir,
    version: Version,
    prometheus: Option<Process>,
}

impl Reader {
    fn with_ports(&self, text: &str) -> String {
        self.ports
            .iter()
            .fold(text.to_owned(), |text, (page, here)| {
                text.replace(page, here)
            })
    }

    fn start_prometheus(&mut self) {
        for name in ["12_service.yml", "12_service.rules.yml"] {
            let text = fs::read_to_string(format!("prometheus/{name}")).unwrap();
            let path = self.folder.path().join(name);
            fs::write(path, self.with_ports(&text)).unwrap();
        }
        let folder = self.folder.path();
        let config = folder.join("12_service.yml");
        let port = self.ports[1].1.parse().unwrap();
        let program = self.version.command("prometheus");
        self.prometheus = Some(prometheus(program, &config, folder, port));
        // As the page says: the first two scrapes.
        thread::sleep(Duration::from_secs(12));
    }

    fn run(&self, command: &str) -> String {
        let mut shell: Command = self.version.command("sh");
        shell.args(["-c", &self.with_ports(command)]);
        let output = shell.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Asserts that `command` prints what the page shows. The rules need a while.
    fn sees(&self, command: &str, shown: &str) {
        let shown = self.with_ports(shown);
        let patience = match command.starts_with("promtool") {
            true => PATIENCE,
            false => Duration::ZERO,
        };
        let started = Instant::now();
        let mut now = self.run(command);
        while !is_alike(&now, &shown) && started.elapsed() < patience {
            thread::sleep(Duration::from_secs(1));
            now = self.run(command);
        }
        assert!(is_alike(&now, &shown), "`{command}` prints\n{now}{shown}");
    }
}

/// Whether both have the same lines, but for timestamps and 5% of a query's value.
fn is_alike(now: &str, shown: &str) -> bool {
    let parts = |line: &str| {
        let (line, _) = line.split_once(" @[").unwrap_or((line, ""));
        let (series, value) = line.rsplit_once(" => ").unwrap_or((line, "0"));
        (series.to_owned(), value.parse::<f64>().unwrap())
    };
    let close = |((now, one), (shown, other)): ((String, f64), (String, f64))| {
        now == shown && (one - other).abs() <= 0.05 * other.abs()
    };
    now.lines().count() == shown.lines().count()
        && now
            .lines()
            .map(parts)
            .zip(shown.lines().map(parts))
            .all(close)
}

/// Returns the commands of the page, each with what it prints.
fn commands() -> Vec<(String, String)> {
    let page = Page::read("docs/en/12_service.md");
    let consoles = page.blocks.iter().filter(|all| all.language == "console");
    let text: String = consoles.map(|block| &*block.content).collect();
    let commands = text.split("$ ").skip(1);
    let pairs = commands.map(|text| text.split_once('\n').unwrap());
    pairs
        .map(|(command, shown)| (command.to_owned(), shown.to_owned()))
        .collect()
}

/// In the page's order.
fn lesson_12_answers_what_the_pages_say(version: Version) {
    let program = Program::start("12_service");
    let mut reader = Reader {
        ports: [
            ("8080", program.address.port().to_string()),
            ("9090", free_port().to_string()),
        ],
        folder: tempfile::tempdir().unwrap(),
        version,
        prometheus: None,
    };
    assert!(Path::new("prometheus/12_service.yml").exists());
    for (command, shown) in commands() {
        if command.starts_with("cargo run") {
            continue;
        }
        if command.starts_with("prometheus ") {
            reader.start_prometheus();
            continue;
        }
        reader.sees(&command, &shown);
    }
    assert!(reader.prometheus.is_some());
}
