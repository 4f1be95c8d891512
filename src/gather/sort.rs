//! The metrics of one family in the order of their labels, and without duplicates.
//!
//! The values lie wherever the collector's clones were put. To compare them is to wait for
//! memory, several times a comparison and many comparisons a metric: so each is looked at
//! once, and what is compared is the part in which they begin to differ.

use std::cmp::Ordering;
use std::mem;

use prometheus::proto::{LabelPair, Metric, MetricFamily};

/// Sorts `metrics`, and gives each to `duplicate` that has the labels and the time of one
/// that was before it; those are left out.
pub fn sort_and_dedup(metrics: &mut Vec<Metric>, mut duplicate: impl FnMut(&Metric)) {
    if !metrics.is_sorted_by(|a, b| order(a, b).is_le()) {
        let sorted = sorted_keys(metrics);
        let unique = sorted.windows(2).all(|pair| is_before(pair, metrics));
        place(metrics, sorted.into_iter().map(|key| key.at).collect());
        if unique {
            return;
        }
    }
    metrics.dedup_by(|metric, before| {
        let is_one = order(metric, before).is_eq();
        if is_one {
            duplicate(metric);
        }
        is_one
    });
}

/// As the SDK and Go sort, by the values; the names after them, so that metrics which are
/// equal in this order are one series at one time.
fn order(a: &Metric, b: &Metric) -> Ordering {
    let (one, two) = (a.get_label(), b.get_label());
    let by = |text: fn(&LabelPair) -> &str| {
        move || one.iter().map(text).cmp(two.iter().map(text))
    };
    one.len()
        .cmp(&two.len())
        .then_with(by(LabelPair::value))
        .then_with(by(LabelPair::name))
        .then_with(|| a.timestamp_ms().cmp(&b.timestamp_ms()))
}

/// What decides the place of a metric, as a rule.
struct Key {
    /// From the first byte on in which not all are alike. 0 for all where that would not
    /// be their [`order`].
    start: u128,
    /// The metric.
    at: usize,
}

impl Key {
    fn order(&self, other: &Key, metrics: &[Metric]) -> Ordering {
        self.start
            .cmp(&other.start)
            .then_with(|| order(&metrics[self.at], &metrics[other.at]))
    }
}

/// Whether the first of two is before the second, and not its equal.
fn is_before(pair: &[Key], metrics: &[Metric]) -> bool {
    pair[0].order(&pair[1], metrics).is_lt()
}

fn sorted_keys(metrics: &[Metric]) -> Vec<Key> {
    let starts = starts(metrics).unwrap_or_else(|| vec![0; metrics.len()]);
    let keys = starts.into_iter().enumerate();
    let mut keys: Vec<Key> = keys.map(|(at, start)| Key { start, at }).collect();
    // Stable, by `at`: what was collected first is what is kept.
    keys.sort_unstable_by(|a, b| a.order(b, metrics).then(a.at.cmp(&b.at)));
    keys
}

/// Sixteen bytes of each metric's label values, which are ended by a NUL each: from the
/// first one on in which not all are alike. `None` where a value has a NUL itself, or not
/// all have as many labels, since then these would not be in the order of the metrics.
fn starts(metrics: &[Metric]) -> Option<Vec<u128>> {
    let labels = metrics.first()?.get_label().len();
    let mut text = Vec::new();
    let mut ends = Vec::with_capacity(metrics.len());
    for metric in metrics {
        let begin = text.len();
        for pair in metric.get_label() {
            text.extend_from_slice(pair.value().as_bytes());
            text.push(0);
        }
        let nuls = text[begin..].iter().filter(|byte| **byte == 0).count();
        if metric.get_label().len() != labels || nuls != labels {
            return None;
        }
        ends.push(text.len());
    }
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let values = begins.zip(&ends).map(|(begin, end)| &text[begin..*end]);
    let first = &text[..*ends.first()?];
    let alike = values.clone().fold(first.len(), |alike, other| {
        let pairs = first[..alike].iter().zip(other);
        pairs.take_while(|(a, b)| a == b).count()
    });
    Some(values.map(|values| start(&values[alike..])).collect())
}

/// The first bytes, as a number that is in their order.
fn start(bytes: &[u8]) -> u128 {
    let mut start = [0; 16];
    let length = bytes.len().min(start.len());
    start[..length].copy_from_slice(&bytes[..length]);
    u128::from_be_bytes(start)
}

/// Moves each metric to its place: `from[at]` is where the one that belongs at `at` is.
fn place(metrics: &mut [Metric], mut from: Vec<usize>) {
    for start in 0..from.len() {
        let mut at = start;
        loop {
            let source = mem::replace(&mut from[at], at);
            if source == start {
                break;
            }
            metrics.swap(at, source);
            at = source;
        }
    }
}

/// Drops `families` in the order in which their memory lies, where they are large. Dropped
/// as they are sorted, each block would be waited for.
pub fn discard(families: Vec<MetricFamily>) {
    const LARGE: usize = 4096;
    for mut family in families {
        let mut metrics = family.take_metric();
        if metrics.len() < LARGE {
            continue;
        }
        let places = metrics.iter().enumerate();
        let places =
            places.map(|(at, metric)| (metric.get_label().as_ptr().addr(), at));
        let mut places: Vec<(usize, usize)> = places.collect();
        places.sort_unstable();
        for (_, at) in places {
            drop(mem::take(&mut metrics[at]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(values: &[&str], number: usize) -> Metric {
        let pair = |(at, value): (usize, &&str)| {
            let mut pair = LabelPair::default();
            pair.set_name(format!("label_{at}"));
            pair.set_value((*value).to_owned());
            pair
        };
        let mut metric = Metric::default();
        metric.set_label(values.iter().enumerate().map(pair).collect());
        metric.set_timestamp_ms(number as i64 % 3);
        metric
    }

    /// Metrics of `labels` labels each, or of 0 to 3, whose values share beginnings and are
    /// made of few letters, so that some are alike.
    fn metrics(labels: Option<usize>, letters: &[char], count: usize) -> Vec<Metric> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize % most
        };
        let mut metrics = Vec::new();
        for number in 0..count {
            let values = labels.unwrap_or_else(|| next(4));
            let values: Vec<String> = (0..values)
                .map(|_| {
                    (0..next(20))
                        .map(|_| letters[next(letters.len())])
                        .collect()
                })
                .map(|end: String| format!("the same beginning{end}"))
                .collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            metrics.push(metric(&values, number));
        }
        metrics
    }

    #[test]
    fn metrics_are_sorted_as_one_by_one_and_the_first_of_equals_is_kept() {
        for letters in [&['a', 'b'][..], &['\0', 'a'], &['\u{1}', 'é', 'z']] {
            for labels in [Some(0), Some(1), Some(2), None] {
                for count in [0, 1, 2, 1000] {
                    let unsorted = metrics(labels, letters, count);
                    let mut expected = unsorted.clone();
                    expected.sort_by(order);
                    let all = expected.len();
                    expected.dedup_by(|a, b| order(a, b).is_eq());
                    let mut sorted = unsorted;
                    let mut duplicates = 0;
                    sort_and_dedup(&mut sorted, |_| duplicates += 1);
                    assert_eq!(sorted, expected, "{letters:?}, {labels:?}, {count}");
                    assert_eq!(duplicates, all - expected.len());
                }
            }
        }
    }

    #[test]
    fn a_value_with_a_nul_is_not_taken_for_two() {
        let (one, two) = (metric(&["c\0x"], 0), metric(&["b", "a"], 0));
        let mut metrics = vec![two.clone(), one.clone()];
        sort_and_dedup(&mut metrics, |_| ());
        assert_eq!(metrics, [one, two]);
    }

    #[test]
    fn of_equal_metrics_the_first_is_kept() {
        let gauge = |value: f64| {
            let mut metric = metric(&["b"], 0);
            let mut gauge = prometheus::proto::Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
            metric
        };
        let mut metrics: Vec<Metric> = (1..=100).map(|n| gauge(f64::from(n))).collect();
        metrics.push(metric(&["a"], 0));
        sort_and_dedup(&mut metrics, |_| ());
        assert_eq!(metrics, [metric(&["a"], 0), gauge(1.0)]);
    }
}
