//! A pseudo-terminal, and what a program shows in it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::learner::Ended;

/// A program in a terminal.
pub struct Terminal {
    master: File,
    slave: File,
    shown: Arc<Mutex<Vec<u8>>>,
    program: Ended,
}

impl Terminal {
    /// Starts `command` in a terminal with that many columns.
    pub fn start(mut command: Command, columns: u16) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let slave: File = rustix::fs::open(name, flags, Mode::empty()).unwrap().into();
        let size = Winsize {
            ws_row: 30,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).unwrap();
        let of_it = || slave.try_clone().unwrap();
        command.env("TERM", "xterm").stdin(of_it());
        command.stdout(of_it()).stderr(of_it());
        let program = Ended(command.spawn().unwrap());
        let master = File::from(master);
        let shown = Arc::default();
        let (mut from, to) = (master.try_clone().unwrap(), Arc::clone(&shown));
        thread::spawn(move || follow(&mut from, &to));
        Terminal {
            master,
            slave,
            shown,
            program,
        }
    }

    pub fn id(&self) -> u32 {
        self.program.0.id()
    }

    /// Everything so far, without escapes for colours and the cursor; what was cleared is
    /// gone.
    pub fn text(&self) -> String {
        let shown = self.shown.lock().unwrap();
        let text = String::from_utf8_lossy(&shown).replace('\r', "");
        let last = text.rsplit("\u{1b}[2J").next().unwrap();
        without_escapes(last)
    }

    /// The text once it contains `words`.
    #[track_caller]
    pub fn wait(&self, words: &str) -> String {
        self.wait_until(words, |text| text.contains(words))
    }

    /// The text once it is as wanted.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let text = self.text();
            if is_wanted(&text) {
                // It may be half a page.
                thread::sleep(Duration::from_millis(30));
                if self.text() == text {
                    return text;
                }
            }
            let is_late = began.elapsed() > Duration::from_secs(60);
            assert!(!is_late, "no {what:?} in\n{text}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal edits and echoes lines, and Ctrl-C sends a signal.
    pub fn is_as_before(&self) -> bool {
        let modes = tcgetattr(&self.slave).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// The program's exit status, and everything it showed.
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = self.program.0.wait().unwrap();
        // The last output may still arrive.
        thread::sleep(Duration::from_millis(100));
        let text = self.text();
        assert!(self.is_as_before(), "{text}");
        (status, text)
    }
}

fn follow(from: &mut File, shown: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        shown.lock().unwrap().extend_from_slice(&chunk[..count]);
    }
}

fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    let others = parts.map(|part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic());
        end.map_or("", |end| &part[end + 1..])
    });
    first + &others.collect::<String>()
}
