//! The server's own log, with a line a second at most: anybody can cause one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::promhttp::{ErrorLog, write_log};

pub struct SparseLog {
    log: ErrorLog,
    logged: Mutex<Option<Instant>>,
}

impl SparseLog {
    pub fn new(log: &ErrorLog) -> SparseLog {
        SparseLog {
            log: Arc::clone(log),
            logged: Mutex::default(),
        }
    }

    pub fn write(&self, message: &str) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|logged| logged.elapsed() > Duration::from_secs(1)) {
            *logged = Some(Instant::now());
            write_log(&self.log, message);
        }
    }
}
