//! A limit on concurrent scrapes, and scrapes that share one collection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::collect::Scrape;
use crate::registry::{Gathered, Gatherer, gather_caught};

/// The number of scrapes in progress. Clones, such as those in clones of
/// [`HandlerOpts`](super::HandlerOpts), share one count.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicUsize>);

/// A place for one scrape, which counts as in progress until this is dropped.
pub struct Permit(InFlight);

impl InFlight {
    /// Returns a permit if fewer than `limit` are in use.
    pub(super) fn take(&self, limit: usize) -> Option<Permit> {
        let one_more = |taken| (taken < limit).then_some(taken + 1);
        let order = Ordering::Relaxed;
        let taken = self.0.fetch_update(order, order, one_more);
        taken.is_ok().then(|| Permit(self.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets scrapes that arrive during another one share its result.
pub struct Coalesced<G> {
    source: G,
    current: Mutex<Flight>,
}

type Flight = Arc<OnceLock<Arc<Gathered>>>;

impl<G: Gatherer> Coalesced<G> {
    pub fn new(source: G) -> Coalesced<G> {
        let current = Mutex::default();
        Coalesced { source, current }
    }

    /// Returns what the scrape in progress gathers, or starts one if there is none.
    pub fn gather(&self, scrape: &Scrape) -> Arc<Gathered> {
        let flight = Arc::clone(&self.current());
        // The first one gathers, the others wait for it.
        let gathered = flight.get_or_init(|| Arc::new(self.gather_alone(scrape)));
        let mut current = self.current();
        if Arc::ptr_eq(&current, &flight) {
            *current = Flight::default();
        }
        Arc::clone(gathered)
    }

    /// Gathers without sharing.
    pub fn gather_alone(&self, scrape: &Scrape) -> Gathered {
        gather_caught(&self.source, scrape)
    }

    fn current(&self) -> MutexGuard<'_, Flight> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
