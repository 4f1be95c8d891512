//! A reader of a page, who runs its commands: in an empty folder and on other ports, because
//! the page's may be in use.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Process, Program, command, free_port};
use crate::versions::Version;

/// What to compare of a line.
type Part = fn(&str) -> String;

/// Prometheus's.
const CONFIGURATIONS: [&str; 5] = [
    "prometheus.yml",
    "prometheus/10_probe.yml",
    "prometheus/11_web_config.yml",
    "prometheus/13_push.yml",
    "prometheus/13_push.rules.yml",
];

pub struct Reader {
    /// The commands of the page that weren't run yet, with the output that it shows.
    commands: Vec<(String, String)>,
    /// Each text of the page that is or lacks a port, and what replaces it here.
    ports: Vec<(&'static str, String)>,
    version: Version,
    /// The exporter, unless the page's program is a job.
    _program: Option<Program>,
    folder: tempfile::TempDir,
}

impl Reader {
    /// Starts the exporter of a page, with the page's flags and these.
    pub fn start(slug: &str, flags: &str, version: Version) -> Reader {
        let page = fs::read_to_string(format!("../docs/en/{slug}.md")).unwrap();
        let commands = commands(&page);
        let folder = tempfile::tempdir().unwrap();
        let free = |port| (port, free_port().to_string());
        let mut ports = ["6379", "6380", "7000", "9090"].map(free).to_vec();
        ports.push(("redis-cli ", format!("redis-cli -p {} ", ports[0].1)));
        let run = |(command, _): &&(String, String)| command.starts_with("cargo run");
        let (run, _) = commands.iter().find(run).unwrap();
        let (_, shown) = run.split_once(" -- ").unwrap_or_default();
        prepare(folder.path(), &commands);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut program = exporter(slug, &with_ports(shown, &ports));
        program.args(with_ports(flags, &ports).split_whitespace());
        program.current_dir(&folder);
        let program = Program::spawn(program.stderr(log));
        ports.push(("9121", program.address.port().to_string()));
        copy_configurations(folder.path(), &ports);
        Reader {
            commands,
            version,
            _program: Some(program),
            folder,
            ports,
        }
    }

    /// Starts nothing: each `cargo run` of the page is a run of the job.
    pub fn of_job(slug: &str, version: Version) -> Reader {
        let page = fs::read_to_string(format!("../docs/en/{slug}.md")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let free = |port| (port, free_port().to_string());
        let mut ports = ["9090", "9091", "9100"].map(free).to_vec();
        let program = command(slug).get_program().to_str().unwrap().to_owned();
        ports.push(("cargo run --bin 13_push --", program));
        copy_configurations(folder.path(), &ports);
        let docs = fs::canonicalize("../docs").unwrap();
        std::os::unix::fs::symlink(docs, folder.path().join("docs")).unwrap();
        Reader {
            commands: commands(&page),
            version,
            _program: None,
            folder,
            ports,
        }
    }

    /// Waits until the server at this port of the page responds.
    pub fn wait_for(&self, port: &str) {
        let request =
            format!("curl -s -o /dev/null http://127.0.0.1:{port} && echo yes");
        let started = Instant::now();
        while self.run(&request) != "yes\n" {
            assert!(started.elapsed() < PATIENCE, "nobody responds at {port}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts a Redis server by this command, and waits until it answers.
    pub fn start_redis(&self, command: &str, port: &str) -> Process {
        let server = self.spawn(&format!(
            "{command} --port {port} --bind 127.0.0.1 --daemonize no"
        ));
        let ping = format!("redis-cli -p {port} ping");
        let started = Instant::now();
        while self.run(&ping) != "PONG\n" {
            assert!(started.elapsed() < PATIENCE, "redis-server doesn't answer");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Starts a second exporter, with a password.
    pub fn start_with_password(&self, flags: &str) -> Program {
        let mut program = exporter("10_probe", &with_ports(flags, &self.ports));
        program
            .env("REDIS_PASSWORD", "secret")
            .stderr(Stdio::null());
        Program::spawn(&mut program)
    }

    #[cfg(feature = "tls")]
    /// Asserts that the page's next command, which starts the program with other flags,
    /// ends it with the error that the page shows.
    #[track_caller]
    pub fn sees_error(&mut self, slug: &str) {
        let (command, shown) = self.next("cargo run");
        let (_, flags) = command.split_once(" -- ").unwrap();
        let program = exporter(slug, flags);
        let mut limited = Command::new("timeout");
        limited.arg(PATIENCE.as_secs().to_string());
        limited.arg(program.get_program()).args(program.get_args());
        let ended = limited.current_dir(&self.folder).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{command}");
        let now = String::from_utf8(ended.stderr).unwrap();
        self.compare(&command, &now, &shown, str::to_owned);
    }

    /// Starts Prometheus by this command.
    pub fn start_prometheus(&self, command: &str) -> Process {
        self.spawn(&format!("{command} --log.level=error"))
    }

    /// Starts a command that is killed when the result is dropped.
    pub fn spawn(&self, command: &str) -> Process {
        let command = format!("exec {}", with_ports(command, &self.ports));
        let mut shell = self.version.command("sh");
        shell.args(["-c", &command]).stdout(Stdio::null());
        Process(shell.current_dir(self.folder.path()).spawn().unwrap())
    }

    /// Returns what a command prints, until it has taken too long.
    pub fn run(&self, command: &str) -> String {
        let mut shell = self.version.command("timeout");
        let limit = PATIENCE.as_secs().to_string();
        shell.args([&limit, "sh", "-c", &with_ports(command, &self.ports)]);
        let output = shell.current_dir(self.folder.path()).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Asserts that the page's next command begins with `start` and prints what the page
    /// shows, of which `part` is compared.
    #[track_caller]
    pub fn sees(&mut self, start: &str, part: Part) {
        let (command, shown) = self.next(start);
        let now = self.run(&command);
        self.compare(&command, &now, &shown, part);
    }

    /// Asserts the same of a command that is run until it prints that.
    #[track_caller]
    pub fn sees_soon(&mut self, start: &str, part: Part) {
        let (command, shown) = self.next(start);
        let expected = parts(&with_ports(&shown, &self.ports), part);
        let started = Instant::now();
        let mut now = self.run(&command);
        while parts(&now, part) != expected && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(500));
            now = self.run(&command);
        }
        self.compare(&command, &now, &shown, part);
    }

    /// Asserts the same about the exporter, which is running.
    #[track_caller]
    pub fn sees_log(&mut self, start: &str, part: Part) {
        let (command, shown) = self.next(start);
        // The address that it listens on isn't in the log.
        let (_, shown) = shown.split_once('\n').unwrap();
        let log = self.folder.path().join("log");
        let started = Instant::now();
        let read = || fs::read_to_string(&log).unwrap();
        while read().lines().count() < shown.lines().count() {
            assert!(started.elapsed() < PATIENCE, "the log is {:?}", read());
            thread::sleep(Duration::from_millis(20));
        }
        self.compare(&command, &read(), shown, part);
    }

    #[track_caller]
    fn compare(&self, command: &str, now: &str, shown: &str, part: Part) {
        let shown = with_ports(shown, &self.ports);
        assert_eq!(parts(now, part), parts(&shown, part), "{command}");
    }

    /// Returns the page's next command that begins with `start`. A test may do by other
    /// means what a command without an output does, so these are skipped.
    #[track_caller]
    pub fn next(&mut self, start: &str) -> (String, String) {
        let skipped = |(command, shown): &&(String, String)| {
            shown.is_empty() && !command.starts_with(start)
        };
        let skipped = self.commands.iter().take_while(skipped).count();
        self.commands.drain(..skipped);
        let next = self.commands.first().map(|(command, _)| &**command);
        let is_next = next.is_some_and(|command| command.starts_with(start));
        assert!(is_next, "instead of {start:?}, the page has {next:?} here");
        self.commands.remove(0)
    }

    /// Returns the commands with an output that weren't run.
    pub fn unseen(&self) -> Vec<&str> {
        let shown = self.commands.iter().filter(|(_, shown)| !shown.is_empty());
        shown.map(|(command, _)| &**command).collect()
    }
}

/// Copies the configurations that a page names, with other ports.
fn copy_configurations(folder: &Path, ports: &[(&str, String)]) {
    for new in ["prometheus", "target"] {
        fs::create_dir_all(folder.join(new)).unwrap();
    }
    for file in CONFIGURATIONS {
        let config = fs::read_to_string(format!("../{file}")).unwrap();
        fs::write(folder.join(file), with_ports(&config, ports)).unwrap();
    }
}

/// Makes what the exporter reads when it starts: the scripts before its command are run.
fn prepare(folder: &Path, commands: &[(String, String)]) {
    for new in ["prometheus", "target"] {
        fs::create_dir_all(folder.join(new)).unwrap();
    }
    for file in ["11_web_config.sh", "11_web_config.web.yml"] {
        let file = format!("prometheus/{file}");
        fs::copy(format!("../{file}"), folder.join(file)).unwrap();
    }
    let before = commands.iter().map(|(command, _)| command);
    let before = before.take_while(|command| !command.starts_with("cargo run"));
    for script in before.filter(|command| command.starts_with("prometheus/")) {
        let mut script = Command::new(folder.join(script));
        script.current_dir(folder).stdout(Stdio::null());
        assert!(script.status().unwrap().success());
    }
}

/// Returns a command that starts it on a free port.
fn exporter(slug: &str, flags: &str) -> Command {
    let mut program = command(slug);
    program.args(["--web.listen-address", "127.0.0.1:0"]);
    program.args(flags.split_whitespace());
    program.env_remove("REDIS_PASSWORD");
    program
}

/// Returns what to compare of each line, without the lines' order.
fn parts(text: &str, part: Part) -> Vec<String> {
    let mut parts: Vec<String> = text.lines().map(part).collect();
    parts.sort();
    parts
}

/// Replaces the ports, but none in what has replaced one.
fn with_ports(mut text: &str, ports: &[(&str, String)]) -> String {
    let mut replaced = String::new();
    while let Some(next) = text.chars().next() {
        let mut found = ports.iter().filter_map(|(page, here)| {
            let rest = text.strip_prefix(page)?;
            Some((rest, here.clone()))
        });
        let as_it_is = (&text[next.len_utf8()..], next.to_string());
        let (rest, here) = found.next().unwrap_or(as_it_is);
        replaced.push_str(&here);
        text = rest;
    }
    replaced
}

/// Returns the commands of a page, with the output that it shows for each.
fn commands(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("\n```console\n$ ").skip(1);
    let blocks = blocks.filter_map(|block| Some(block.split_once("```\n")?.0));
    let commands = blocks.flat_map(|block| block.split("\n$ "));
    let pairs = commands.map(|text| text.split_once('\n').unwrap_or((text, "")));
    pairs
        .map(|(command, shown)| (command.to_owned(), shown.to_owned()))
        .collect()
}
