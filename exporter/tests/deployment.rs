//! What `docs/en/reference/deployment.md` says: the systemd units, the exporter as
//! process 1, and the configurations of Prometheus that find their targets.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
#[path = "../../tests/real_prometheus/mod.rs"]
mod real_prometheus;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fake_redis::{Behaviour, FakeRedis, SHORT};
use real_prometheus::Prometheus;
use redis_exporter::{RedisExporter, SLUG, exporter};
use support::held::Held;
use support::{PATIENCE, Process, Program, command, connect, free_port};
use versions::{Version, with_each_version};

const UNITS: [&str; 2] = ["redis_exporter.service", "redis_exporter.socket"];

/// The most that the exporter accepts.
const CONNECTIONS: u64 = 96;

with_each_version! {
    prometheus_finds_the_targets_of_a_file_when_it_changes,
}

fn redis() -> FakeRedis {
    FakeRedis::start(Behaviour::info(SHORT))
}

fn read(path: &str) -> String {
    fs::read_to_string(format!("../{path}")).unwrap()
}

/// Returns a folder with the units. The service starts this package's program, because
/// systemd-analyze reports a program that isn't there.
fn units() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let built = command(SLUG).get_program().to_str().unwrap().to_owned();
    for name in UNITS {
        let unit = read(&format!("deploy/{name}"));
        let unit = unit.replace("/usr/local/bin/redis_exporter", &built);
        assert_eq!(unit.contains(&built), name.ends_with(".service"));
        fs::write(folder.path().join(name), unit).unwrap();
    }
    folder
}

/// Runs systemd-analyze in the folder with the units. Returns what it prints.
fn analyze(folder: &Path, arguments: &[&str]) -> String {
    let mut analyze = Command::new("systemd-analyze");
    let output = analyze
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8(words).unwrap();
    assert!(output.status.success(), "{words}");
    words
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_has_nothing_to_say_about_the_units() {
    let units = units();
    let arguments = [&["verify"], &UNITS[..]].concat();
    assert_eq!(analyze(units.path(), &arguments), "");
}

#[test]
#[ignore = "needs systemd-analyze"]
fn the_service_is_as_exposed_as_the_page_says() {
    let units = units();
    let says = analyze(
        units.path(),
        &["security", "--offline=true", "--no-pager", UNITS[0]],
    );
    let version = analyze(units.path(), &["--version"]);
    let rows = says.lines().filter(|line| line.starts_with('✗'));
    // Without the column of descriptions.
    let settings = rows.filter_map(|row| row.split_whitespace().nth(1));
    let settings: String = settings.map(|name| format!("{name}\n")).collect();
    let result = says.lines().last().unwrap().trim_start_matches("→ ");
    let now = format!("{settings}{result}\n");
    let recorded = read("tests/pages/systemd_security.txt");
    if version.starts_with("systemd 252 ") {
        assert_eq!(now, recorded);
    } else {
        // Another version may know more settings.
        assert!(now.contains(" OK "), "{says}");
    }
}

/// Returns a setting of the service, without its unit.
fn setting(name: &str) -> u64 {
    let service = read("deploy/redis_exporter.service");
    let start = format!("{name}=");
    let mut values = service.lines().filter_map(|line| line.strip_prefix(&start));
    values
        .next()
        .unwrap()
        .trim_end_matches('M')
        .parse()
        .unwrap()
}

#[test]
fn the_limits_of_the_service_are_twice_what_a_full_exporter_needs() {
    let redis = redis();
    let exporter = RedisExporter::start(redis.address);
    exporter.scrapes(8);
    let clients: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| connect(exporter.program.address))
        .collect();
    let started = Instant::now();
    let mut full = Held::by(&exporter.program);
    while full.threads < CONNECTIONS {
        assert!(started.elapsed() < PATIENCE, "{full:?}");
        full = Held::by(&exporter.program);
    }
    assert!(full.threads * 2 < setting("TasksMax"), "{full:?}");
    assert!(
        full.descriptors as u64 * 2 < setting("LimitNOFILE"),
        "{full:?}"
    );
    let mebibytes = full.kibibytes / 1024;
    assert!(mebibytes * 2 < setting("MemoryMax"), "{full:?}");
    drop(clients);
}

/// Starts the exporter on a socket that this process keeps, as systemd does.
fn activated(socket: &TcpListener, redis: SocketAddr) -> Program {
    let mut shell = Command::new("sh");
    shell.args(["-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\" 3<&0"]);
    let exporter = exporter(&redis.to_string());
    shell.arg(exporter.get_program()).args(exporter.get_args());
    shell.stdin(OwnedFd::from(socket.try_clone().unwrap()));
    Program::spawn(&mut shell)
}

/// Scrapes on one connection after the other until `is_over`. Returns how often.
fn scrape_until(is_over: &AtomicBool, address: SocketAddr) -> usize {
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        let request = minreq::get(format!("http://{address}/metrics"));
        let response = request.with_timeout(PATIENCE.as_secs()).send().unwrap();
        assert_eq!(response.status_code, 200);
        assert!(response.as_str().unwrap().contains("\nredis_up 1\n"));
        count += 1;
    }
    count
}

#[test]
fn no_scrape_is_lost_while_the_exporter_restarts_on_a_socket_of_systemd() {
    let redis = redis();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let is_over = AtomicBool::new(false);
    let count: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| scrape_until(&is_over, address)))
            .collect();
        for _ in 0..10 {
            let program = activated(&socket, redis.address);
            assert_eq!(program.address, address);
            thread::sleep(Duration::from_millis(50));
            assert_eq!(program.process.end_with("TERM").code(), Some(0));
        }
        let last = activated(&socket, redis.address);
        is_over.store(true, Ordering::Relaxed);
        let counts = clients.into_iter().map(|client| client.join().unwrap());
        let count = counts.sum();
        drop(last);
        count
    });
    assert!(count > 100, "{count} scrapes");
}

#[test]
#[ignore = "needs systemd-socket-activate"]
fn a_connection_to_the_socket_starts_the_exporter() {
    let redis = redis();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let exporter = exporter(&redis.address.to_string());
    let mut activate = Command::new("systemd-socket-activate");
    activate.arg(format!("--listen={address}"));
    activate
        .arg(exporter.get_program())
        .args(exporter.get_args());
    activate.stdout(Stdio::null()).stderr(Stdio::null());
    let process = Process(activate.spawn().unwrap());
    let started = Instant::now();
    while listening_on(address.port()).is_none() {
        assert!(started.elapsed() < PATIENCE, "{address} is closed");
        thread::sleep(Duration::from_millis(5));
    }
    let healthy = minreq::get(format!("http://{address}/-/healthy"));
    let healthy = healthy.with_timeout(PATIENCE.as_secs()).send().unwrap();
    assert_eq!(healthy.as_str().unwrap(), "redis_exporter is healthy.\n");
    // It is the same process.
    assert_eq!(process.end_with("TERM").code(), Some(0));
}

/// Whether somebody listens on a port, without a connection, which would start the
/// program.
fn listening_on(port: u16) -> Option<()> {
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X} 00000000:0000 0A ");
    sockets.contains(&local).then_some(())
}

/// A command that starts the exporter as `unshare` is told to.
fn unshared(redis: SocketAddr, arguments: &[&str]) -> Command {
    let exporter = exporter(&redis.to_string());
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user"]).args(arguments);
    unshare
        .arg(exporter.get_program())
        .args(exporter.get_args());
    unshare
}

/// Returns the children of a process.
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children"));
    // The thread of a connection may have ended.
    let lists: Vec<String> = tasks.flat_map(|task| of(task.unwrap())).collect();
    let all = lists.iter().flat_map(|list| list.split_whitespace());
    all.map(|id| id.parse().unwrap()).collect()
}

#[test]
#[ignore = "needs unshare, and root or user namespaces"]
fn as_process_1_it_ends_on_a_signal_and_has_no_children() {
    let arguments = ["--pid", "--fork", "--kill-child", "--mount-proc"];
    for signal in ["TERM", "INT"] {
        let redis = redis();
        let program = Program::spawn(&mut unshared(redis.address, &arguments));
        let unshare = program.process.0.id();
        let [id] = children(unshare)[..] else {
            panic!("{:?}", children(unshare));
        };
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        assert!(status.contains(&format!("\nNSpid:\t{id}\t1\n")), "{status}");
        for _ in 0..8 {
            let metrics = program.metrics();
            assert!(metrics.contains("\nredis_up 1\n"), "{metrics}");
            assert_eq!(children(id), []);
        }
        // From outside, as a container's runtime does.
        let kill = ["-s", signal, &id.to_string()];
        assert!(Command::new("kill").args(kill).status().unwrap().success());
        let status = program.process.ended();
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

/// Returns the names of the metrics on the process.
fn of_the_process(metrics: &str) -> Vec<&str> {
    let lines = metrics.lines().filter(|line| line.starts_with("process_"));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

#[test]
#[ignore = "needs unshare, and root or user namespaces"]
fn with_only_the_processes_in_proc_the_start_time_is_missing() {
    let redis = redis();
    let around = ["--pid", "--fork", "--kill-child", "--mount"];
    let shell = "mount -t proc -o subset=pid proc /proc && exec \"$0\" \"$@\"";
    let arguments = [&around[..], &["sh", "-c", shell]].concat();
    let whole = RedisExporter::start(redis.address);
    let subset = Program::spawn(&mut unshared(redis.address, &arguments));
    let (whole, subset) = (whole.program.metrics(), subset.metrics());
    let mut expected = of_the_process(&whole);
    expected.retain(|name| *name != "process_start_time_seconds");
    assert_eq!(expected.len(), 9);
    assert_eq!(of_the_process(&subset), expected);
}

#[test]
fn the_image_starts_the_exporter_as_process_1_and_not_as_root() {
    let file = read("deploy/Dockerfile");
    let of = |word: &str| {
        let lines = file.lines().filter_map(|line| line.strip_prefix(word));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(of("ENTRYPOINT "), ["[\"/usr/local/bin/redis_exporter\"]"]);
    assert_eq!(of("CMD"), [""; 0]);
    assert_eq!(of("USER "), ["65534:65534"]);
    let build = "cargo build --locked --release -p exporter --features tls \
                 --bin 09_redis_exporter";
    assert_eq!(of("RUN "), [build]);
    assert!(read("docs/en/reference/deployment.md").contains(&format!("$ {build}\n")));
}

fn prometheus_finds_the_targets_of_a_file_when_it_changes(version: Version) {
    let redis = redis();
    let exporters = [(); 2].map(|()| RedisExporter::start(redis.address));
    let [first, second] = exporters.each_ref().map(|all| all.program.address);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("file_sd.yml");
    fs::write(&config, read("prometheus/file_sd.yml")).unwrap();
    let targets = folder.path().join("targets");
    fs::create_dir(&targets).unwrap();
    let shown = read("prometheus/targets/redis_production.yml");
    assert!(shown.contains("127.0.0.1:9121"));
    let with =
        |address: SocketAddr| shown.replace("127.0.0.1:9121", &address.to_string());
    fs::write(targets.join("redis_production.yml"), with(first)).unwrap();
    let prometheus = Prometheus::start(version, &config, free_port());
    let up = "sum by (instance, environment, team) (up)";
    let series = |environment: &str, instance: SocketAddr| {
        format!(
            "{{environment=\"{environment}\", instance=\"{instance}\", \
             team=\"storage\"}} => 1"
        )
    };
    prometheus.assert_becomes(up, &[series("production", first)]);
    // Complete when its name appears, as on the page.
    let new = targets.join("new");
    fs::write(&new, with(second)).unwrap();
    fs::rename(new, targets.join("redis_staging.yml")).unwrap();
    let both = [series("production", first), series("staging", second)];
    prometheus.assert_becomes(up, &both);
}

#[test]
#[ignore = "needs Prometheus 3: run `.ci/prometheus-3`"]
fn prometheus_3_accepts_the_configuration_for_kubernetes() {
    let mut promtool = Version::Three.command("promtool");
    let config = "../prometheus/kubernetes_sd.yml";
    let output = promtool.args(["check", "config", config]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
