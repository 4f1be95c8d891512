//! Lesson 14 where one machine ends: two real agents that share the targets, and a
//! store. All of these tests but one need `victoria-metrics` too.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use support::{PATIENCE, Process, Program, free_port};
use tempfile::TempDir;
use versions::{Version, with_each_version};

const SERIES: usize = 5_000;

/// The names in `targets.yml`, by shard: the hash of a name decides.
const SHARDS: [[&str; 2]; 2] = [["node-1", "node-4"], ["node-2", "node-3"]];

/// The scrape interval in milliseconds. An agent that starts needs five seconds until
/// its first scrape.
const INTERVAL: i64 = 5_000;

with_each_version! {
    two_agents_store_each_series_once_and_lose_what_the_page_says,
    the_script_counts_each_series_and_leaves_nothing,
}

/// The lesson's program, or another that `PROGRAM` names.
fn program() -> PathBuf {
    let built = option_env!("CARGO_BIN_EXE_14_million_series").map(PathBuf::from);
    let named = env::var_os("PROGRAM").map(PathBuf::from);
    named.or(built).unwrap_or_else(|| panic!("set PROGRAM"))
}

fn victoria_metrics() -> PathBuf {
    let named = env::var_os("VICTORIA_METRICS");
    named.unwrap_or_else(|| "victoria-metrics".into()).into()
}

/// Calls `get` until it returns a value.
fn until<T>(what: &str, mut get: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = get() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Returns the body of a response with status 200.
fn get(port: u16, path: &str) -> Option<String> {
    let url = format!("http://127.0.0.1:{port}{path}");
    let request = minreq::get(url).with_timeout(PATIENCE.as_secs());
    let response = request.send().ok()?;
    let is_ok = response.status_code == 200;
    is_ok.then(|| response.as_str().unwrap().to_owned())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_millis()).unwrap()
}

/// The timestamps of the samples of each series, by its `instance` and `shard`.
type Stored = BTreeMap<(String, usize), Vec<i64>>;

/// A store that can stop and start again with what it has.
struct Store {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl Store {
    fn start(folder: &Path, port: u16) -> Store {
        let mut command = Command::new(victoria_metrics());
        command.arg(format!("-storageDataPath={}", folder.display()));
        command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
        // Without deduplication, which would hide a target with two agents.
        command.args(["-search.latencyOffset=1s", "-loggerLevel=ERROR"]);
        let process = Process(command.spawn().unwrap());
        until("the store doesn't start", || get(port, "/health"));
        Store {
            process,
            folder: folder.to_owned(),
            port,
        }
    }

    /// Stops it. Returns how to start it again, and when it had stopped.
    fn stop(self) -> (impl FnOnce() -> Store, i64) {
        assert!(self.process.end_with("TERM").success());
        let again = move || Store::start(&self.folder, self.port);
        (again, now())
    }

    /// Returns all samples of the program's series.
    fn stored(&self) -> Stored {
        let lines = get(self.port, "/api/v1/export?match[]=queue_length").unwrap();
        let mut stored = Stored::new();
        for line in lines.lines() {
            let after = |begin: &str, end: char| {
                let (_, rest) = line.split_once(begin).unwrap();
                rest.split(end).next().unwrap()
            };
            let shard = after("\"shard\":\"", '"').parse().unwrap();
            let series = (after("\"instance\":\"", '"').to_owned(), shard);
            let times = after("\"timestamps\":[", ']').split(',');
            let times = times.map(|time| time.parse().unwrap()).collect();
            assert!(stored.insert(series, times).is_none(), "twice: {line}");
        }
        stored
    }

    /// Returns the time of the newest scrape of each target that is stored.
    fn newest(&self) -> BTreeMap<String, i64> {
        let path = "/api/v1/export?match[]=up{job=\"million\"}&reduce_mem_usage=1";
        let lines = get(self.port, path).unwrap();
        let mut newest = BTreeMap::new();
        for line in lines.lines() {
            let (_, name) = line.split_once("\"instance\":\"").unwrap();
            let (_, times) = line.split_once("\"timestamps\":[").unwrap();
            let times = times.split(']').next().unwrap().split(',');
            let last: i64 = times.map(|time| time.parse().unwrap()).max().unwrap();
            let name = name.split('"').next().unwrap().to_owned();
            let entry = newest.entry(name).or_insert(last);
            *entry = last.max(*entry);
        }
        newest
    }

    /// Waits until the store has a scrape of each of `targets` that is newer than
    /// `time`.
    fn has_since(&self, time: i64, targets: &[&str]) {
        until(&format!("nothing newer of {targets:?}"), || {
            let newest = self.newest();
            let is_newer = |name: &&str| newest.get(*name).is_some_and(|at| *at > time);
            targets.iter().all(is_newer).then_some(())
        });
    }

    /// Waits until the store has a sample of each series.
    fn has_all(&self) {
        let path = "/api/v1/query?query=count(queue_length)";
        let all = format!(",\"{}\"]", 4 * SERIES);
        until("some series are missing", || {
            get(self.port, path)?.contains(&all).then_some(())
        });
    }
}

/// An agent of one shard, which can be killed and start again with its WAL.
struct Agent {
    process: Process,
    version: Version,
    shard: usize,
    folder: PathBuf,
    port: u16,
}

impl Agent {
    fn start(version: Version, shard: usize, folder: &Path, port: u16) -> Agent {
        let mut command = version.command("prometheus");
        match version {
            Version::Installed => {
                command.arg("--enable-feature=agent,extra-scrape-metrics")
            }
            Version::Three => {
                command.args(["--agent", "--enable-feature=extra-scrape-metrics"])
            }
        };
        let [config, storage] =
            ["config.file", "storage.agent.path"].map(|flag| format!("--{flag}="));
        let folder = folder.to_owned();
        command.arg(format!("{config}{}/agent_{shard}.yml", folder.display()));
        command.arg(format!("{storage}{}/agent_{shard}", folder.display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.args([
            "--log.level=error",
            "--scrape.discovery-reload-interval=100ms",
        ]);
        let process = Process(command.spawn().unwrap());
        Agent {
            process,
            version,
            shard,
            folder,
            port,
        }
    }

    /// Kills it, and starts it again with the same data. Returns the time of the start.
    fn restart(&mut self) -> i64 {
        self.process.signal("KILL");
        self.process.0.wait().unwrap();
        let time = now();
        *self = Agent::start(self.version, self.shard, &self.folder, self.port);
        time
    }

    /// Returns the sum of the series of one of its own metrics, 0 if there is none.
    fn metric(&self, name: &str) -> Option<f64> {
        let metrics = get(self.port, "/metrics")?;
        let samples = metrics.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let values = samples.map(|line| line.rsplit(' ').next().unwrap());
        Some(values.map(|value| value.parse::<f64>().unwrap()).sum())
    }

    /// Waits until it has scraped for one interval since the store stopped, and so each
    /// of its targets, and has something to send.
    fn is_behind(&self, stopped: i64) {
        until("the agent isn't behind", || {
            let [scraped, pending] =
                ["highest_timestamp_in_seconds", "samples_pending"].map(|name| {
                    self.metric(&format!("prometheus_remote_storage_{name}"))
                });
            let behind = scraped? * 1000.0 - stopped as f64;
            (behind >= INTERVAL as f64 && pending? > 0.0).then_some(())
        });
    }

    /// Returns the targets that it scrapes.
    fn targets(&self) -> Vec<String> {
        let page = get(self.port, "/api/v1/targets").unwrap();
        let active = page.split("\"labels\":{\"instance\":\"").skip(1);
        let mut names: Vec<String> = active
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

/// Writes the shipped configurations into `folder` with other addresses, and a shorter
/// interval.
fn configure(folder: &Path, instances: &[Program], store: u16) {
    let read = |name: &str| {
        fs::read_to_string(format!("prometheus/14_million_series/{name}")).unwrap()
    };
    let mut targets = read("targets.yml");
    for (port, instance) in (9000..).zip(instances) {
        let shipped = format!("127.0.0.1:{port}");
        assert!(targets.contains(&shipped));
        targets = targets.replace(&shipped, &instance.address.to_string());
    }
    fs::write(folder.join("targets.yml"), targets).unwrap();
    for name in ["agent_0.yml", "agent_1.yml"] {
        let config = read(name)
            .replace("scrape_interval: 15s", "scrape_interval: 5s")
            .replace("127.0.0.1:8428", &format!("127.0.0.1:{store}"));
        fs::write(folder.join(name), config).unwrap();
    }
}

/// Returns the time between two samples of a series of `targets`, at least and at most.
fn gaps(stored: &Stored, targets: &[&str]) -> (i64, i64) {
    let of_targets = stored
        .iter()
        .filter(|((name, _), _)| targets.contains(&&**name));
    let gaps: Vec<i64> = of_targets
        .flat_map(|(_, times)| times.windows(2).map(|two| two[1] - two[0]))
        .collect();
    (*gaps.iter().min().unwrap(), *gaps.iter().max().unwrap())
}

/// Returns how many series of `targets` have a sample between two times.
fn series_between(stored: &Stored, targets: &[&str], from: i64, to: i64) -> usize {
    let of_targets = stored
        .iter()
        .filter(|((name, _), _)| targets.contains(&&**name));
    of_targets
        .filter(|(_, times)| times.iter().any(|time| (from..to).contains(time)))
        .count()
}

fn two_agents_store_each_series_once_and_lose_what_the_page_says(version: Version) {
    let folder = tempfile::tempdir().unwrap();
    let instances: Vec<Program> = (0..4)
        .map(|_| {
            let mut command = Command::new(program());
            Program::spawn(command.args(["127.0.0.1:0", &SERIES.to_string()]))
        })
        .collect();
    let store = Store::start(&folder.path().join("store"), free_port());
    configure(folder.path(), &instances, store.port);
    let agents =
        [0, 1].map(|shard| Agent::start(version, shard, folder.path(), free_port()));
    store.has_all();
    for (agent, targets) in agents.iter().zip(SHARDS) {
        assert_eq!(agent.targets(), targets);
    }
    let mut agents = agents;
    a_killed_agent_leaves_a_short_gap_in_its_shard(&store, &mut agents);
    only_a_restart_loses_what_the_store_missed(store, &mut agents);
}

fn a_killed_agent_leaves_a_short_gap_in_its_shard(
    store: &Store,
    agents: &mut [Agent; 2],
) {
    // The first scrape of each target is there; the second has just arrived.
    store.has_since(now(), SHARDS.as_flattened());
    let restarted = agents[0].restart();
    store.has_since(restarted, SHARDS.as_flattened());

    let stored = store.stored();
    let series: BTreeSet<_> = stored.keys().cloned().collect();
    let expected = SHARDS.as_flattened().iter();
    let expected =
        expected.flat_map(|name| (0..SERIES).map(|shard| ((*name).to_owned(), shard)));
    assert!(series == expected.collect(), "{} series", series.len());
    let (_, longest) = gaps(&stored, &SHARDS[0]);
    assert!(longest <= 3 * INTERVAL + INTERVAL / 10, "{longest} ms");
    let (_, longest) = gaps(&stored, &SHARDS[1]);
    assert!(longest < INTERVAL * 3 / 2, "{longest} ms");
    // Nor did anybody else scrape the same target.
    let (shortest, _) = gaps(&stored, SHARDS.as_flattened());
    assert!(shortest > INTERVAL / 2, "{shortest} ms");
}

fn only_a_restart_loses_what_the_store_missed(store: Store, agents: &mut [Agent; 2]) {
    let (again, stopped) = store.stop();
    for agent in &*agents {
        agent.is_behind(stopped);
    }
    let restarted = agents[0].restart();
    let store = again();
    store.has_since(now(), SHARDS.as_flattened());

    let stored = store.stored();
    let before = series_between(&stored, SHARDS.as_flattened(), 0, stopped);
    assert_eq!(before, 4 * SERIES);
    let missed = |targets| series_between(&stored, targets, stopped, restarted);
    assert_eq!(missed(&SHARDS[0]), 0);
    assert_eq!(missed(&SHARDS[1]), 2 * SERIES);
    let (shortest, longest) = gaps(&stored, &SHARDS[1]);
    assert!(longest < INTERVAL * 3 / 2, "{longest} ms");
    assert!(shortest > INTERVAL / 2, "{shortest} ms");
    // No counter of the new process says so.
    for lost in ["samples_dropped_total", "samples_failed_total"] {
        let lost = agents[0].metric(&format!("prometheus_remote_storage_{lost}"));
        assert_eq!(lost, Some(0.0));
    }
}

/// The script, with its files in `folder`.
fn script(version: Version, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = version.command("prometheus/14_million_series/run.sh");
    command.args(arguments);
    command.env("TMPDIR", folder);
    command.env("PROGRAM", program());
    command.env("INTERVAL", "1s");
    command
}

/// The processes of the script have this folder in their arguments; an instance of the
/// program has not, but it has the number of its series.
fn assert_nothing_is_left(folder: &TempDir, series: &str) {
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    for entry in fs::read_dir("/proc").unwrap() {
        let file = entry.unwrap().path().join("cmdline");
        let line = fs::read(file).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let is_of_script = line.contains(folder.path().to_str().unwrap())
            || line.contains(&format!(" 127.0.0.1:0 {series}"));
        assert!(!is_of_script, "{line}");
    }
}

const COUNTED: &str = "count(queue_length): SUM
count by (instance) (queue_length):
    node-1: EACH
    node-2: EACH
    node-3: EACH
    node-4: EACH
";

/// With one version it ends by itself, with the other it is told to.
fn the_script_counts_each_series_and_leaves_nothing(version: Version) {
    let folder = tempfile::tempdir().unwrap();
    let (arguments, each, sum) = match version {
        Version::Installed => (&["--once", "4", "51"][..], "51", "204"),
        Version::Three => (&["4", "52"][..], "52", "208"),
    };
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = script(version, folder.path(), arguments);
    let printed = || fs::read_to_string(log.path()).unwrap();
    let mut process = Process(command.stdout(log.reopen().unwrap()).spawn().unwrap());
    let status = if arguments.contains(&"--once") {
        process.ended()
    } else {
        let stays = "all of it runs until Ctrl-C\n";
        until("it doesn't stay", || {
            let status = process.0.try_wait().unwrap();
            assert_eq!(status, None, "{}", printed());
            printed().ends_with(stays).then_some(())
        });
        process.end_with("INT")
    };
    let code = if arguments.len() == 3 { 0 } else { 130 };
    assert_eq!(status.code(), Some(code), "{}", printed());
    let counted = COUNTED.replace("SUM", sum).replace("EACH", each);
    assert!(printed().contains(&counted), "{}", printed());
    assert_nothing_is_left(&folder, each);
}

#[test]
#[ignore = "needs victoria-metrics"]
fn the_script_ends_the_others_if_one_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = script(Version::Installed, folder.path(), &["2", "53"]);
    let output = command.env("PROMETHEUS", "false").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(words, "agent_0 doesn't start: its last lines are above\n");
    assert_nothing_is_left(&folder, "53");
}

#[test]
fn the_agents_differ_only_in_their_shard() {
    let read = |shard: usize| {
        let name = format!("prometheus/14_million_series/agent_{shard}.yml");
        fs::read_to_string(name).unwrap()
    };
    let as_1 = read(0)
        .replace("Shard 0", "Shard 1")
        .replace("agent_0", "agent_1")
        .replace("9091", "9092")
        .replace("regex: \"0\"", "regex: \"1\"");
    assert_eq!(as_1, read(1));
}
