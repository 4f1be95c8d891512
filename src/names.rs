//! What metrics and labels may be called, by Prometheus's data model.

use prometheus::proto::{LabelPair, MetricType};

/// The problem with `name` as the name of a metric, if there is one; Go's
/// `model.IsValidMetricName`.
pub fn metric_name_problem(name: &str) -> Option<String> {
    let bad = !is_name(name, |byte| byte == b'_' || byte == b':');
    bad.then(|| {
        format!(
            "`{name}` is not a metric name, which has letters, digits, `_` and `:`, and \
             no digit first"
        )
    })
}

/// The problem with `name` as the name of a label, if there is one; Go's
/// `checkLabelName`.
pub fn label_name_problem(name: &str) -> Option<String> {
    if !is_name(name, |byte| byte == b'_') {
        return Some(format!(
            "`{name}` is not a label name, which has letters, digits and `_`, and no \
             digit first"
        ));
    }
    let reserved = name.starts_with("__");
    reserved.then(|| {
        format!(
            "label names that begin with `__` are Prometheus's own, rename `{name}`"
        )
    })
}

/// The problem with `labels` on a metric of `field_type`, if there is one.
pub fn labels_problem(labels: &[LabelPair], field_type: MetricType) -> Option<String> {
    let mut names: Vec<&str> = labels.iter().map(LabelPair::name).collect();
    names.sort_unstable();
    if let Some(problem) = names.iter().find_map(|name| label_name_problem(name)) {
        return Some(problem);
    }
    if let Some(two) = names.windows(2).find(|two| two[0] == two[1]) {
        return Some(format!("it has the label `{}` twice", two[0]));
    }
    let (own, kind) = match field_type {
        MetricType::HISTOGRAM => ("le", "histogram"),
        MetricType::SUMMARY => ("quantile", "summary"),
        _ => return None,
    };
    let taken = names.contains(&own);
    taken
        .then(|| format!("the label `{own}` is the {kind}'s own, name yours otherwise"))
}

fn is_name(name: &str, other: impl Fn(u8) -> bool) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || other(byte);
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(allowed)
}
