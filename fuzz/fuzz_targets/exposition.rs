//! Whatever families a collector hands over: the writers don't panic, a strict reader
//! takes what they write, and finds every sample with its labels and its value.

#![no_main]
#![allow(deprecated)]

use std::collections::{BTreeMap, HashSet};

use exporter_workbook::exposition::{write_open_metrics, write_text};
use exporter_workbook::gather::Gathered;
use fuzz::{Family, Sample, read, samples};
use libfuzzer_sys::fuzz_target;
use prometheus::proto::{MetricFamily, MetricType};

fuzz_target!(|families: Vec<Family>| {
    let families: Vec<MetricFamily> = families.iter().map(Family::to_proto).collect();
    // As a gatherer may hand them over that checks nothing.
    written(&families);
    let gathered = Gathered::checked(families);
    let (samples, errors) = written(&gathered.families);
    assert_eq!(errors, 0, "what a gather lets through can be written");
    let mut series = HashSet::new();
    for sample in samples {
        let series_at = (sample.name, sample.labels, sample.timestamp);
        assert!(
            series.insert(format!("{series_at:?}")),
            "{series_at:?} is there twice"
        );
    }
    assert_eq!(Gathered::checked(gathered.families.clone()).errors, []);
});

/// The samples of the text, and how many families were left out.
fn written(families: &[MetricFamily]) -> (Vec<Sample>, usize) {
    let mut out = Vec::new();
    let errors = write_text(families, &mut out).len();
    let read_back = read(std::str::from_utf8(&out).unwrap(), false);
    families.iter().for_each(assert_values);
    let mut out = Vec::new();
    assert_eq!(write_open_metrics(families, &mut out).len(), errors);
    let open_metrics = read(std::str::from_utf8(&out).unwrap(), true);
    assert_eq!(open_metrics.len(), read_back.len());
    for (one, other) in open_metrics.iter().zip(&read_back) {
        assert_eq!(one.name, other.name);
        assert!(one.value == other.value || one.value.is_nan());
    }
    if errors == 0 {
        assert_eq!(families.iter().map(samples).sum::<usize>(), read_back.len());
    }
    (read_back, errors)
}

/// Asserts that each gauge is read with the labels, the value and the time it has.
fn assert_values(family: &MetricFamily) {
    let mut out = Vec::new();
    let left_out = write_text(std::slice::from_ref(family), &mut out).len() == 1;
    if left_out || family.get_field_type() != MetricType::GAUGE {
        return;
    }
    let samples = read(std::str::from_utf8(&out).unwrap(), false);
    assert_eq!(samples.len(), family.get_metric().len());
    for (metric, sample) in family.get_metric().iter().zip(samples) {
        let labels = metric.get_label().iter();
        let labels: BTreeMap<String, String> = labels
            .map(|pair| (pair.name().to_owned(), pair.value().to_owned()))
            .collect();
        let value = metric.get_gauge().get_value();
        let time = metric.timestamp_ms();
        assert_eq!(sample.name, family.name());
        assert_eq!(sample.labels, labels);
        assert!(sample.value == value || (sample.value.is_nan() && value.is_nan()));
        assert_eq!(sample.timestamp, (time != 0).then(|| time.to_string()));
    }
}
