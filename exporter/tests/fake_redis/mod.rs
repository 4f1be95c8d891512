//! A server that behaves as Redis does, or as nothing should.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What real servers replied to `INFO ALL`.
pub const REDIS_6_2: &str = include_str!("../../../tests/redis/redis-6.2.txt");
pub const REDIS_7_0: &str = include_str!("../../../tests/redis/redis-7.0.txt");
pub const VALKEY_8_1: &str = include_str!("../../../tests/redis/valkey-8.1.txt");

/// The reply of a server that needs no more of what an exporter reads.
pub const SHORT: &str = "# Clients\r\nconnected_clients:5\r\n";

/// What the server does from the next command on.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Replies to `INFO` with this text.
    Info(String),
    /// Does the same for those who log in with these words after `AUTH`.
    Locked(&'static [&'static str], String),
    /// Sends these bytes for each command.
    Replies(Vec<u8>),
    /// Sends these bytes for each command, and closes the connection.
    Ends(Vec<u8>),
    /// Sends these bytes for each command, and then nothing.
    Stops(Vec<u8>),
    /// Sends these bytes for each command, one every now and then.
    Trickles(Vec<u8>),
    /// Sends these bytes again and again.
    Floods(Vec<u8>),
    /// Closes each connection at once.
    Closes,
    /// Complains about each command in the words that Redis has for unknown ones, which
    /// repeat the beginning of their arguments.
    Echoes,
}

impl Behaviour {
    pub fn info(text: &str) -> Behaviour {
        Behaviour::Info(text.to_owned())
    }

    pub fn replies(bytes: &[u8]) -> Behaviour {
        Behaviour::Replies(bytes.to_vec())
    }
}

/// Returns the bytes of `text` as Redis sends it.
pub fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The server, on threads of this process.
pub struct FakeRedis {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    commands: Mutex<Vec<Vec<String>>>,
    visitors: Mutex<usize>,
}

impl FakeRedis {
    pub fn start(behaviour: Behaviour) -> FakeRedis {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            commands: Mutex::default(),
            visitors: Mutex::default(),
        });
        let server = Arc::clone(&shared);
        // They end with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&server);
                let stream = stream.unwrap();
                *shared.visitors.lock().unwrap() += 1;
                thread::spawn(move || shared.serve(&stream));
            }
        });
        FakeRedis { address, shared }
    }

    pub fn behaves(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// Returns the commands, as lists of words, that arrived since the last call.
    pub fn commands(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.shared.commands.lock().unwrap())
    }

    /// Returns how many connections were opened so far.
    pub fn visitors(&self) -> usize {
        *self.shared.visitors.lock().unwrap()
    }
}

impl Shared {
    /// Serves one client until it or the server has had enough.
    fn serve(&self, stream: &TcpStream) {
        if matches!(self.behaviour(), Behaviour::Closes) {
            return;
        }
        let mut requests = BufReader::new(stream);
        let mut is_in = false;
        while let Some(words) = command(&mut requests) {
            self.commands.lock().unwrap().push(words.clone());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if answer(self.behaviour(), &words, &mut is_in, stream).is_none() {
                return;
            }
        }
    }

    fn behaviour(&self) -> Behaviour {
        self.behaviour.lock().unwrap().clone()
    }
}

/// Reads a command as clients send it, a list of texts with their lengths. Returns
/// `None` once the client has left.
fn command(requests: &mut impl BufRead) -> Option<Vec<String>> {
    let count = length(requests, '*')?;
    let word = |_| {
        let length = length(requests, '$')?;
        let mut word = vec![0; length + 2];
        requests.read_exact(&mut word).ok()?;
        let word = String::from_utf8(word).unwrap();
        Some(word.strip_suffix("\r\n").unwrap().to_owned())
    };
    (0..count).map(word).collect()
}

fn length(requests: &mut impl BufRead, kind: char) -> Option<usize> {
    let mut line = String::new();
    requests
        .read_line(&mut line)
        .ok()
        .filter(|read| *read > 0)?;
    let length = line.strip_prefix(kind).unwrap().strip_suffix("\r\n");
    Some(length.unwrap().parse().unwrap())
}

/// Answers a command. Returns `None` if the connection ends with it.
fn answer(
    behaviour: Behaviour,
    words: &[&str],
    is_in: &mut bool,
    mut stream: &TcpStream,
) -> Option<()> {
    match behaviour {
        Behaviour::Ends(bytes) => {
            let _ = stream.write_all(&bytes);
            None
        }
        Behaviour::Stops(bytes) => {
            stream.write_all(&bytes).ok()?;
            // Until the client leaves.
            std::io::copy(&mut stream, &mut std::io::sink()).ok()?;
            None
        }
        Behaviour::Trickles(bytes) => bytes.iter().try_for_each(|byte| {
            thread::sleep(Duration::from_millis(50));
            stream.write_all(&[*byte]).ok()
        }),
        Behaviour::Floods(bytes) => loop {
            stream.write_all(&bytes).ok()?;
        },
        Behaviour::Closes => None,
        Behaviour::Replies(bytes) => stream.write_all(&bytes).ok(),
        Behaviour::Echoes => stream.write_all(&unknown(words)).ok(),
        Behaviour::Info(text) => {
            stream.write_all(&redis(&[], &text, words, is_in)).ok()
        }
        Behaviour::Locked(login, text) => {
            stream.write_all(&redis(login, &text, words, is_in)).ok()
        }
    }
}

/// Returns the reply of a Redis server to a command that it doesn't know.
fn unknown(words: &[&str]) -> Vec<u8> {
    let (name, arguments) = words.split_first().unwrap();
    let arguments: String = arguments.join("' '").chars().take(128).collect();
    format!(
        "-ERR unknown command '{name}', with args beginning with: '{arguments}' \r\n"
    )
    .into_bytes()
}

/// Returns the reply of a Redis server which `login` opens, or that is open to all.
fn redis(login: &[&str], info: &str, words: &[&str], is_in: &mut bool) -> Vec<u8> {
    match words {
        ["AUTH", ..] if login.is_empty() => {
            b"-ERR AUTH <password> called without any password configured for the \
              default user. Are you sure your configuration is correct?\r\n"
                .to_vec()
        }
        ["AUTH", words @ ..] => {
            *is_in = words == login;
            match is_in {
                true => b"+OK\r\n".to_vec(),
                false => b"-WRONGPASS invalid username-password pair or user is \
                           disabled.\r\n"
                    .to_vec(),
            }
        }
        ["INFO", "ALL"] if *is_in || login.is_empty() => bulk(info),
        ["INFO", "ALL"] => b"-NOAUTH Authentication required.\r\n".to_vec(),
        words => unknown(words),
    }
}
