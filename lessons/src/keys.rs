//! Keys as they are pressed, without a line's end.
//!
//! The terminal's settings are put back when [`Keys`] goes out of scope, also by a panic. So
//! Ctrl-C is a key here, and the signals that end a program are events, after which whoever
//! waits for them returns.

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

/// A terminal whose keys are read.
pub struct Keys {
    before: Termios,
    lent: Arc<Lent>,
}

/// Whether another program has the terminal for a while, such as an editor.
#[derive(Default)]
struct Lent {
    is_lent: AtomicBool,
    reading: Mutex<()>,
}

impl Keys {
    /// Sends each key, and each signal that asks for an end, to `events`; nothing where
    /// there is no terminal.
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

    /// Keys without echo; a read waits for a tenth of a second at most.
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

    /// Leaves the terminal, and its Ctrl-C, to another program for as long as `to` takes.
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

    /// Stops this program, as Ctrl-Z does, until the shell lets it go on.
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
        // Then it is meant for whoever has the terminal.
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
        // What begins with an escape is one key, such as an arrow.
        if pressed[0] != b'\x1b' {
            for key in &pressed[..count] {
                if events.send(Event::Key(*key)).is_err() {
                    return;
                }
            }
        }
        // Whoever wants the terminal gets it in between; one that is gone costs no time.
        thread::sleep(Duration::from_millis(5));
    }
}
