//! A function that registers with whatever it is given, and what a test gives it.

use std::error::Error;
use std::sync::{Mutex, PoisonError};

use exporter_workbook::desc::Desc;
use exporter_workbook::prometheus::IntCounter;
use exporter_workbook::registry::{
    AnyCollector, IntoCollector, RegisterError, Registerer,
};

// ANCHOR: function
pub fn new_jobs(registerer: &dyn Registerer) -> Result<IntCounter, Box<dyn Error>> {
    let jobs_total = IntCounter::new("jobs_total", "The total number of jobs.")?;
    registerer.register(jobs_total.clone())?;
    Ok(jobs_total)
}
// ANCHOR_END: function

// ANCHOR: registerer
/// Notes the name of each metric, and registers nothing.
#[derive(Default)]
pub struct Names(pub Mutex<Vec<String>>);

impl Registerer for Names {
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(collector.descs().iter().map(|desc| desc.name().to_owned()));
        Ok(())
    }

    fn unregister_described(&self, _: &[Desc]) -> bool {
        false
    }
}
// ANCHOR_END: registerer
