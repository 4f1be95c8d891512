//! How many scrapes may run at once, and sharing what one gathers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::collect::Scrape;
use crate::registry::{Gathered, Gatherer, gather_caught};

/// How many scrapes are in progress. Clones, such as those in clones of
/// [`HandlerOpts`](super::HandlerOpts), count together.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicUsize>);

/// A scrape that is counted until this goes out of scope.
pub struct Permit(InFlight);

impl InFlight {
    /// A permit, if fewer than `limit` are in use.
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

/// Lets the scrapes that come during another share what that one gathers.
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

    /// What the scrape in progress gathers, or one of its own if there is none.
    pub fn gather(&self, scrape: &Scrape) -> Arc<Gathered> {
        let flight = Arc::clone(&self.current());
        // The first to come gathers, the others wait for it.
        let gathered = flight.get_or_init(|| Arc::new(self.gather_alone(scrape)));
        let mut current = self.current();
        if Arc::ptr_eq(&current, &flight) {
            *current = Flight::default();
        }
        Arc::clone(gathered)
    }

    /// What a scrape of its own gathers.
    pub fn gather_alone(&self, scrape: &Scrape) -> Gathered {
        gather_caught(&self.source, scrape)
    }

    fn current(&self) -> MutexGuard<'_, Flight> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
