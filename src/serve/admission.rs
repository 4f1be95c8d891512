//! The places that connections have, and which connection makes room for another.

use std::collections::BTreeMap;
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;

/// How long a further connection waits for room, and a refused client for its answer.
pub const MOMENT: Duration = Duration::from_secs(1);

/// How long a request may be on its way before its connection is ended for another.
const GRACE: Duration = Duration::from_millis(20);

/// How long the table stays smaller once the system has run out of something.
const SCARCE: Duration = Duration::from_secs(60);

/// The descriptors that are left free then, for the files that a handler opens.
const SPARE: usize = 8;

/// The connections there are, within their limit.
pub struct Table {
    limits: Limits,
    entries: Mutex<Entries>,
    /// Told when a connection has left, or does something else than before.
    changed: Condvar,
}

#[derive(Default)]
struct Entries {
    of: BTreeMap<u64, Entry>,
    next_id: u64,
    stopping: bool,
    /// Since when a further connection has found none that could be ended for it.
    busy_since: Option<Instant>,
    /// Whether the next one whose answer is out makes room.
    wanted: bool,
    /// When the system could not give one more, and what it had enough for.
    scarce: Option<(Instant, usize)>,
}

struct Entry {
    stream: Arc<TcpStream>,
    doing: Doing,
    since: Instant,
    /// Whether it makes room for another, and takes no further request.
    ended: bool,
}

/// What a connection does at a time.
#[derive(Clone, Copy, PartialEq)]
pub enum Doing {
    /// It has no whole request yet, and may be ended.
    Waiting,
    Answering,
    /// It may be ended if that takes too long.
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
            ended: false,
        };
        self.of.insert(id, entry);
        id
    }

    fn longest(&mut self, doing: Doing) -> Option<&mut Entry> {
        let entries = self.of.values_mut().filter(|entry| entry.doing == doing);
        entries.min_by_key(|entry| entry.since)
    }

    /// Ends the connection that has waited longest, or one whose client takes its answer
    /// too slowly. Gives how long to wait first, for the former to have waited `grace`;
    /// `None` where there is neither.
    fn end_one(&mut self, grace: Duration, limits: &Limits) -> Option<Duration> {
        if let Some(entry) = self.longest(Doing::Waiting) {
            let early = grace.saturating_sub(entry.since.elapsed());
            if early.is_zero() {
                // It still reads, and answers, what has come already.
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

    /// A place for a connection, if need be that of another; `None` when there was none
    /// to be had for a moment, or the listener stops.
    pub fn enter(self: &Arc<Self>, stream: &Arc<TcpStream>) -> Option<Place> {
        let came = Instant::now();
        let mut entries = self.entries();
        while entries.of.len() >= entries.most(&self.limits) && !entries.stopping {
            entries.wanted = true;
            let grace = GRACE.saturating_sub(came.elapsed());
            let (since, early) = match entries.end_one(grace, &self.limits) {
                Some(early) => (came, early),
                // Not a moment for each that comes: the last of many would wait for
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
        if entries.stopping {
            return None;
        }
        entries.wanted = false;
        Some(Place {
            table: Arc::clone(self),
            id: entries.add(stream),
        })
    }

    /// For when the system has no descriptor or no thread for one more: ends one, and
    /// has fewer for some time. Gives how many.
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

    /// Ends what waits; from now on nothing enters. Returns when the stop is to end.
    pub fn stop(&self) -> Instant {
        let mut entries = self.entries();
        entries.stopping = true;
        for entry in entries.of.values() {
            if entry.doing == Doing::Waiting {
                let _ = entry.stream.shutdown(Shutdown::Both);
            }
        }
        self.changed.notify_all();
        Instant::now() + self.limits.stop
    }

    /// Waits for `time`, or until the listener stops.
    pub fn wait_for_stop(&self, time: Duration) {
        let goes_on = |entries: &mut Entries| !entries.stopping;
        drop(
            self.changed
                .wait_timeout_while(self.entries(), time, goes_on),
        );
    }

    /// Waits until all have left, or `end` has come.
    pub fn wait_until_empty(&self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now());
        let busy = |entries: &mut Entries| !entries.of.is_empty();
        drop(self.changed.wait_timeout_while(self.entries(), left, busy));
    }
}

/// A connection's place in the table, until it goes out of scope.
pub struct Place {
    table: Arc<Table>,
    id: u64,
}

impl Place {
    /// Tells what this connection does from now on. False when it takes no further
    /// request, or no answer may be started any more.
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
        let goes_on = doing == Doing::Answering || !entry.ended;
        goes_on && !entries.stopping
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
