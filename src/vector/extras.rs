//! What counters and histograms have besides their value: the time of their creation,
//! and exemplars.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::since_epoch;
use crate::exposition::{Exemplar, Extra};
use crate::names::Names;

/// The time of creation in Unix milliseconds, and the exemplars if there are any.
pub struct Extras {
    created: AtomicI64,
    exemplars: OnceLock<Box<Mutex<Vec<Exemplar>>>>,
}

impl Extras {
    pub fn new() -> Extras {
        Extras {
            created: AtomicI64::new(now()),
            exemplars: OnceLock::new(),
        }
    }

    /// Notes that the value begins at 0 again.
    pub fn restart(&self) {
        self.created.store(now(), Ordering::Relaxed);
    }

    /// Sets the exemplar of the bucket that `bucket` returns for its value. Labels that
    /// OpenMetrics forbids are dropped.
    pub fn set_exemplar(
        &self,
        labels: &[(&str, &str)],
        value: f64,
        bucket: impl Fn(f64) -> usize,
    ) {
        let exemplar = Exemplar::new(labels, value, Some(now()));
        let names = labels.iter().map(|(name, _)| *name).collect();
        if exemplar.is_too_long() || Names::Classic.labels_problem(names).is_some() {
            return;
        }
        let all = self.exemplars.get_or_init(Box::default);
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| bucket(other.value) != bucket(value));
        all.push(exemplar);
    }

    pub fn read(&self) -> Extra {
        let exemplars = self.exemplars.get().map(|all| {
            let all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.clone()
        });
        Extra {
            created: Some(self.created.load(Ordering::Relaxed)),
            exemplars: exemplars.unwrap_or_default(),
            ..Extra::default()
        }
    }
}

fn now() -> i64 {
    since_epoch().as_millis() as i64
}
