//! The values that the library's own collectors read of a running program, compared with
//! the program's exposition.

use exporter_workbook::collectors::{
    BuildInfoCollector, ProcessCollector, RuntimeCollector,
};
use exporter_workbook::registry::Registry;
use exporter_workbook::testutil::gather_to_text;

use crate::course::Judge;
use crate::messages as m;
use crate::page::{Page, Sample, selected};
use crate::wanted::{Found, fails, found, missing};
use crate::words::say;

/// Checks that the one sample selected by `selector` is what the library reads of the
/// process `id`. If the system shows no process, there is nothing to compare.
///
/// # Errors
///
/// Returns what the sample is instead.
pub fn of_read(
    judge: &Judge,
    page: &Page,
    selector: &str,
    slack: f64,
    id: Option<u32>,
) -> Found {
    let samples = match found(page, selector) {
        Ok(samples) => samples,
        Err(what) => return fails(judge, &what, selector),
    };
    let Some(reference) = reference(selector, id) else {
        return match samples.as_slice() {
            [] if !selector.starts_with("process_") => {
                fails(judge, &missing(page, selector), selector)
            }
            _ => Ok(()),
        };
    };
    let is_right = |sample: &Sample| {
        let distance = (sample.value - reference.value).abs();
        // Numbers that differ only in the last digits are equal.
        let is_near = distance <= slack.max(reference.value.abs() * 1e-9);
        is_near && has_labels(sample, &reference)
    };
    match samples.as_slice() {
        [] => fails(judge, &missing(page, selector), &reference.line),
        [sample] if is_right(sample) => Ok(()),
        samples => {
            let lines: Vec<&str> =
                samples.iter().map(|all| all.line.as_str()).collect();
            fails(judge, &lines.join("\n"), &expected(&reference))
        }
    }
}

fn expected(reference: &Sample) -> String {
    say(m::AS_LIBRARY_READS, [&reference.line])
}

/// Whether it has all labels of the reference; those that are empty there are for the
/// program to fill in.
fn has_labels(sample: &Sample, reference: &Sample) -> bool {
    reference.labels.iter().all(|(name, value)| {
        let label = sample.label(name);
        label == Some(value) || (value.is_empty() && label.is_some())
    })
}

fn reference(selector: &str, id: Option<u32>) -> Option<Sample> {
    let (selector, _) = selected(selector).ok()?;
    let registry = Registry::new();
    if let Some(program) = selector.name.strip_suffix("_build_info") {
        let version = selector.label("version").unwrap_or_default();
        registry
            .register(BuildInfoCollector::new(program, version))
            .ok()?;
    } else if selector.name.starts_with("rust_") {
        registry.register(RuntimeCollector::new()).ok()?;
    } else {
        registry.register(ProcessCollector::for_pid(id?)).ok()?;
    }
    let page = Page::parse(&gather_to_text(&registry).ok()?);
    page.samples()
        .find(|all| all.name == selector.name)
        .cloned()
}
