//! A reader of a page, who runs its commands: on other ports, because the page's may be in
//! use.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Process, Program, command, free_port, prometheus};
use crate::versions::Version;

/// What to compare of a line.
type Part = fn(&str) -> &str;

pub struct Reader {
    /// The commands of the page that show an output, with it.
    shown: Vec<(String, String)>,
    /// Each text of the page that has a port, and what replaces it here.
    ports: Vec<(&'static str, String)>,
    version: Version,
    redis: u16,
    _program: Program,
    _prometheus: Process,
    folder: tempfile::TempDir,
}

impl Reader {
    /// Starts the exporter and a Prometheus that scrapes it as the page says.
    pub fn start(page: &str, version: Version) -> Reader {
        let folder = tempfile::tempdir().unwrap();
        let [redis, own] = [free_port(), free_port()];
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut program = command("09_redis_exporter");
        program.arg(format!("--redis.addr=127.0.0.1:{redis}"));
        program.arg("--web.listen-address=127.0.0.1:0").stderr(log);
        let program = Program::spawn(&mut program);
        let ports = vec![
            ("127.0.0.1:9121", program.address.to_string()),
            ("127.0.0.1:9090", format!("127.0.0.1:{own}")),
            ("127.0.0.1:6379", format!("127.0.0.1:{redis}")),
            ("redis-cli ", format!("redis-cli -p {redis} ")),
        ];
        let config =
            with_ports(&fs::read_to_string("../prometheus.yml").unwrap(), &ports);
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let server = version.command("prometheus");
        Reader {
            shown: shown(&fs::read_to_string(page).unwrap()),
            version,
            redis,
            _program: program,
            _prometheus: prometheus(server, &file, folder.path(), own),
            folder,
            ports,
        }
    }

    /// Starts a Redis server and waits until it answers. It is killed when the result is
    /// dropped.
    pub fn start_redis(&self) -> Process {
        let port = self.redis.to_string();
        let mut server = Command::new("redis-server");
        server.args(["--save", "", "--bind", "127.0.0.1", "--port", &port]);
        server.current_dir(self.folder.path()).stdout(Stdio::null());
        let server = Process(server.spawn().unwrap());
        let started = Instant::now();
        while self.run("redis-cli ping") != "PONG\n" {
            assert!(started.elapsed() < PATIENCE, "redis-server doesn't answer");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Starts a command that ends when the result is dropped.
    pub fn spawn(&self, command: &str) -> Process {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {}", with_ports(command, &self.ports))]);
        Process(shell.stdout(Stdio::null()).spawn().unwrap())
    }

    /// Returns what a command prints.
    pub fn run(&self, command: &str) -> String {
        let mut shell = self.version.command("sh");
        let command = with_ports(command, &self.ports);
        let output = shell.args(["-c", &command]).output().unwrap();
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

    /// Asserts the same about the exporter, which is running.
    #[track_caller]
    pub fn sees_log(&mut self, start: &str, part: Part) {
        let (command, shown) = self.next(start);
        // The address that it listens on isn't in the log.
        let (_, shown) = shown.split_once('\n').unwrap();
        let log = Path::new(self.folder.path()).join("log");
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
        let parts = |text: &str| {
            let mut parts: Vec<String> =
                text.lines().map(|line| part(line).to_owned()).collect();
            parts.sort();
            parts
        };
        assert_eq!(
            parts(now),
            parts(&with_ports(shown, &self.ports)),
            "{command}"
        );
    }

    #[track_caller]
    fn next(&mut self, start: &str) -> (String, String) {
        let (command, shown) = self.shown.remove(0);
        assert!(command.starts_with(start), "the page has {command:?} here");
        (command, shown)
    }

    /// Returns the commands that weren't run.
    pub fn unseen(&self) -> Vec<&str> {
        self.shown.iter().map(|(command, _)| &**command).collect()
    }
}

fn with_ports(text: &str, ports: &[(&str, String)]) -> String {
    let replaced =
        |text: String, (page, here): &(&str, String)| text.replace(page, here);
    ports.iter().fold(text.to_owned(), replaced)
}

/// Returns the commands of a page that show an output, with it.
fn shown(page: &str) -> Vec<(String, String)> {
    let consoles = page.split("\n```console\n$ ").skip(1);
    let shown = consoles.filter_map(|block| {
        let (command, rest) = block.split_once('\n')?;
        let (output, _) = rest.split_once("```\n")?;
        Some((command.to_owned(), output.to_owned()))
    });
    shown.filter(|(_, output)| !output.is_empty()).collect()
}
