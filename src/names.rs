//! What metrics and labels may be called, by Prometheus's data model.

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

fn is_name(name: &str, other: impl Fn(u8) -> bool) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || other(byte);
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(allowed)
}
