//! Whatever families a source returns, nothing panics, all samples of a family are
//! served or none, and a strict reader accepts what is served.

#![no_main]

use exporter_workbook::registry::Gathered;
use fuzz::families::{Family, lines_of};
use fuzz::parts::Many;
use fuzz::served::{Reported, assert_whole, check};
use libfuzzer_sys::fuzz_target;
use prometheus::proto::MetricFamily;

fuzz_target!(|families: Many<Family>| {
    let families: Vec<MetricFamily> = families.0.iter().map(Family::to_proto).collect();
    let reported = |family: &MetricFamily| Reported {
        lines: lines_of(family, "", &[]),
    };
    let sources: Vec<Reported> = families.iter().map(reported).collect();
    let gathered = Gathered::from(families);
    let lines = check(&gathered);
    let errors = match gathered.errors().len() {
        // Not all of them are listed.
        101.. => sources.len(),
        errors => errors,
    };
    assert_whole(&lines, &sources, errors);
});
