//! The other systems that a lesson's program asks over TCP: servers of the runner, which
//! behave as the lesson says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::course::Manner;

/// The time from byte to byte of a server that trickles.
const TRICKLE: Duration = Duration::from_millis(100);

/// The bytes of a flood: more than a program may keep, and too few to end it, so that the
/// lesson's own check says what is wrong.
const FLOOD: usize = 64 * 1024 * 1024;

/// More bytes than the commands on one connection have.
const COMMANDS: u64 = 1024 * 1024;

/// The servers of one check.
pub struct Sources {
    /// Behaves as the steps say.
    pub source: Source,
    /// Always answers.
    pub other: Source,
}

impl Sources {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no free port.
    pub fn start() -> Result<Sources> {
        Ok(Sources {
            source: Source::start()?,
            other: Source::start()?,
        })
    }
}

/// A server, which ends when it is dropped.
pub struct Source {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
    /// A listener whose queue is full of connections that nobody accepts.
    full: Option<(TcpListener, TcpStream)>,
    /// An open connection: nobody else gets the port while nothing listens there.
    _kept: [TcpStream; 2],
}

struct Shared {
    manner: Mutex<Manner>,
    visits: AtomicUsize,
    open: Mutex<HashMap<usize, TcpStream>>,
    is_over: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Source {
    /// Starts a server that answers.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no free port.
    pub fn start() -> Result<Source> {
        let started = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let address = listener.local_addr()?;
            let kept = [TcpStream::connect(address)?, listener.accept()?.0];
            let shared = Arc::new(Shared {
                manner: Mutex::default(),
                visits: AtomicUsize::new(0),
                open: Mutex::default(),
                is_over: AtomicBool::new(false),
            });
            Ok(Source {
                address,
                listening: Some(listen(listener, &shared)),
                shared,
                full: None,
                _kept: kept,
            })
        };
        let started: std::io::Result<Source> = started();
        started.context("there is no free port")
    }

    /// Behaves so from now on, on open connections too.
    ///
    /// # Errors
    ///
    /// Returns an error if another process has taken its port.
    pub fn behave(&mut self, manner: &Manner) -> Result<()> {
        *locked(&self.shared.manner) = manner.clone();
        self.full = None;
        if matches!(manner, Manner::Gone | Manner::Full) {
            self.stop();
        }
        if matches!(manner, Manner::Full) {
            let full = full(self.address);
            let what = || format!("cannot listen on {}", self.address);
            self.full = Some(full.with_context(what)?);
        } else if !matches!(manner, Manner::Gone) && self.listening.is_none() {
            let listener = TcpListener::bind(self.address)
                .with_context(|| format!("cannot listen on {}", self.address))?;
            self.shared.is_over.store(false, Ordering::SeqCst);
            self.listening = Some(listen(listener, &self.shared));
        }
        Ok(())
    }

    /// How many connections it has accepted so far. It must be one that answers: earlier
    /// connections have been counted when it answers this one.
    pub fn visits(&self) -> usize {
        if let Ok(mut own) = TcpStream::connect(self.address) {
            let _ = own.write_all(b"QUIT\r\n");
            let _ = own.read_to_end(&mut Vec::new());
            self.shared.visits.fetch_sub(1, Ordering::SeqCst);
        }
        self.shared.visits.load(Ordering::SeqCst)
    }

    /// Stops listening and closes its connections.
    fn stop(&mut self) {
        let Some(listening) = self.listening.take() else {
            return;
        };
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
        let _ = listening.join();
        for stream in locked(&self.shared.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A listener whose queue has room for one connection, and that connection. Linux then
/// ignores further ones; other systems may have a longer queue.
fn full(address: SocketAddr) -> std::io::Result<(TcpListener, TcpStream)> {
    let listener = TcpListener::bind(address)?;
    #[cfg(unix)]
    rustix::net::listen(&listener, 0)?;
    Ok((listener, TcpStream::connect(address)?))
}

fn listen(listener: TcpListener, shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if shared.is_over.load(Ordering::SeqCst) {
                return;
            }
            let number = shared.visits.fetch_add(1, Ordering::SeqCst);
            if matches!(*locked(&shared.manner), Manner::Close) {
                continue;
            }
            if let Ok(other) = stream.try_clone() {
                locked(&shared.open).insert(number, other);
            }
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                // It fails when the program hangs up.
                let _ = converse(&stream, &shared.manner);
                locked(&shared.open).remove(&number);
            });
        }
    })
}

fn converse(mut stream: &TcpStream, manner: &Mutex<Manner>) -> std::io::Result<()> {
    let mut commands = BufReader::new(stream.take(COMMANDS));
    while let Some(command) = command(&mut commands) {
        let manner = locked(manner).clone();
        match manner {
            Manner::Answer(_) if command == "QUIT" => {
                return stream.write_all(b"+OK\r\n");
            }
            Manner::Answer(text) => stream.write_all(text.as_bytes())?,
            Manner::Part(text) => return stream.write_all(text.as_bytes()),
            Manner::Trickle(text) => trickle(stream, &text)?,
            Manner::Flood(text) => {
                let many = text.repeat(64 * 1024 / text.len().max(1) + 1);
                for _ in 0..FLOOD / many.len().max(1) {
                    stream.write_all(many.as_bytes())?;
                }
                trickle(stream, &text)?;
            }
            Manner::Hang => {}
            Manner::Close | Manner::Full | Manner::Gone => return Ok(()),
        }
    }
    Ok(())
}

fn trickle(mut stream: &TcpStream, text: &str) -> std::io::Result<()> {
    for byte in text.bytes().cycle() {
        stream.write_all(&[byte])?;
        thread::sleep(TRICKLE);
    }
    Ok(())
}

/// The first word of the next command, in uppercase. A command is a line, or Redis's array
/// of strings: their number, and two lines for each, its length and itself.
fn command(from: &mut impl BufRead) -> Option<String> {
    let mut first = line(from)?;
    if let Some(count) = first.strip_prefix('*') {
        let count: usize = count.parse().ok()?;
        let mut lines = Vec::new();
        for _ in 0..2 * count.min(1024) {
            lines.push(line(from)?);
        }
        first = lines.into_iter().nth(1).unwrap_or_default();
    }
    let word = first.split_whitespace().next().unwrap_or_default();
    Some(word.to_uppercase())
}

/// The next line that isn't empty.
fn line(from: &mut impl BufRead) -> Option<String> {
    loop {
        let mut line = Vec::new();
        if from.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        if !line.trim_end().is_empty() {
            return Some(line.trim_end().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Instant;

    use super::*;

    fn behaving(manner: &Manner) -> Source {
        let mut source = Source::start().unwrap();
        source.behave(manner).unwrap();
        source
    }

    /// A connection that waits for half a second.
    fn connected(source: &Source) -> TcpStream {
        let stream = TcpStream::connect(source.address).unwrap();
        let wait = Some(Duration::from_millis(500));
        stream.set_read_timeout(wait).unwrap();
        stream
    }

    /// The text that arrives until it pauses, and whether the connection is still open.
    fn asked(stream: &mut TcpStream, words: &str) -> (String, bool) {
        stream.write_all(words.as_bytes()).unwrap();
        let mut text = Vec::new();
        let end = stream.read_to_end(&mut text);
        (String::from_utf8(text).unwrap(), end.is_err())
    }

    fn answer(text: &str) -> Manner {
        Manner::Answer(text.to_owned())
    }

    #[test]
    fn each_command_gets_one_answer_however_it_is_written() {
        let source = behaving(&answer("a\r\n"));
        let mut stream = connected(&source);
        let array = "*2\r\n$4\r\nINFO\r\n$3\r\nALL\r\n";
        let one = ("a\r\n".to_owned(), true);
        for words in ["INFO\r\n", "info all\n", array, "\r\nPING\r\n"] {
            assert_eq!(asked(&mut stream, words), one, "{words:?}");
        }
        let (start, end) = array.split_at(11);
        assert_eq!(asked(&mut stream, start), (String::new(), true));
        assert_eq!(asked(&mut stream, end), one);
        let both = ("a\r\n+OK\r\n".to_owned(), false);
        assert_eq!(asked(&mut stream, "INFO\r\nquit\r\n"), both);
    }

    #[test]
    fn an_open_connection_gets_the_new_answer() {
        let mut source = behaving(&answer("old\r\n"));
        let mut stream = connected(&source);
        assert_eq!(asked(&mut stream, "INFO\r\n").0, "old\r\n");
        source.behave(&answer("new\r\n")).unwrap();
        assert_eq!(asked(&mut stream, "INFO\r\n").0, "new\r\n");
    }

    #[test]
    fn one_that_hangs_reads_and_never_answers() {
        let source = behaving(&Manner::Hang);
        let mut stream = connected(&source);
        let silence = (String::new(), true);
        assert_eq!(asked(&mut stream, "INFO\r\n"), silence);
        assert_eq!(asked(&mut stream, "QUIT\r\n"), silence);
    }

    #[test]
    fn one_that_trickles_pauses_after_each_byte() {
        let source = behaving(&Manner::Trickle("abc".to_owned()));
        let mut stream = connected(&source);
        stream.write_all(b"INFO\r\n").unwrap();
        let began = Instant::now();
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"abcab");
        assert!(began.elapsed() >= TRICKLE * 4);
    }

    #[test]
    fn one_that_floods_has_no_end_but_gets_slow() {
        let source = behaving(&Manner::Flood("$10\r\n".to_owned()));
        let mut stream = connected(&source);
        stream.write_all(b"INFO\r\n").unwrap();
        let mut bytes = vec![0; FLOOD - 1024 * 1024];
        stream.read_exact(&mut bytes).unwrap();
        assert!(bytes.starts_with(b"$10\r\n$10\r\n"));
        let mut bytes = vec![0; 64 * 1024];
        while stream.read(&mut bytes).unwrap() > 1 {}
        assert_eq!(stream.read(&mut bytes).unwrap(), 1);
    }

    #[test]
    fn one_that_answers_in_part_then_hangs_up() {
        let source = behaving(&Manner::Part("$10\r\nab".to_owned()));
        let mut stream = connected(&source);
        let asked = asked(&mut stream, "INFO\r\n");
        assert_eq!(asked, ("$10\r\nab".to_owned(), false));
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "the queue may be longer")]
    fn one_that_is_full_lets_nobody_in_until_it_answers_again() {
        let mut source = behaving(&Manner::Full);
        let wait = Duration::from_millis(200);
        let waited = TcpStream::connect_timeout(&source.address, wait).unwrap_err();
        assert_eq!(waited.kind(), ErrorKind::TimedOut);
        source.behave(&answer("a\r\n")).unwrap();
        let mut stream = connected(&source);
        assert_eq!(asked(&mut stream, "INFO\r\n").0, "a\r\n");
    }

    #[test]
    fn one_that_closes_accepts_and_hangs_up() {
        let source = behaving(&Manner::Close);
        let mut stream = connected(&source);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn one_that_is_gone_refuses_and_comes_back_at_the_same_address() {
        let mut source = behaving(&answer("a\r\n"));
        let mut open = connected(&source);
        assert_eq!(asked(&mut open, "INFO\r\n").0, "a\r\n");
        source.behave(&Manner::Gone).unwrap();
        assert_eq!(open.read(&mut [0]).unwrap(), 0);
        let refused = TcpStream::connect(source.address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        source.behave(&answer("b\r\n")).unwrap();
        let mut stream = connected(&source);
        assert_eq!(asked(&mut stream, "INFO\r\n").0, "b\r\n");
    }

    /// Without it, the system may give the port to the next program that wants one.
    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
    fn an_open_connection_keeps_the_port_of_one_that_is_gone() {
        let source = behaving(&Manner::Gone);
        let local = format!("0100007F:{:04X}", source.address.port());
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let mut fields = sockets.lines().map(|line| line.split_whitespace());
        // Established.
        let is_open = |state: Option<&str>| state == Some("01");
        let keeps = |mut of: std::str::SplitWhitespace<'_>| {
            of.nth(1) == Some(&local) && is_open(of.nth(1))
        };
        assert!(fields.any(keeps), "no {local} in {sockets}");
    }

    #[test]
    fn visits_are_counted_but_not_the_runners_own() {
        let source = Source::start().unwrap();
        assert_eq!(source.visits(), 0);
        let _both = [connected(&source), connected(&source)];
        assert_eq!(source.visits(), 2);
        assert_eq!(source.visits(), 2);
    }

    #[test]
    fn a_dropped_one_leaves_nothing_behind() {
        let source = Source::start().unwrap();
        let (address, mut stream) = (source.address, connected(&source));
        let shared = Arc::downgrade(&source.shared);
        drop(source);
        assert!(TcpStream::connect(address).is_err());
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        let began = Instant::now();
        while shared.strong_count() > 0 {
            assert!(began.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(5));
        }
    }
}
