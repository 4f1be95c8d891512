//! What must not change between scrapes: a series stays, a counter doesn't fall, a metric
//! keeps its type and its help text.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::messages as m;
use crate::page::{Family, Labels, Page, Sample};
use crate::words::say;

/// What has changed or is missing in `later`, although nothing happened since `earlier`
/// but scrapes.
pub fn unsteady(earlier: &Page, later: &Page) -> Vec<Finding> {
    let samples: HashMap<_, _> = later.samples().map(|all| (key(all), all)).collect();
    let mut found = Vec::new();
    for family in &earlier.families {
        for sample in &family.samples {
            match samples.get(&key(sample)) {
                None => found.push(gone(sample)),
                Some(now) if falls(family, sample, now) => {
                    found.push(fell(sample, now))
                }
                Some(_) => {}
            }
        }
        found.extend(renamed(family, later));
    }
    found
}

fn key(sample: &Sample) -> (&str, Labels) {
    (&sample.name, sample.labels_without(""))
}

/// Whether the sample only grows.
fn falls(family: &Family, before: &Sample, now: &Sample) -> bool {
    let only_grows = match family.kind.as_str() {
        "counter" => true,
        "histogram" | "summary" => {
            before.name.ends_with("_count") || before.name.ends_with("_bucket")
        }
        _ => false,
    };
    only_grows && now.value < before.value
}

fn gone(sample: &Sample) -> Finding {
    let seen = say(m::GONE_IN_ANOTHER, [&sample.line]);
    Finding::steady(&seen, &say(m::EACH_SERIES_STAYS, []))
}

fn fell(before: &Sample, now: &Sample) -> Finding {
    let seen = say(m::AND_AFTER_IT, [&before.line, &now.line]);
    Finding::steady(&seen, &say(m::COUNTER_NEVER_FALLS, []))
}

fn renamed(before: &Family, later: &Page) -> Option<Finding> {
    let now = later.families.iter().find(|all| all.name == before.name)?;
    if now.kind == before.kind && now.help == before.help {
        return None;
    }
    let said = |family: &Family| {
        let help = family.help.as_deref().unwrap_or_default();
        format!("{} ({}): {help}", family.name, family.kind)
    };
    let seen = say(m::AND_AFTER_IT, [&said(before), &said(now)]);
    let expected = say(m::TYPE_AND_HELP_STAY, []);
    Some(Finding::steady(&seen, &expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP a A.\n# TYPE a counter\na{x=\"1\",y=\"2\"} 3\n\
                        # TYPE b gauge\nb 5\n# TYPE c summary\nc_sum 7\nc_count 2\n";

    fn seen(later: &str) -> Vec<String> {
        let found = unsteady(&Page::parse(PAGE), &Page::parse(later));
        found.into_iter().map(|finding| finding.seen).collect()
    }

    #[test]
    fn values_may_change() {
        let more = "# TYPE d gauge\nd 1\n";
        let later = PAGE.replace("b 5", "b 1").replace(" 3\n", " 4\n");
        let later = later.replace("c_sum 7", "c_sum 6");
        let later = later.replace("x=\"1\",y=\"2\"", "y=\"2\",x=\"1\"");
        assert_eq!(seen(&(later + more)), [""; 0]);
    }

    #[test]
    fn missing_falling_and_renamed_series_are_reported() {
        let gone = "b 5\nbut missing in another scrape";
        assert_eq!(seen(&PAGE.replace("b 5\n", "")), [gone]);
        let falls = seen(&PAGE.replace(" 3\n", " 2\n"));
        assert_eq!(
            falls,
            ["a{x=\"1\",y=\"2\"} 3\nand then a{x=\"1\",y=\"2\"} 2"]
        );
        let falls = seen(&PAGE.replace("c_count 2", "c_count 1"));
        assert_eq!(falls, ["c_count 2\nand then c_count 1"]);
        let renamed = seen(&PAGE.replace(" A.", " B."));
        assert_eq!(renamed, ["a (counter): A.\nand then a (counter): B."]);
    }
}
