//! Metrics made anew at each scrape, from a [`Desc`] and a value read elsewhere.
//!
//! The counterpart of `prometheus.NewConstMetric` in Go: what a [`Collector`] returns
//! when the numbers live outside the program (a file, another service, the kernel) and
//! there is no counter or gauge to keep in step with them.
//!
//! [`Collector`]: prometheus::core::Collector

use prometheus::core::Desc;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// What kind of value a constant metric holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// May go up and down.
    Gauge,
    /// Only goes up, or back to 0 when its source restarts.
    Counter,
}

/// Why no metric could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstMetricError {
    /// The values don't pair up with the variable labels of the `Desc`.
    #[error(
        "metric `{name}` has the labels {labels:?}: expected {} label value(s), got {got}",
        labels.len()
    )]
    LabelCount {
        /// Name of the metric.
        name: String,
        /// Its variable labels.
        labels: Vec<String>,
        /// How many values were given.
        got: usize,
    },
    /// One name is both a constant and a variable label of the `Desc`.
    #[error(
        "metric `{name}` has `{label}` as a constant and as a variable label: keep one"
    )]
    DuplicateLabel {
        /// Name of the metric.
        name: String,
        /// Name of the label.
        label: String,
    },
}

/// One metric of `desc` with `value` in the base unit that its name states, and one
/// label value for each variable label, in the order of the `Desc`.
///
/// Labels come out sorted by name, constant and variable ones together, as Go sorts
/// them. The SDK's registry merges families of one name, so a collector may return
/// several metrics of one `desc`.
///
/// # Errors
///
/// When the number of label values is wrong, or a label name stands twice.
pub fn new_const_metric(
    desc: &Desc,
    value_type: ValueType,
    value: f64,
    label_values: &[&str],
) -> Result<MetricFamily, ConstMetricError> {
    let mut metric = Metric::from_label(label_pairs(desc, label_values)?);
    let mut family = MetricFamily::default();
    family.set_name(desc.fq_name.clone());
    family.set_help(desc.help.clone());
    match value_type {
        ValueType::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
            family.set_field_type(MetricType::GAUGE);
        }
        ValueType::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
            family.set_field_type(MetricType::COUNTER);
        }
    }
    family.set_metric(vec![metric]);
    Ok(family)
}

/// Like [`new_const_metric`], for a `desc` and labels that the program itself states.
///
/// # Panics
///
/// Where [`new_const_metric`] gives an error, with its words; as Go's
/// `MustNewConstMetric` does.
#[track_caller]
pub fn must_new_const_metric(
    desc: &Desc,
    value_type: ValueType,
    value: f64,
    label_values: &[&str],
) -> MetricFamily {
    match new_const_metric(desc, value_type, value, label_values) {
        Ok(family) => family,
        Err(error) => panic!("{error}"),
    }
}

/// The labels of one metric of `desc`, constant and variable ones together, by name.
pub(crate) fn label_pairs(
    desc: &Desc,
    values: &[&str],
) -> Result<Vec<LabelPair>, ConstMetricError> {
    if values.len() != desc.variable_labels.len() {
        return Err(ConstMetricError::LabelCount {
            name: desc.fq_name.clone(),
            labels: desc.variable_labels.clone(),
            got: values.len(),
        });
    }
    let mut pairs = desc.const_label_pairs.clone();
    for (name, value) in desc.variable_labels.iter().zip(values) {
        let mut pair = LabelPair::default();
        pair.set_name(name.clone());
        pair.set_value((*value).to_owned());
        pairs.push(pair);
    }
    // A `LabelPair` orders by its name alone.
    pairs.sort();
    match pairs.windows(2).find(|two| two[0].name() == two[1].name()) {
        Some(two) => Err(ConstMetricError::DuplicateLabel {
            name: desc.fq_name.clone(),
            label: two[0].name().to_owned(),
        }),
        None => Ok(pairs),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use prometheus::TextEncoder;

    use super::*;

    fn desc(variable_labels: &[&str]) -> Desc {
        Desc::new(
            "b".to_owned(),
            "Display b.".to_owned(),
            variable_labels.iter().map(ToString::to_string).collect(),
            HashMap::from([("hello".to_owned(), "world".to_owned())]),
        )
        .unwrap()
    }

    fn text(family: MetricFamily) -> String {
        TextEncoder::new().encode_to_string(&[family]).unwrap()
    }

    #[test]
    fn labels_are_sorted_by_name_whether_constant_or_variable() {
        let family = new_const_metric(
            &desc(&["zone", "area"]),
            ValueType::Counter,
            2.0,
            &["z", "a"],
        );
        assert_eq!(
            text(family.unwrap()),
            "# HELP b Display b.\n# TYPE b counter\n\
             b{area=\"a\",hello=\"world\",zone=\"z\"} 2\n"
        );
    }

    #[test]
    fn a_gauge_is_typed_as_a_gauge() {
        let family = new_const_metric(&desc(&[]), ValueType::Gauge, -0.5, &[]);
        assert_eq!(
            text(family.unwrap()),
            "# HELP b Display b.\n# TYPE b gauge\nb{hello=\"world\"} -0.5\n"
        );
    }

    #[test]
    fn a_missing_label_value_is_an_error_that_names_the_labels() {
        let error = new_const_metric(&desc(&["hostname"]), ValueType::Gauge, 1.0, &[])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "metric `b` has the labels [\"hostname\"]: expected 1 label value(s), got 0"
        );
    }

    #[test]
    fn a_label_both_constant_and_variable_is_an_error() {
        let error =
            new_const_metric(&desc(&["hello"]), ValueType::Gauge, 1.0, &["you"])
                .unwrap_err();
        assert_eq!(
            error.to_string(),
            "metric `b` has `hello` as a constant and as a variable label: keep one"
        );
    }

    #[test]
    #[should_panic(expected = "expected 1 label value(s), got 2")]
    fn must_new_const_metric_panics_with_the_words_of_the_error() {
        must_new_const_metric(&desc(&["hostname"]), ValueType::Gauge, 1.0, &["a", "b"]);
    }
}
