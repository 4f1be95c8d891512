//! What the pages show of changed programs and of a real Prometheus: run again and
//! compared with the recording.
//!
//! The pages show the output of Prometheus 3; the installed one must report the same.
//!
//! `UPDATE_DOCS=1 cargo test --test recorded -- --ignored` records it anew; then
//! `UPDATE_DOCS=1 cargo test --test course` copies the recordings to the pages.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod book;
mod support;
mod versions;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use book::page::Page;
use book::{Problems, is_update, read, replace};
use support::{PATIENCE, Process, Program, files_of, free_port, prometheus};
use versions::{Version, with_each_version};

/// A change that a page tells its reader to make, and its effect.
struct Change {
    /// The recording's name, which begins with the lesson's number.
    name: &'static str,
    program: &'static str,
    /// The replaced texts and their replacements.
    replace: &'static [(&'static str, &'static str)],
    see: See,
}

/// Which part of the run a page shows.
enum See {
    /// A number of lines of standard error, from the one that begins with the text.
    Printed(&'static str, usize),
    /// The line of the metrics that begins with the text.
    Metrics(&'static str),
    /// Each line of the metrics that begins with the text.
    Series(&'static str),
    /// The body of the response.
    Body,
    /// A number of lines of its tests' output, from the one that begins with the text.
    Tested(&'static str, usize),
    /// What it prints when a request has this header line.
    PrintedWhenAsked(&'static str, &'static str),
}

const ADD: &str = "if let Err(refused) = add(&requests_total, -1.0) {
        eprintln!(\"{refused}\"); // still 42
    }";

const CHANGES: [Change; 16] = [
    Change {
        name: "00_aborted",
        program: "00_raw_handler",
        replace: &[],
        see: See::PrintedWhenAsked(
            "Content-Length: 99999999999999",
            "memory allocation",
        ),
    },
    Change {
        name: "02a_dash",
        program: "02a_gauge_ops",
        replace: &[(".subsystem(\"mcube_demo\")", ".subsystem(\"mcube-demo\")")],
        see: See::Printed("Error: ", 1),
    },
    Change {
        name: "02b_printed",
        program: "02b_counter_ops",
        replace: &[],
        see: See::Printed("a counter only grows", 1),
    },
    Change {
        name: "02b_debug",
        program: "02b_counter_ops",
        replace: &[(ADD, "requests_total.inc_by(-1.0);")],
        see: See::Printed("assertion failed", 1),
    },
    Change {
        name: "02b_release",
        program: "02b_counter_ops",
        replace: &[(ADD, "requests_total.inc_by(-1.0);")],
        see: See::Metrics("magedu_mcube_demo_requests_total{"),
    },
    Change {
        name: "02b_merged",
        program: "02b_counter_ops",
        replace: &[(
            "let registry = Registry::new();",
            "let registry = Registry::new();
    let opts = Opts::new(\"requests_total\", \"The total number of requests.\");
    let merged = prometheus::IntCounterVec::new(opts, &[\"worker\", \"queue\"])?;
    merged.with_label_values(&[\"1\", \"12\"]).inc();
    merged.with_label_values(&[\"11\", \"2\"]).inc();
    registry.must_register(merged);",
        )],
        see: See::Metrics("requests_total{"),
    },
    Change {
        name: "02c_linear",
        program: "02c_histogram_ops",
        replace: &[],
        see: See::Printed("linear", 1),
    },
    Change {
        name: "02d_tight",
        program: "02d_summary_ops",
        replace: &[(".objective(0.5, 0.05)", ".objective(0.5, 0.0001)")],
        see: See::Printed("Error: ", 1),
    },
    Change {
        name: "02e_sdk",
        program: "02e_registration",
        replace: &[(
            "registry.register(gauge.clone())",
            "prometheus::register(Box::new(gauge.clone()))",
        )],
        see: See::Printed("an equal one", 3),
    },
    Change {
        name: "03_twice",
        program: "03_custom_registry",
        replace: &[(
            "registry.must_register(queue_length.clone());",
            "registry.must_register(queue_length.clone());
    registry.must_register(queue_length.clone());",
        )],
        see: See::Printed("thread 'main'", 2),
    },
    Change {
        name: "04_default",
        program: "04_process_runtime",
        replace: &[(
            "        &registry,",
            "        exporter_workbook::registry::Gatherers(vec![
            Box::new(prometheus::default_registry().clone()),
            Box::new(registry.clone()),
        ]),",
        )],
        see: See::Body,
    },
    Change {
        name: "05_too_few",
        program: "05_custom_collector",
        replace: &[("&[\"Hi\"]", "&[]")],
        see: See::Body,
    },
    Change {
        name: "06_any_method",
        program: "06_labels",
        replace: &[("[method_label(method), ", "[method, ")],
        see: See::Series("magedu_mcube_demo_requests_total{code=\"405\""),
    },
    Change {
        name: "06_swapped",
        program: "06_labels",
        replace: &[("&[\"method\", \"code\"]", "&[\"code\", \"method\"]")],
        see: See::Series("magedu_mcube_demo_requests_total{"),
    },
    Change {
        name: "07_error",
        program: "07_failed_scrapes",
        replace: &[
            ("error_handling: HandlerErrorHandling::ContinueOnError,", ""),
            ("\"ok\"", "\"gone\""),
            // A file of its own: the page's program may run at the same time.
            ("target/source", "target/source-07-error"),
        ],
        see: See::Body,
    },
    Change {
        name: "08_red",
        program: "08_testing",
        replace: &[("*length, &[queue]", "1.0, &[queue]")],
        see: See::Tested("Error: the metrics are not as expected", 10),
    },
];

impl Change {
    fn is_release(&self) -> bool {
        self.name.ends_with("_release")
    }

    /// Returns the package name of the changed program.
    fn bin(&self) -> String {
        format!("recorded_{}", self.name)
    }

    /// Writes the changed program's files below `programs`.
    fn write(&self, programs: &Path) {
        let files = files_of(self.program);
        let all: String = files.iter().map(read).collect();
        for (from, _) in self.replace {
            assert!(all.contains(from), "{}: no {from:?}", self.program);
        }
        let folder = programs.join(self.bin());
        if files.len() > 1 {
            fs::create_dir_all(&folder).unwrap();
        }
        for file in &files {
            let mut source = read(file);
            for (from, to) in self.replace {
                source = source.replace(from, to);
            }
            let path = match files.len() {
                1 => folder.with_extension("rs"),
                _ => folder.join(Path::new(file).file_name().unwrap()),
            };
            fs::write(path, source).unwrap();
        }
    }

    /// Runs the changed program. Returns what a page shows of it.
    fn record(&self, built: &Path) -> String {
        let folder = if self.is_release() {
            "release"
        } else {
            "debug"
        };
        let mut program = Command::new(built.join(folder).join(self.bin()));
        program.arg("127.0.0.1:0").env_remove("RUST_BACKTRACE");
        let shown = match self.see {
            See::Printed(start, lines) => {
                lines_from(&printed(&mut program, None), start, lines)
            }
            See::PrintedWhenAsked(header, start) => {
                let printed = printed(&mut program, Some((header, start)));
                lines_from(&printed, start, 1)
            }
            See::Tested(start, lines) => {
                lines_from(&tested(built, &self.bin()), start, lines)
            }
            See::Metrics(start) => {
                lines_from(&Program::spawn(&mut program).metrics(), start, 1)
            }
            See::Series(start) => series(&Program::spawn(&mut program), start),
            See::Body => {
                program.stderr(Stdio::null());
                let running = Program::spawn(&mut program);
                running.get("/metrics").as_str().unwrap().to_owned()
            }
        };
        shown.replace(&self.bin(), self.program)
    }
}

/// Returns each line of the metrics that begins with `start`.
fn series(program: &Program, start: &str) -> String {
    let metrics = program.metrics();
    let count = metrics.lines().filter(|all| all.starts_with(start));
    lines_from(&metrics, start, count.count())
}

/// Returns what `program` prints before it listens or ends or, when `asked` with a
/// header, before it prints a line that begins with the text.
fn printed(program: &mut Command, asked: Option<(&str, &str)>) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    program
        .stdout(Stdio::piped())
        .stderr(file.reopen().unwrap());
    let mut process = Process(program.spawn().unwrap());
    match (listening(&mut process.0), asked) {
        (Some(address), Some((header, until))) => {
            let request =
                format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
            let mut stream = support::connect(address);
            stream.write_all(request.as_bytes()).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
            let started = Instant::now();
            while !read(file.path()).contains(until) && started.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(10));
            }
        }
        (Some(_), None) => {}
        (None, _) => drop(process.0.wait().unwrap()),
    }
    drop(process);
    read(file.path())
}

/// Returns the address that it prints, or `None` if it ends before.
fn listening(child: &mut Child) -> Option<std::net::SocketAddr> {
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let rest = line.strip_prefix("listening on http://")?;
    rest.split('/').next()?.parse().ok()
}

/// Returns `count` lines of `text` from the one that begins with `start`, without a
/// thread's number, which differs from run to run.
fn lines_from(text: &str, start: &str, count: usize) -> String {
    let from = text.lines().skip_while(|line| !line.starts_with(start));
    let lines: String = from.take(count).map(|line| format!("{line}\n")).collect();
    assert!(!lines.is_empty(), "no line begins with {start:?}: {text}");
    let (before, after) = lines.split_once("thread 'main' (").unwrap_or_default();
    match after.split_once(')') {
        Some((_, after)) => format!("{before}thread 'main'{after}"),
        None => lines,
    }
}

/// Builds a package of the changed programs. Returns the folder of cargo's output.
fn build_changed() -> PathBuf {
    let target = std::env::current_dir().unwrap().join("target/recorded");
    let package = target.join("package");
    let programs = package.join("src/bin");
    let _ = fs::remove_dir_all(&programs);
    fs::create_dir_all(&programs).unwrap();
    for change in &CHANGES {
        change.write(&programs);
    }
    fs::write(package.join("Cargo.toml"), manifest()).unwrap();
    fs::copy("Cargo.lock", package.join("Cargo.lock")).unwrap();
    cargo_build(&package, &target, &[]);
    // A release has no debug assertions; to optimize it too would take half a minute.
    let release = [
        "--release",
        "--config",
        "profile.release.opt-level=0",
        "--bin",
    ];
    for change in CHANGES.iter().filter(|change| change.is_release()) {
        cargo_build(
            &package,
            &target,
            &[&release[..], &[&change.bin()]].concat(),
        );
    }
    target
}

/// Returns what the tests of a changed program print.
fn tested(target: &Path, bin: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet", "--bin", bin, "--target-dir"])
        .arg(target)
        .current_dir(target.join("package"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the manifest of a package that depends on this one as a reader's does.
fn manifest() -> String {
    let root = std::env::current_dir().unwrap();
    format!(
        "[package]\nname = \"recorded\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [workspace]\n[dependencies]\nexporter-workbook = {{ path = {root:?} }}\n\
         prometheus = {{ version = \"0.14\", default-features = false }}\n\
         tiny_http = \"0.12\"\n"
    )
}

fn cargo_build(package: &Path, target: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet", "--target-dir"])
        .arg(target)
        .args(arguments)
        .current_dir(package)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
}

#[test]
#[ignore = "builds a dozen changed programs: a minute or two"]
fn changed_programs_do_what_the_pages_say() {
    let mut problems = Problems::default();
    let built = build_changed();
    for change in &CHANGES {
        let path = format!("snapshots/recorded/{}.txt", change.name);
        let now = change.record(&built);
        if is_update() {
            replace(&path, &now);
            continue;
        }
        let what = format!("differs from the recording, and is now:\n{now}");
        let fix = "`UPDATE_DOCS=1 cargo test --test recorded -- --ignored`, then \
                   `UPDATE_DOCS=1 cargo test --test course`";
        problems.unless(read(&path) == now, &path, 1, [&what, fix]);
    }
    problems.assert_none();
}

/// A lesson's program and a Prometheus with the shipped configuration, except for
/// ports.
struct Scraped {
    /// Only its Prometheus scrapes it.
    _program: Program,
    _prometheus: Process,
    _folder: tempfile::TempDir,
    /// The port that the pages name, and the one that replaces it here.
    ports: [(String, String); 2],
    started: Instant,
    version: Version,
}

impl Scraped {
    fn start(slug: &str, version: Version) -> Scraped {
        let program = Program::start(slug);
        let folder = tempfile::tempdir().unwrap();
        let documents = match slug {
            "05_custom_collector" | "07_failed_scrapes" | "08_testing" => 9000,
            _ => 8050,
        };
        let own = free_port();
        let ports = [
            (
                format!("127.0.0.1:{documents}"),
                program.address.to_string(),
            ),
            ("127.0.0.1:9090".to_owned(), format!("127.0.0.1:{own}")),
        ];
        let config = with_ports(&read("prometheus.yml"), &ports, false);
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let server = version.command("prometheus");
        Scraped {
            _prometheus: prometheus(server, &file, folder.path(), own),
            _program: program,
            _folder: folder,
            ports,
            started: Instant::now(),
            version,
        }
    }

    /// Returns what `command` prints, on both outputs, once Prometheus has scraped long
    /// enough for a rate over 20 s.
    fn answer(&self, command: &str) -> String {
        let needed = Duration::from_secs(32);
        if command.starts_with("promtool") {
            thread::sleep(needed.saturating_sub(self.started.elapsed()));
        }
        let output = self
            .version
            .command("sh")
            .args(["-c", &with_ports(command, &self.ports, false)])
            .output()
            .unwrap();
        if command.starts_with("echo ") {
            // It changed the source: the next scrape sees that.
            thread::sleep(Duration::from_secs(6));
        }
        let both = [output.stdout, output.stderr].concat();
        with_ports(&String::from_utf8(both).unwrap(), &self.ports, true)
    }
}

/// Replaces the ports on the pages with those used here, or the other way round if
/// `back`.
fn with_ports(text: &str, ports: &[(String, String); 2], back: bool) -> String {
    ports.iter().fold(text.to_owned(), |text, (page, here)| {
        let (from, to) = if back { (here, page) } else { (page, here) };
        text.replace(from, to)
    })
}

/// Returns an answer without what differs from run to run: its timestamps, the order of
/// its series, and values measured on the process or the clock.
fn comparable(command: &str, answer: &str) -> Vec<String> {
    let varies = ["process_", "rate(", "time()", "response_size_bytes"];
    let varies = varies.iter().any(|word| command.contains(word));
    let of_clock = ["_duration_seconds ", "_age_seconds "];
    let line = |line: &str| {
        let line = line.split(" @[").next().unwrap();
        let varies = varies || of_clock.iter().any(|name| line.contains(name));
        match line.rsplit_once(' ') {
            Some((series, _)) if varies => series.to_owned(),
            _ => line.to_owned(),
        }
    };
    let mut lines: Vec<String> = answer.lines().map(line).collect();
    lines.sort();
    lines
}

/// Returns each command of a console with its output, if it shows one.
fn exchanges(console: &str) -> Vec<(String, String)> {
    let mut exchanges: Vec<(String, String)> = Vec::new();
    for line in console.lines() {
        match (line.strip_prefix("$ "), exchanges.last_mut()) {
            (Some(command), _) => exchanges.push((command.to_owned(), String::new())),
            (None, Some((_, answer))) => *answer += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    exchanges
}

/// Returns the queries on a page without answers, which Prometheus must still
/// understand.
fn queries(page: &Page) -> Vec<(usize, String)> {
    let blocks = page.blocks.iter().filter(|all| all.language == "promql");
    let queries = blocks.flat_map(|block| {
        let lines = block.content.lines();
        lines.map(|line| (block.line, line.to_owned()))
    });
    queries.collect()
}

/// Returns the commands on a page that show an output, with the line of their block.
fn shown(page: &Page) -> Vec<(usize, String, String)> {
    let consoles = page.blocks.iter().filter(|all| all.language == "console");
    let exchanges = consoles.flat_map(|block| {
        let all = exchanges(&block.content).into_iter();
        all.map(|(command, answer)| (block.line, command, answer))
    });
    exchanges
        .filter(|(_, _, answer)| !answer.is_empty())
        .collect()
}

/// Returns what the page of `slug` shows and is different now; or updates the pages.
fn console_problems(slug: &str, version: Version) -> Problems {
    let mut problems = Problems::default();
    let page = Page::read(&format!("docs/en/{slug}.md"));
    let shown = shown(&page);
    let scraped = Scraped::start(slug, version);
    for (line, query) in queries(&page) {
        let ask = "promtool query instant http://127.0.0.1:9090";
        let answer = scraped.answer(&format!("{ask} '{query}' >&2 && echo understood"));
        let what = format!("Prometheus does not understand this query: {answer}");
        let holds = answer.contains("understood");
        problems.unless(holds, &page.path, line, [&what, "fix the query"]);
    }
    for (line, command, answer) in shown {
        let now = scraped.answer(&command);
        if comparable(&command, &now) == comparable(&command, &answer) {
            continue;
        }
        if is_update() {
            let [old, new] = [&answer, &now].map(|all| format!("$ {command}\n{all}"));
            for path in
                ["en", "zh"].map(|language| format!("docs/{language}/{slug}.md"))
            {
                replace(&path, &read(&path).replace(&old, &new));
            }
            continue;
        }
        let what = format!("the output of `{command}` differs ({version:?}):\n{now}");
        let fix = "`UPDATE_DOCS=1 cargo test --test recorded -- --ignored`";
        problems.add(&page.path, line, &what, fix);
    }
    problems
}

with_each_version!(a_real_prometheus_answers_what_the_pages_say);

fn a_real_prometheus_answers_what_the_pages_say(version: Version) {
    if is_update() && version == Version::Installed {
        return; // The pages show what version 3 answers.
    }
    // Eleven of them are enough at once.
    static ONE_VERSION: Mutex<()> = Mutex::new(());
    let _one = ONE_VERSION.lock().unwrap_or_else(PoisonError::into_inner);
    let ask = |slug| thread::spawn(move || console_problems(slug, version));
    // These have configurations of their own: `tests/service_page.rs` and
    // `tests/million_page.rs`.
    let own = ["12_service", "14_million_series"];
    let slugs = support::built().filter(|slug| !own.contains(slug));
    let pages: Vec<_> = slugs.map(ask).collect();
    let mut problems = Problems::default();
    for page in pages {
        problems.extend(page.join().unwrap());
    }
    problems.assert_none();
}
