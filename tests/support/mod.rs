//! A numbered program as its reader runs it: the built binary, on its own port.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

#[cfg(target_os = "linux")]
pub mod held;
pub mod running;
pub mod snapshot;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use exporter_workbook::serve;

/// How long anything may take before a test fails: far beyond what a loaded machine
/// needs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The programs, with the paths of the binaries that this package has.
macro_rules! programs {
    ($($slug:literal),* $(,)?) => {
        [$(($slug, option_env!(concat!("CARGO_BIN_EXE_", $slug)))),*]
    };
}

/// Each program's slug, and the path of its binary if it belongs to the package whose
/// tests these are.
pub const PROGRAMS: [(&str, Option<&str>); 19] = programs![
    "00_raw_handler",
    "01_default_registry",
    "02a_gauge_ops",
    "02b_counter_ops",
    "02c_histogram_ops",
    "02d_summary_ops",
    "02e_registration",
    "03_custom_registry",
    "04_process_runtime",
    "05_custom_collector",
    "06_labels",
    "07_failed_scrapes",
    "08_testing",
    "09_redis_exporter",
    "10_probe",
    "11_web_config",
    "12_service",
    "13_push",
    "14_million_series",
];

/// Returns the slugs of this package's programs, without those that need a feature which
/// isn't enabled: cargo names the binary, but doesn't build it.
pub fn built() -> impl Iterator<Item = &'static str> {
    let exists =
        |path: &Option<&str>| path.is_some_and(|path| Path::new(path).exists());
    let all = PROGRAMS.iter().filter(move |(_, path)| exists(path));
    all.map(|(slug, _)| *slug)
}

/// Returns the files of a program, which is one file or a folder; the one with `main`
/// is first.
pub fn files_of(slug: &str) -> Vec<String> {
    let folder = format!("src/bin/{slug}");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return vec![folder + ".rs"];
    };
    let names = entries.map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|all| all.into_string().unwrap()).collect();
    names.sort_by_key(|name| (name != "main.rs", name.clone()));
    names
        .iter()
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

/// Returns the file with the `main` of a program.
pub fn main_of(slug: &str) -> String {
    files_of(slug).remove(0)
}

/// Returns a command for the binary of `slug`.
pub fn command(slug: &str) -> Command {
    let (_, path) = PROGRAMS.iter().find(|(name, _)| *name == slug).unwrap();
    Command::new(path.unwrap())
}

/// Returns a command on a free port with a shell's limits: `-n 24` for 24 file
/// descriptors.
pub fn limited(slug: &str, ulimit: &str) -> Command {
    let mut shell = Command::new("sh");
    let start = format!("ulimit {ulimit} && exec \"$0\" 127.0.0.1:0");
    shell.args(["-c", &start]);
    shell.arg(command(slug).get_program());
    shell
}

/// Returns the arguments for a free port. A million series would take a debug build too
/// long.
pub fn free(slug: &str) -> &'static [&'static str] {
    match slug {
        "14_million_series" => &["127.0.0.1:0", "3"],
        _ => &["127.0.0.1:0"],
    }
}

/// A process that is killed when this is dropped.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Sends `signal`, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        let kill = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal])
            .arg(self.0.id().to_string())
            .status();
        assert!(kill.unwrap().success());
    }

    /// Sends `signal`. Returns the exit status.
    pub fn end_with(self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.ended()
    }

    /// Waits until it ends. Returns the exit status.
    pub fn ended(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it doesn't end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Starts `prometheus` with its data in `storage`.
pub fn prometheus(
    mut prometheus: Command,
    config: &Path,
    storage: &Path,
    port: u16,
) -> Process {
    let process = prometheus
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--storage.tsdb.path={}", storage.display()))
        .arg("--log.level=error")
        .spawn();
    Process(process.unwrap())
}

/// Returns a free port, for a program that can't choose one and report it. The port is
/// below those that the system assigns, and is returned only once.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Concurrent test runs start at different ports.
    let first = 10_000 + (std::process::id() % 200) as u16 * 100;
    let next = || first + GIVEN.fetch_add(1, Ordering::Relaxed);
    let mut ports = std::iter::repeat_with(next).take(1000);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// Listens on a port that was just closed. A process that another test is just starting
/// holds it until it executes its own program.
pub fn listen_again(address: &str) -> TcpListener {
    let started = Instant::now();
    loop {
        match serve::listen(address) {
            Ok(listener) => return listener,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A running program.
pub struct Program {
    pub process: Process,
    /// The address that it prints.
    pub address: SocketAddr,
    /// The path that it prints, by default `/metrics`.
    pub path: String,
}

impl Program {
    /// Starts `slug` on a free port and waits until it listens.
    pub fn start(slug: &str) -> Program {
        Program::start_with(slug, free(slug))
    }

    /// Starts `slug` with `arguments` and waits until it listens.
    pub fn start_with(slug: &str, arguments: &[&str]) -> Program {
        Program::spawn(command(slug).args(arguments))
    }

    /// Starts `command` and waits until it listens.
    pub fn spawn(command: &mut Command) -> Program {
        let mut process = Process(command.stdout(Stdio::piped()).spawn().unwrap());
        let line = first_line(&mut process.0);
        let (address, path) = line
            .strip_prefix("listening on http")
            .and_then(|line| line.trim_start_matches("s").strip_prefix("://"))
            .and_then(|rest| rest.strip_suffix('\n')?.split_once('/'))
            .unwrap_or_else(|| panic!("{command:?} printed {line:?}"));
        Program {
            process,
            address: address.parse().unwrap(),
            path: format!("/{path}"),
        }
    }

    /// Returns the response to one GET.
    pub fn get(&self, path: &str) -> minreq::Response {
        minreq::get(format!("http://{}{path}", self.address))
            .with_timeout(PATIENCE.as_secs())
            .send()
            .unwrap()
    }

    /// Returns the metrics, after checking for status 200.
    pub fn metrics(&self) -> String {
        let response = self.get(&self.path);
        assert_eq!(response.status_code, 200);
        response.as_str().unwrap().to_owned()
    }

    /// Returns all that comes back for `request` until the program closes the
    /// connection.
    pub fn exchange(&self, request: &[u8]) -> String {
        let mut stream = connect(self.address);
        stream.write_all(request).unwrap();
        rest(stream)
    }
}

/// Connects, with timeouts so that a test can't hang.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads one response from a keep-alive connection. Returns its status line and its
/// body.
///
/// # Errors
///
/// Returns an error if the connection ends before the response does.
pub fn answer(stream: &mut impl Read) -> io::Result<(String, String)> {
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let status = lines.next().unwrap_or_default();
            let length = lines.find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then_some(value)
            });
            if length.unwrap().parse() == Ok(body.len()) {
                return Ok((status.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => received.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns all that still arrives until the other side closes the connection.
pub fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn first_line(child: &mut Child) -> String {
    let stdout = child.stdout.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = sender.send(line);
        // Read on, so that a program that prints more doesn't block.
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
    });
    receiver.recv_timeout(PATIENCE).unwrap()
}
