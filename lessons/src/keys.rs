//! Key presses, without waiting for Enter.
//!
//! Dropping [`Keys`] restores the terminal's settings, even after a panic. Meanwhile
//! Ctrl-C is a key like others, and signals that end a program become events, after which
//! the event loop returns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use std::{env, io};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::watch::Event;

/// A terminal in which single keys are read.
pub struct Keys {
    before: Termios,
    lent: Arc<Lent>,
}

/// Whether another program, such as an editor, has the terminal for now.
#[derive(Default)]
struct Lent {
    is_lent: AtomicBool,
    reading: Mutex<()>,
}

impl Keys {
    /// Sends each key and each terminating signal to `events`; returns `None` if there is
    /// no terminal.
    pub fn listen(events: &Sender<Event>) -> Option<Keys> {
        use io::IsTerminal;
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        if is_dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let keys = Keys {
            before: tcgetattr(io::stdin()).ok()?,
            lent: Arc::default(),
        };
        let signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).ok()?;
        keys.take().ok()?;
        let (lent, sender) = (Arc::clone(&keys.lent), events.clone());
        thread::spawn(move || send_signals(signals, &lent, &sender));
        let (lent, sender) = (Arc::clone(&keys.lent), events.clone());
        thread::spawn(move || send_keys(&lent, &sender));
        Some(keys)
    }

    /// No echo; a read waits at most a tenth of a second.
    fn take(&self) -> rustix::io::Result<()> {
        let mut now = self.before.clone();
        now.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        now.special_codes[SpecialCodeIndex::VMIN] = 0;
        now.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(io::stdin(), OptionalActions::Now, &now)
    }

    fn give_back(&self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }

    /// Gives the terminal, with Ctrl-C, to another program while `to` runs.
    pub fn lend<T>(&self, to: impl FnOnce() -> T) -> T {
        let reading = &self.lent.reading;
        let _reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.lent.is_lent.store(true, Ordering::SeqCst);
        self.give_back();
        let done = to();
        let _ = self.take();
        self.lent.is_lent.store(false, Ordering::SeqCst);
        done
    }

    /// Stops this program, as Ctrl-Z does, until the shell continues it.
    pub fn suspend(&self) {
        use rustix::process::{Signal, getpid, kill_process};
        self.lend(|| {
            let _ = kill_process(getpid(), Signal::TSTP);
        });
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn send_signals(mut signals: Signals, lent: &Lent, events: &Sender<Event>) {
    for signal in signals.forever() {
        let is_key = [SIGINT, SIGQUIT].contains(&signal);
        // Then it is meant for the program that has the terminal.
        if is_key && lent.is_lent.load(Ordering::SeqCst) {
            continue;
        }
        if events.send(Event::Signal(signal)).is_err() {
            return;
        }
    }
}

fn send_keys(lent: &Lent, events: &Sender<Event>) {
    let mut pressed = [0; 64];
    loop {
        let read = {
            let reading = lent.reading.lock();
            let _reading = reading.unwrap_or_else(PoisonError::into_inner);
            rustix::io::read(io::stdin(), &mut pressed)
        };
        let count = read.unwrap_or(0);
        // Bytes that start with an escape are one key, such as an arrow.
        if pressed[0] != b'\x1b' {
            for key in &pressed[..count] {
                if events.send(Event::Key(*key)).is_err() {
                    return;
                }
            }
        }
        // Lets others lock the terminal in between, and keeps a closed one from busy-looping.
        thread::sleep(Duration::from_millis(5));
    }
}
