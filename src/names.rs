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
fn label_name_problem(name: &str) -> Option<String> {
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
    let names = labels.iter().map(LabelPair::name);
    if let Some(problem) = label_names_problem(names.clone().collect(), "") {
        return Some(problem);
    }
    let own = match field_type {
        MetricType::HISTOGRAM => "le",
        MetricType::SUMMARY => "quantile",
        _ => return None,
    };
    let taken = names.clone().any(|name| name == own);
    let kind = type_name(field_type);
    taken
        .then(|| format!("the label `{own}` is the {kind}'s own, name yours otherwise"))
}

/// The problem with `names` as those of one metric's labels, if there is one; `hint` is
/// what to add where one of them stands twice.
pub fn label_names_problem(mut names: Vec<&str>, hint: &str) -> Option<String> {
    names.sort_unstable();
    let invalid = names.iter().find_map(|name| label_name_problem(name));
    invalid.or_else(|| {
        let two = names.windows(2).find(|two| two[0] == two[1])?;
        Some(format!("it has the label `{}` twice{hint}", two[0]))
    })
}

/// The word for `field_type` in a TYPE line.
pub fn type_name(field_type: MetricType) -> &'static str {
    match field_type {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "untyped",
    }
}

fn is_name(name: &str, other: impl Fn(u8) -> bool) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || other(byte);
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(allowed)
}
