//! The bounds of what clients may use up.

use std::time::Duration;

/// What clients may use up. Each wait for one of them ends at one of these.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once: 64. Room for a further one is made by the connection that
    /// has waited longest for its request, one whose answer is out just then, or one
    /// that has been taking its answer for longer than [`write`](Limits::write). Where
    /// there is none of these for a second, the further one gets status 503.
    pub connections: usize,
    /// Bytes of a request line with its headers: 8 KiB. Status 414 or 431 beyond.
    pub head_bytes: usize,
    /// Headers of a request: 64. Status 431 beyond.
    pub headers: usize,
    /// From the first byte of a request to the end of its head: 10 s, then status 408.
    pub head: Duration,
    /// Without a byte, on a connection that is new or kept: 30 s.
    pub idle: Duration,
    /// Without any more of an answer being taken: 10 s.
    pub write: Duration,
    /// For the answers in progress when the server stops: 5 s.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head_bytes: 8 * 1024,
            headers: 64,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(10),
            stop: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The nearest that can be held to: a duration past the end of time cannot.
    pub(super) fn within_bounds(self) -> Limits {
        let within = |duration: Duration| {
            duration.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
        };
        Limits {
            connections: self.connections.max(1),
            head_bytes: self.head_bytes.clamp(256, 64 * 1024),
            headers: self.headers.clamp(1, 1024),
            head: within(self.head),
            idle: within(self.idle),
            write: within(self.write),
            stop: within(self.stop),
        }
    }
}
