//! Limits on the server's resources.

use std::time::Duration;

/// Limits on what clients can use of a server. Every wait for a client is limited.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once: 64. A new connection evicts the one that has waited longest
    /// for its request, one that is just about to wait, or one whose response has been
    /// stuck for longer than [`write`](Limits::write). If there is none of these for a
    /// second, the response to the new connection is status 503.
    pub connections: usize,
    /// Bytes of a request line with its headers: 8 KiB. Status 414 or 431 above.
    pub head_bytes: usize,
    /// Headers of a request: 64. Status 431 above.
    pub headers: usize,
    /// From the first byte of a request to the end of its head: 10 s, then status 408.
    pub head: Duration,
    /// Without a byte from a new or keep-alive connection: 30 s.
    pub idle: Duration,
    /// Without progress in sending a response: 10 s.
    pub write: Duration,
    /// For the responses in progress when the server stops: 5 s.
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
    /// Returns the nearest valid limits: a deadline in the far future can't be
    /// represented.
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
