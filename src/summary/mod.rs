//! Quantiles over a sliding window: the metric type that the `prometheus` crate lacks.
//!
//! The counterpart of `prometheus.Summary` in Go, with its defaults. The sketch is REQ
//! (Cormode, Karnin, Liberty, Thaler, Veselý: Relative Error Streaming Quantiles, 2021)
//! from Apache DataSketches, which keeps some thousand values of a million.

mod opts;
mod vec;
mod window;

pub use opts::{SummaryError, SummaryOpts};
pub use vec::SummaryVec;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use self::opts::Plan;
use self::window::{Window, quantiles};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::Desc;
use crate::exposition::{SummaryValue, Value};
use crate::vector::{OfVector, Snapshot, described};

/// Observes values. Exports their sum and count over its whole life, and quantiles of
/// those within the window. A clone is the same summary.
#[derive(Clone)]
pub struct Summary {
    child: Arc<Child>,
    /// `None` for the child of a vector.
    desc: Option<Desc>,
}

/// What the handles of one summary share.
pub(crate) struct Child {
    plan: Arc<Plan>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    count: u64,
    sum: f64,
    window: Window,
}

impl Summary {
    /// Creates a summary without variable labels.
    ///
    /// # Errors
    ///
    /// Returns an error if the name, a label, the window or an objective is invalid.
    pub fn with_opts(opts: SummaryOpts) -> Result<Summary, SummaryError> {
        let (desc, plan) = opts.plan(&[])?;
        Ok(Summary {
            desc: Some(desc),
            ..Summary::handle(Summary::state(&Arc::new(plan)))
        })
    }

    /// Adds one value. `NaN` is counted and makes the sum `NaN`, but affects no
    /// quantile.
    pub fn observe(&self, value: f64) {
        let plan = &self.child.plan;
        let now = (plan.now)();
        let mut state = self.child.state();
        state.count += 1;
        state.sum += value;
        state.window.observe(value, now, plan);
    }

    /// Starts a timer that observes its own lifetime in seconds.
    pub fn start_timer(&self) -> SummaryTimer {
        SummaryTimer {
            summary: self.clone(),
            start: Instant::now(),
            is_observed: true,
        }
    }
}

impl Child {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Value {
        let plan = &self.plan;
        let now = (plan.now)();
        let mut state = self.state();
        let sketches = state.window.sketches(now, plan);
        let (count, sum) = (state.count, state.sum);
        drop(state);
        Value::Summary(Box::new(SummaryValue {
            count,
            sum,
            quantiles: quantiles(plan, &sketches),
        }))
    }
}

impl Collector for Summary {
    fn describe(&self) -> Vec<&Desc> {
        vec![described(&self.desc)]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.append(Snapshot::<Self>::only(described(&self.desc), &self.child));
        Ok(())
    }
}

/// Observes its lifetime when it goes out of scope; see [`Summary::start_timer`].
#[must_use = "a timer that is dropped at once observes no time"]
pub struct SummaryTimer {
    summary: Summary,
    start: Instant,
    is_observed: bool,
}

impl SummaryTimer {
    /// Observes the time so far, as dropping the timer does.
    pub fn observe_duration(self) {}

    /// Observes the time so far and returns it, in seconds.
    pub fn stop_and_record(mut self) -> f64 {
        self.is_observed = false;
        let seconds = self.start.elapsed().as_secs_f64();
        self.summary.observe(seconds);
        seconds
    }

    /// Returns the time so far, in seconds, without observing it.
    pub fn stop_and_discard(mut self) -> f64 {
        self.is_observed = false;
        self.start.elapsed().as_secs_f64()
    }
}

impl Drop for SummaryTimer {
    fn drop(&mut self) {
        if self.is_observed {
            self.summary.observe(self.start.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use std::time::Duration;

    use super::*;
    use crate::exposition::Format;
    use crate::registry::{Gathered, IntoCollector, Registry};
    use crate::vector::OnLimit;

    /// Go's usual objectives.
    const OBJECTIVES: [(f64, f64); 3] = [(0.5, 0.05), (0.9, 0.01), (0.99, 0.001)];

    fn opts() -> SummaryOpts {
        let opts = SummaryOpts::new("size_bytes", "Sizes.");
        OBJECTIVES.iter().fold(opts, |opts, (quantile, error)| {
            opts.objective(*quantile, *error)
        })
    }

    fn summary() -> Summary {
        Summary::with_opts(opts()).unwrap()
    }

    fn gather<K>(collector: impl IntoCollector<K>) -> Gathered {
        let registry = Registry::new();
        registry.must_register(collector);
        registry.gather()
    }

    /// Returns the quantiles, the sum and the count.
    fn values(summary: &Summary) -> (Vec<f64>, f64, u64) {
        let gathered = gather(summary.clone());
        let sample = gathered.families()[0].samples().next().unwrap();
        let Value::Summary(value) = sample.value() else {
            panic!("{sample:?}");
        };
        let quantiles = value.quantiles.iter().map(|(_, value)| *value);
        (quantiles.collect(), value.sum, value.count)
    }

    /// Returns how far the rank of `value` is from the quantile, as a fraction of all
    /// ranks.
    fn rank_error(sorted: &[f64], quantile: f64, value: f64) -> f64 {
        let count = sorted.len() as f64;
        let first = sorted.partition_point(|other| *other < value) as f64;
        let last = sorted.partition_point(|other| *other <= value) as f64;
        let rank = quantile * count;
        (first - rank).max(rank - last).max(0.0) / count
    }

    /// Returns numbers from 0 to 1 that are the same in each run.
    fn random(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
    }

    fn stream(kind: usize, count: usize, seed: u64) -> Vec<f64> {
        let mut values: Vec<f64> = random(seed).take(count).collect();
        match kind {
            0 => {}
            1 => values.sort_by(f64::total_cmp),
            2 => values.sort_by(|a, b| b.total_cmp(a)),
            3 => values.fill(0.25),
            // Pareto: most values near 1, some of them huge.
            4 => values
                .iter_mut()
                .for_each(|value| *value = (1.0 - *value).powi(-3)),
            _ => values
                .iter_mut()
                .for_each(|value| *value = (*value * 7.0).floor()),
        }
        values
    }

    /// Checks each kind of stream on its own thread, since all together take seconds.
    fn assert_within_objectives(count: usize, seeds: u64) {
        std::thread::scope(|scope| {
            for kind in 0..6 {
                scope.spawn(move || {
                    for seed in 1..=seeds {
                        assert_within_objectives_of(kind, count, seed);
                    }
                });
            }
        });
    }

    fn assert_within_objectives_of(kind: usize, count: usize, seed: u64) {
        let mut stream = stream(kind, count, seed);
        let summary = summary();
        stream.iter().for_each(|value| summary.observe(*value));
        stream.sort_by(f64::total_cmp);
        for ((quantile, allowed), value) in OBJECTIVES.iter().zip(values(&summary).0) {
            // Ranks are whole numbers, so half a rank isn't an error.
            let allowed = allowed + 1.0 / count as f64;
            let error = rank_error(&stream, *quantile, value);
            assert!(
                error <= allowed,
                "{count} of kind {kind}: {quantile} off by {error}"
            );
        }
    }

    #[test]
    fn quantiles_are_within_their_errors_for_few_values() {
        for count in [1, 2, 10, 99, 100, 101, 1000] {
            assert_within_objectives(count, 20);
        }
    }

    #[test]
    fn quantiles_are_within_their_errors_for_many_values() {
        assert_within_objectives(30_000, 4);
        assert_within_objectives(300_000, 1);
        assert_within_objectives_of(4, 1_000_000, 1);
    }

    #[test]
    fn a_low_quantile_is_as_accurate_as_a_high_one() {
        let opts = SummaryOpts::new("a", "A.").objective(0.01, 0.001);
        let summary = Summary::with_opts(opts).unwrap();
        let mut stream = stream(0, 100_000, 7);
        stream.iter().for_each(|value| summary.observe(*value));
        stream.sort_by(f64::total_cmp);
        let error = rank_error(&stream, 0.01, values(&summary).0[0]);
        assert!(error <= 0.001, "{error}");
        let kept = summary.child.state().window.retained();
        assert!(kept < 5000, "{kept}");
    }

    #[test]
    fn what_is_kept_of_a_million_values_is_bounded() {
        let summary = summary();
        random(1)
            .take(1_000_000)
            .for_each(|value| summary.observe(value));
        let kept = summary.child.state().window.retained();
        assert!(kept < 5000, "{kept}");
    }

    #[test]
    fn a_summary_is_exposed_with_its_quantiles_in_order() {
        let opts = SummaryOpts::new("size_bytes", "Sizes.")
            .const_label("module", "http-server")
            .objective(1.0, 0.1)
            .objective(0.0, 0.1);
        let summary = Summary::with_opts(opts).unwrap();
        [3.0, 1.0, 2.5]
            .iter()
            .for_each(|value| summary.observe(*value));
        assert_eq!(
            Format::TEXT.to_text(gather(summary).families()),
            "# HELP size_bytes Sizes.\n# TYPE size_bytes summary\n\
             size_bytes{module=\"http-server\",quantile=\"0\"} 1\n\
             size_bytes{module=\"http-server\",quantile=\"1\"} 3\n\
             size_bytes_sum{module=\"http-server\"} 6.5\n\
             size_bytes_count{module=\"http-server\"} 3\n"
        );
    }

    /// Creates a summary of one quantile with 5 slices of 2 s, and its clock in
    /// milliseconds.
    fn with_clock() -> (Summary, Arc<AtomicU64>) {
        let (start, time) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let read = Arc::clone(&time);
        let opts = SummaryOpts::new("a", "A.")
            .objective(1.0, 0.1)
            .max_age(Duration::from_secs(10))
            .clock(move || start + Duration::from_millis(read.load(Relaxed)));
        (Summary::with_opts(opts).unwrap(), time)
    }

    #[test]
    fn an_observation_leaves_the_quantiles_with_its_slice_and_never_the_sum() {
        let (summary, time) = with_clock();
        summary.observe(9.0);
        time.store(1999, Relaxed);
        summary.observe(8.0);
        time.store(2000, Relaxed);
        summary.observe(7.0);
        time.store(9999, Relaxed);
        assert_eq!(values(&summary), (vec![9.0], 24.0, 3));
        // The slice from 0 to 2 s is dropped as a whole when a sixth begins.
        time.store(10_000, Relaxed);
        assert_eq!(values(&summary), (vec![7.0], 24.0, 3));
        time.store(12_000, Relaxed);
        let (quantiles, sum, count) = values(&summary);
        assert!(quantiles[0].is_nan());
        assert_eq!((sum, count), (24.0, 3));
    }

    #[test]
    fn a_long_silence_costs_nothing_and_empties_the_window() {
        let (summary, time) = with_clock();
        summary.observe(9.0);
        time.store(1000 * 3600 * 24 * 365, Relaxed);
        assert!(values(&summary).0[0].is_nan());
        assert_eq!(summary.child.state().window.slices(), 1);
        summary.observe(5.0);
        assert_eq!(values(&summary), (vec![5.0], 14.0, 2));
    }

    #[test]
    fn nan_affects_the_count_and_the_sum_but_no_quantile() {
        let summary = summary();
        [1.0, f64::NAN]
            .iter()
            .for_each(|value| summary.observe(*value));
        let (quantiles, sum, count) = values(&summary);
        assert_eq!((quantiles, count), (vec![1.0; 3], 2));
        assert!(sum.is_nan());
    }

    #[test]
    fn observations_of_many_threads_add_up() {
        let summary = summary();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| summary.observe(1.0)));
            }
        });
        assert_eq!(values(&summary), (vec![1.0; 3], 40_000.0, 40_000));
    }

    /// Returns the labels and the count of each child.
    fn values_of(summaries: &SummaryVec) -> Vec<String> {
        let text = Format::TEXT.to_text(gather(summaries.clone()).families());
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("size_bytes_count"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_vector_of_summaries_has_the_methods_of_the_others() {
        let summaries = SummaryVec::new(opts(), &["path", "method"]).unwrap();
        let summaries = summaries.limit(2, OnLimit::Other);
        for values in [["ab", "c"], ["a", "bc"], ["ab", "c"], ["d", "e"]] {
            summaries.with_label_values(&values).observe(1.0);
        }
        let ab = "{method=\"c\",path=\"ab\"} 2";
        let other = "{method=\"other\",path=\"other\"} 1";
        let a = "{method=\"bc\",path=\"a\"} 1";
        assert_eq!(values_of(&summaries), [a, ab, other]);
        let map = HashMap::from([("path", "a")]);
        assert_eq!(summaries.remove_partial(&map), 1);
        assert_eq!(values_of(&summaries), [ab, other]);
    }

    #[test]
    fn the_child_of_a_vector_is_served_with_its_vector_only() {
        let summaries = SummaryVec::new(opts(), &["path"]).unwrap();
        let child = summaries.with_label_values(&["/"]);
        let error = Registry::new().register(child).unwrap_err().to_string();
        assert!(error.contains("it is the child of a vector"), "{error}");
    }

    #[test]
    fn a_scrape_reads_each_summary_once_and_survives_its_clock() {
        let (start, reads) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&reads);
        let opts = opts().clock(move || {
            assert!(count.fetch_add(1, Relaxed) < 9, "on purpose");
            start
        });
        let summaries = SummaryVec::new(opts, &["path"]).unwrap();
        for path in ["/a", "/b", "/c"] {
            summaries.with_label_values(&[path]).observe(1.0);
        }
        let registry = Registry::new();
        let labelled = registry.with_labels(&[("zone", "a")]);
        labelled.must_register(summaries);
        let gathered = registry.gather();
        assert_eq!(reads.load(Relaxed), 6);
        let text = || Format::TEXT.to_text(gathered.families());
        assert_eq!(text(), text());
        assert_eq!(reads.load(Relaxed), 6);
        assert_eq!(registry.gather().errors().len(), 0);
        let gathered = registry.gather();
        let errors = gathered.errors();
        assert_eq!(errors.len(), 1);
        let error = errors[0].to_string();
        assert!(error.contains("panicked: on purpose"), "{error}");
    }

    #[test]
    fn more_summaries_than_a_page_has_are_all_served() {
        let mut opts = opts();
        for quantile in 1..=20 {
            opts = opts.objective(f64::from(quantile) / 100.0, 0.05);
        }
        let summaries = SummaryVec::new(opts, &["path"]).unwrap();
        for path in 0..600 {
            let child = summaries.with_label_values(&[path.to_string()]);
            (0..path).for_each(|_| child.observe(1.0));
        }
        let mut expected: Vec<String> = (0..600)
            .map(|path| format!("{{path=\"{path}\"}} {path}"))
            .collect();
        expected.sort();
        assert_eq!(values_of(&summaries), expected);
    }

    fn refusal(opts: SummaryOpts) -> String {
        Summary::with_opts(opts).err().unwrap().to_string()
    }

    #[test]
    fn an_invalid_name_or_label_is_refused() {
        let new = || SummaryOpts::new("a", "A.");
        assert_eq!(
            refusal(SummaryOpts::new("a-b", "A.")),
            "summary `a-b`: `a-b` isn't a metric name: use letters, digits, `_` and \
             `:`, but no leading digit"
        );
        let quantile = "summary `a`: the label `quantile` belongs to the summary itself, rename yours";
        assert_eq!(refusal(new().const_label("quantile", "0.5")), quantile);
        let vec = SummaryVec::new(new(), &["quantile"]).err().unwrap();
        assert_eq!(vec.to_string(), quantile);
    }

    #[test]
    fn an_invalid_window_is_refused() {
        let new = || SummaryOpts::new("a", "A.");
        let day = Duration::from_secs(24 * 60 * 60);
        for (opts, max_age, age_buckets) in [
            (new().age_buckets(0), "600s", 0),
            (new().age_buckets(1001), "600s", 1001),
            (new().age_buckets(u32::MAX), "600s", u32::MAX),
            (new().max_age(Duration::ZERO), "0ns", 5),
            (new().max_age(Duration::from_nanos(4)), "4ns", 5),
            (new().max_age(366 * day), "31622400s", 5),
            (
                new().max_age(Duration::MAX),
                "18446744073709551615.999999999s",
                5,
            ),
        ] {
            assert_eq!(
                refusal(opts),
                format!(
                    "summary `a`: cannot keep {max_age} in {age_buckets} slices: the \
                     maximum age must be above 0 and at most 365 days, in 1 to 1000 \
                     slices of at least 1 ms"
                )
            );
        }
        let widest = new().max_age(365 * day).age_buckets(1000);
        Summary::with_opts(widest).unwrap().observe(1.0);
    }

    #[test]
    fn an_objective_that_cannot_be_kept_is_refused() {
        for (quantile, error) in [
            (1.1, 0.1),
            (-0.1, 0.1),
            (f64::NAN, 0.1),
            (0.5, 0.0),
            (0.5, 1.0),
            (0.5, f64::NAN),
            (0.5, 0.0001),
        ] {
            let words = refusal(SummaryOpts::new("a", "A.").objective(quantile, error));
            let expected =
                format!("cannot keep the quantile {quantile} within {error}: ");
            assert!(words.contains(&expected), "{words}");
        }
    }

    #[test]
    fn the_smallest_and_the_largest_value_are_exact_whatever_their_error() {
        for error in [0.0, 0.5] {
            let opts = SummaryOpts::new("a", "A.");
            let opts = opts.objective(0.0, error).objective(1.0, error);
            let summary = Summary::with_opts(opts).unwrap();
            (0..100_000).for_each(|value| summary.observe(f64::from(value)));
            assert_eq!(values(&summary).0, [0.0, 99_999.0]);
        }
        for error in [-0.1, 1.0, f64::NAN] {
            refusal(SummaryOpts::new("a", "A.").objective(1.0, error));
        }
    }

    #[test]
    fn one_quantile_has_one_objective() {
        for two in [[0.5, 0.5], [0.0, -0.0], [-0.0, 0.0]] {
            let opts = SummaryOpts::new("a", "A.");
            let opts = opts.objective(two[0], 0.1).objective(two[1], 0.01);
            let quantile = two[0].abs();
            assert_eq!(
                refusal(opts),
                format!(
                    "summary `a`: the quantile {quantile} has two objectives, keep one"
                )
            );
        }
        let negative = SummaryOpts::new("a", "A.").objective(-0.0, 0.1);
        let text = Format::TEXT
            .to_text(gather(Summary::with_opts(negative).unwrap()).families());
        assert!(text.contains("a{quantile=\"0\"} NaN\n"), "{text}");
    }

    #[test]
    fn a_map_names_the_labels_of_a_child() {
        let summaries = SummaryVec::new(opts(), &["path", "method"]).unwrap();
        let map = HashMap::from([("method", "GET"), ("path", "/")]);
        summaries.with(&map).observe(1.0);
        summaries.with_label_values(&["/", "GET"]).observe(1.0);
        assert_eq!(values_of(&summaries), ["{method=\"GET\",path=\"/\"} 2"]);
        let other = HashMap::from([("method", "GET"), ("route", "/")]);
        assert_eq!(
            summaries.get_metric_with(&other).err().unwrap().to_string(),
            "`size_bytes` has the labels [\"path\", \"method\"], and the map has \
             [\"method\", \"route\"]"
        );
        assert!(!summaries.remove(&other));
        assert!(summaries.remove(&map) && !summaries.remove(&map));
        summaries.with(&map).observe(1.0);
        summaries.with_label_values(&["/a", "GET"]).observe(1.0);
        summaries.reset();
        assert_eq!(values_of(&summaries), [""; 0]);
    }

    #[test]
    fn a_timer_observes_once_or_not_at_all() {
        let summary = summary();
        drop(summary.start_timer());
        summary.start_timer().observe_duration();
        let seconds = summary.start_timer().stop_and_record();
        assert!(summary.start_timer().stop_and_discard() >= 0.0);
        let (_, sum, count) = values(&summary);
        assert!(sum >= seconds && count == 3);
    }

    #[test]
    #[should_panic(expected = "`a` has the labels [\"method\"]: expected 1")]
    fn with_label_values_panics_with_the_message_of_the_error() {
        let vec = SummaryVec::new(SummaryOpts::new("a", "A."), &["method"]).unwrap();
        vec.with_label_values(&[""; 0]);
    }

    #[test]
    fn a_wrong_number_of_label_values_is_refused() {
        let vec = SummaryVec::new(SummaryOpts::new("a", "A."), &["method"]).unwrap();
        let error = vec.get_metric_with_label_values(&[""; 0]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "`a` has the labels [\"method\"]: expected 1 label value(s), got 0"
        );
    }
}
