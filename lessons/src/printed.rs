//! A program's output, read as it comes so that the program never blocks on it.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much a program may print on both streams while it is checked: 1 MiB.
pub const MUCH: u64 = 1024 * 1024;

/// How much of both streams is kept, in the order of their lines.
const KEPT: usize = 16 * 1024;

/// One of a program's output streams.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

#[derive(Default)]
struct State {
    count: u64,
    /// The end of both streams, in whole lines: the reason why a program ended is there.
    lines: Vec<u8>,
    out: Vec<u8>,
    err: Vec<u8>,
}

/// The output so far, shared with the threads that read it.
#[derive(Clone, Default)]
pub struct Printed(Arc<Mutex<State>>);

impl Printed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads `from` to its end; calls `too_much` after more than [`MUCH`].
    pub fn follow(
        &self,
        stream: Stream,
        from: Option<impl Read + Send + 'static>,
        too_much: impl Fn() + Send + 'static,
    ) {
        let printed = self.clone();
        let Some(mut from) = from else { return };
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            let mut line = Vec::new();
            while let Ok(count @ 1..) = from.read(&mut chunk) {
                let is_much = printed.add(stream, &chunk[..count]);
                printed.add_lines(&mut line, &chunk[..count]);
                if is_much {
                    too_much();
                }
            }
            if !line.is_empty() {
                printed.add_lines(&mut line, b"\n");
            }
        });
    }

    /// Whether the limit is exceeded. From then on output is only counted.
    fn add(&self, stream: Stream, bytes: &[u8]) -> bool {
        let mut state = self.state();
        state.count += bytes.len() as u64;
        let is_much = state.count > MUCH;
        if !is_much {
            let kept = match stream {
                Stream::Out => &mut state.out,
                Stream::Err => &mut state.err,
            };
            kept.extend_from_slice(bytes);
        }
        is_much
    }

    /// Only whole lines are kept, or else the two streams would mix.
    fn add_lines(&self, line: &mut Vec<u8>, bytes: &[u8]) {
        line.extend_from_slice(bytes);
        if let Some(end) = line.iter().rposition(|byte| *byte == b'\n') {
            let mut state = self.state();
            state.lines.extend(line.drain(..=end));
            let over = state.lines.len().saturating_sub(KEPT);
            state.lines.drain(..over);
        }
        line.truncate(KEPT);
    }

    /// Waits until both streams have been read to the end: the last output may arrive
    /// after the program has ended.
    pub fn wait(&self) {
        let began = Instant::now();
        while Arc::strong_count(&self.0) > 1 && began.elapsed() < Duration::from_secs(1)
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The last lines of both streams.
    pub fn lines(&self) -> String {
        String::from_utf8_lossy(&self.state().lines).into_owned()
    }

    /// All of one stream, including an unfinished line.
    pub fn of(&self, stream: Stream) -> String {
        let state = self.state();
        let kept = match stream {
            Stream::Out => &state.out,
            Stream::Err => &state.err,
        };
        String::from_utf8_lossy(kept).into_owned()
    }

    pub fn is_too_much(&self) -> bool {
        self.state().count > MUCH
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn nobody() {}

    #[test]
    fn the_two_streams_are_kept_apart_and_together() {
        let printed = Printed::default();
        printed.follow(Stream::Out, Some(&b"one\nno end"[..]), nobody);
        printed.wait();
        printed.follow(Stream::Err, Some(&b"two\n"[..]), nobody);
        printed.wait();
        assert_eq!(printed.of(Stream::Out), "one\nno end");
        assert_eq!(printed.of(Stream::Err), "two\n");
        assert_eq!(printed.lines(), "one\nno end\ntwo\n");
        assert!(!printed.is_too_much());
    }

    #[test]
    fn excess_output_is_reported_and_not_kept() {
        let printed = Printed::default();
        let (told, tells) = mpsc::channel();
        let endless = std::io::repeat(b'x').take(2 * MUCH);
        let tell = move || told.send(()).unwrap();
        printed.follow(Stream::Out, Some(endless), tell);
        printed.wait();
        assert!(tells.recv().is_ok());
        assert!(printed.is_too_much());
        assert_eq!(printed.of(Stream::Out).len() as u64, MUCH);
        assert!(printed.lines().len() <= KEPT + 1);
    }
}
