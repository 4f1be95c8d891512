//! A real Redis server, with its data in a folder of its own.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{PATIENCE, Process, free_port};

/// The server, until this is dropped.
pub struct RealRedis {
    pub address: SocketAddr,
    folder: TempDir,
    arguments: Vec<String>,
    process: Option<Process>,
}

impl RealRedis {
    pub fn start() -> RealRedis {
        RealRedis::with(&[])
    }

    /// Starts it with more arguments.
    pub fn with(arguments: &[&str]) -> RealRedis {
        let mut redis = RealRedis {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            folder: tempfile::tempdir().unwrap(),
            arguments: arguments.iter().copied().map(str::to_owned).collect(),
            process: None,
        };
        redis.start_again();
        redis
    }

    /// Kills the server, without a chance to say goodbye.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it on the same port, with nothing of what it was told before.
    pub fn start_again(&mut self) {
        let port = self.address.port().to_string();
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(Process(process.unwrap()));
        let started = Instant::now();
        while !self.answers() {
            assert!(started.elapsed() < PATIENCE, "redis-server doesn't answer");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else {
            return false;
        };
        let sent = stream.write_all(b"PING\r\n");
        sent.is_ok() && stream.read(&mut [0; 1]).is_ok_and(|read| read > 0)
    }

    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, signal: &str) {
        self.process.as_ref().unwrap().signal(signal);
    }

    /// Returns what `redis-cli` prints for a command.
    pub fn cli(&self, words: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.address.port().to_string()])
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end().to_owned()
    }

    /// Runs a command whose reply is `OK`.
    pub fn set(&self, words: &[&str]) {
        assert_eq!(self.cli(words), "OK", "{words:?}");
    }
}
