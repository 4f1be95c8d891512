//! The table of connections, and which of them makes room for another.

use std::collections::BTreeMap;
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;

/// How long a new connection waits for room, and a refused client for its response.
pub const MOMENT: Duration = Duration::from_secs(1);

/// How long a request may take to arrive before its connection may be evicted.
const GRACE: Duration = Duration::from_millis(20);

/// How long the table stays smaller after the system ran out of a resource.
const SCARCE: Duration = Duration::from_secs(60);

/// How many file descriptors then stay free, for the files that handlers open.
const SPARE: usize = 8;

/// The open connections, within their limit.
pub struct Table {
    limits: Limits,
    entries: Mutex<Entries>,
    /// Notified when a connection leaves or changes its activity.
    changed: Condvar,
}

#[derive(Default)]
struct Entries {
    of: BTreeMap<u64, Entry>,
    next_id: u64,
    stopping: bool,
    /// Start of the current saturation; cleared when a connection leaves or becomes
    /// evictable.
    busy_since: Option<Instant>,
    /// Whether the next connection that has sent its response makes room.
    wanted: bool,
    /// When the system ran out of a resource, and the number of connections that fit.
    scarce: Option<(Instant, usize)>,
}

struct Entry {
    stream: Arc<TcpStream>,
    doing: Doing,
    since: Instant,
    /// Whether its first request is still to come, and may be on its way.
    new: bool,
    /// Whether the connection makes room for another and accepts no further request.
    ended: bool,
}

/// The current activity of a connection.
#[derive(Clone, Copy, PartialEq)]
pub enum Doing {
    /// It has no complete request yet and may be evicted.
    Waiting,
    Answering,
    /// It may be evicted if that takes too long.
    Sending,
}

impl Entries {
    fn most(&self, limits: &Limits) -> usize {
        let scarce = self.scarce.filter(|(when, _)| when.elapsed() < SCARCE);
        scarce.map_or(limits.connections, |(_, most)| most.min(limits.connections))
    }

    fn add(&mut self, stream: &Arc<TcpStream>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let entry = Entry {
            stream: Arc::clone(stream),
            doing: Doing::Waiting,
            since: Instant::now(),
            new: true,
            ended: false,
        };
        self.of.insert(id, entry);
        id
    }

    fn longest(&mut self, doing: Doing) -> Option<&mut Entry> {
        let entries = self.of.values_mut().filter(|entry| entry.doing == doing);
        entries.min_by_key(|entry| entry.since)
    }

    /// Evicts the connection that has waited longest, or else one whose client reads
    /// its response too slowly. Returns how long to wait until the former has waited
    /// for `grace`, or `None` if there is neither.
    fn end_one(&mut self, grace: Duration, limits: &Limits) -> Option<Duration> {
        if let Some(entry) = self.longest(Doing::Waiting) {
            let early = grace.saturating_sub(entry.since.elapsed());
            if early.is_zero() {
                // It still reads and answers what has already arrived.
                entry.ended = true;
                let _ = entry.stream.shutdown(Shutdown::Read);
            }
            return Some(early);
        }
        let slow = self.longest(Doing::Sending);
        let slow = slow.filter(|entry| entry.since.elapsed() > limits.write)?;
        let _ = slow.stream.shutdown(Shutdown::Both);
        Some(Duration::ZERO)
    }

    /// Returns how long to wait for first requests, or `None` if none can come.
    fn on_its_way(&self, end: Instant) -> Option<Duration> {
        let new = self.of.values().filter(|entry| entry.new);
        let until = new.map(|entry| entry.since + MOMENT).max()?.min(end);
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn end_waiting(&self, which: impl Fn(&Entry) -> bool) {
        let waiting = |entry: &&Entry| entry.doing == Doing::Waiting && which(entry);
        for entry in self.of.values().filter(waiting) {
            let _ = entry.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Table {
    pub fn new(limits: Limits) -> Table {
        Table {
            limits,
            entries: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection, evicting another one if necessary. Returns `None` if there
    /// was no room for a moment, or none while the listener stops.
    pub fn enter(self: &Arc<Self>, stream: &Arc<TcpStream>) -> Option<Place> {
        let came = Instant::now();
        let mut entries = self.entries();
        while entries.of.len() >= entries.most(&self.limits) && !entries.stopping {
            entries.wanted = true;
            let grace = GRACE.saturating_sub(came.elapsed());
            let (since, early) = match entries.end_one(grace, &self.limits) {
                Some(early) => (came, early),
                // Not a moment for each new connection: the last of many would wait for
                // minutes.
                None => (*entries.busy_since.get_or_insert(came), Duration::ZERO),
            };
            let left = (since + MOMENT).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let wait = if early.is_zero() { left } else { early };
            let waited = self.changed.wait_timeout(entries, wait);
            entries = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if entries.of.len() >= entries.most(&self.limits) {
            return None;
        }
        entries.wanted = false;
        Some(Place {
            table: Arc::clone(self),
            id: entries.add(stream),
        })
    }

    /// Evicts a connection and reduces the limit for some time, because the system
    /// lacks a descriptor or a thread for one more. Returns the reduced limit.
    pub fn shrink(&self) -> usize {
        let mut entries = self.entries();
        let most = entries.of.len().saturating_sub(SPARE).max(1);
        entries.scarce = Some((Instant::now(), most));
        entries.end_one(GRACE, &self.limits);
        most
    }

    pub fn is_stopping(&self) -> bool {
        self.entries().stopping
    }

    /// Evicts the connections that wait for a further request. Returns the deadline for
    /// the stop.
    pub fn stop(&self) -> Instant {
        let mut entries = self.entries();
        entries.stopping = true;
        entries.end_waiting(|entry| !entry.new);
        self.changed.notify_all();
        Instant::now() + self.limits.stop
    }

    /// Waits until each connection has sent its first request or is a moment old, or
    /// `end` is reached, and evicts the others.
    pub fn end_waiting(&self, end: Instant) {
        let mut entries = self.entries();
        while let Some(left) = entries.on_its_way(end) {
            let waited = self.changed.wait_timeout(entries, left);
            entries = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        entries.end_waiting(|_| true);
    }

    /// Waits for `time` or until the listener stops.
    pub fn wait_for_stop(&self, time: Duration) {
        let goes_on = |entries: &mut Entries| !entries.stopping;
        drop(
            self.changed
                .wait_timeout_while(self.entries(), time, goes_on),
        );
    }

    /// Waits until all connections have left or `end` is reached.
    pub fn wait_until_empty(&self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now());
        let busy = |entries: &mut Entries| !entries.of.is_empty();
        drop(self.changed.wait_timeout_while(self.entries(), left, busy));
    }
}

/// A connection's entry in the table, which is removed on drop.
pub struct Place {
    table: Arc<Table>,
    id: u64,
}

impl Place {
    /// Sets the activity of this connection. Returns false if it must accept no further
    /// request, or must start no further response.
    pub fn starts(&self, doing: Doing) -> bool {
        let mut entries = self.table.entries();
        let entries = &mut *entries;
        let makes_room = doing == Doing::Sending && mem::take(&mut entries.wanted);
        if doing == Doing::Waiting {
            entries.busy_since = None;
        }
        self.table.changed.notify_all();
        let Some(entry) = entries.of.get_mut(&self.id) else {
            return false;
        };
        entry.doing = doing;
        entry.since = Instant::now();
        entry.ended |= makes_room;
        let is_first = mem::replace(&mut entry.new, false);
        let goes_on = doing == Doing::Answering || !entry.ended;
        goes_on && (!entries.stopping || is_first)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut entries = self.table.entries();
        entries.of.remove(&self.id);
        entries.busy_since = None;
        self.table.changed.notify_all();
    }
}
