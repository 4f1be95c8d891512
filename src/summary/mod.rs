//! Quantiles over a sliding window, the metric type that the SDK lacks.
//!
//! The counterpart of `prometheus.Summary` in Go, with its defaults. The window is a row
//! of slices, each with a sketch of the values observed in it; a scrape merges them. The
//! sketch is REQ (Cormode, Karnin, Liberty, Thaler, Veselý: Relative Error Streaming
//! Quantiles, 2021), of Apache DataSketches, which keeps some thousand values of a
//! million.

mod opts;

pub use opts::{SummaryError, SummaryOpts};

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use datasketches::common::SearchCriteria;
use datasketches::req::ReqFloat;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{self, LabelPair, MetricFamily, Quantile};

use self::opts::{Plan, Sketch};
use crate::const_metric::label_pairs;

/// Observes values, and exports their sum and number for its whole life, and quantiles
/// of those within the window. A handle: clones share what they observe.
#[derive(Clone)]
pub struct Summary(Arc<Child>);

struct Child {
    plan: Arc<Plan>,
    labels: Vec<LabelPair>,
    state: Mutex<State>,
}

struct State {
    count: u64,
    sum: f64,
    /// From the oldest to the one that observations go to.
    slices: VecDeque<Slice>,
}

struct Slice {
    ends: Instant,
    sketch: Sketch,
}

impl Summary {
    /// A summary without variable labels.
    ///
    /// # Errors
    ///
    /// When the name, a label, the window or an objective cannot be.
    pub fn with_opts(opts: SummaryOpts) -> Result<Summary, SummaryError> {
        let plan = opts.plan()?;
        let labels = plan.desc.const_label_pairs.clone();
        Ok(Summary::new(Arc::new(plan), labels))
    }

    fn new(plan: Arc<Plan>, labels: Vec<LabelPair>) -> Summary {
        Summary(Arc::new(Child {
            plan,
            labels,
            state: Mutex::new(State {
                count: 0,
                sum: 0.0,
                slices: VecDeque::new(),
            }),
        }))
    }

    /// Adds one value. `NaN` counts, and makes the sum `NaN`, but is in no quantile.
    pub fn observe(&self, value: f64) {
        let now = (self.0.plan.now)();
        let mut state = self.state();
        state.count += 1;
        state.sum += value;
        state.move_to(now, &self.0.plan);
        if let (Some(slice), Ok(value)) =
            (state.slices.back_mut(), ReqFloat::<f64>::new(value))
        {
            slice.sketch.update(value);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metric(&self) -> proto::Metric {
        let plan = &self.0.plan;
        let mut state = self.state();
        state.move_to((plan.now)(), plan);
        let sketches: Vec<Sketch> = state
            .slices
            .iter()
            .map(|slice| slice.sketch.clone())
            .collect();
        let mut summary = proto::Summary::default();
        summary.set_sample_count(state.count);
        summary.set_sample_sum(state.sum);
        drop(state);
        summary.set_quantile(quantiles(plan, &sketches));
        let mut metric = proto::Metric::from_label(self.0.labels.clone());
        metric.set_summary(summary);
        metric
    }
}

/// The quantiles of all `sketches` together, `NaN` where they are empty.
fn quantiles(plan: &Plan, sketches: &[Sketch]) -> Vec<Quantile> {
    let mut window = plan.sketch();
    for sketch in sketches {
        // Two sketches of one plan are of one kind, which is all that a merge asks for.
        let _ = window.merge(sketch);
    }
    let view = window.sorted_view();
    let quantile = |&quantile: &f64| {
        let value = match quantile {
            0.0 => window.min_item().copied(),
            1.0 => window.max_item().copied(),
            _ => view
                .quantile(quantile, SearchCriteria::Inclusive)
                .ok()
                .flatten(),
        };
        let mut pair = Quantile::default();
        pair.set_quantile(quantile);
        pair.set_value(value.map_or(f64::NAN, ReqFloat::into_inner));
        pair
    };
    plan.quantiles.iter().map(quantile).collect()
}

impl State {
    /// Ends the slices that are over, and drops those that are too old.
    fn move_to(&mut self, now: Instant, plan: &Plan) {
        let last_end = self.slices.back().map(|slice| slice.ends);
        let mut ends = match last_end {
            Some(ends) if now < ends => return,
            Some(ends) if now < ends + plan.max_age => ends,
            // The first, or none within the window.
            _ => {
                self.slices.clear();
                now
            }
        };
        while ends <= now {
            ends += plan.slice;
            self.slices.push_back(Slice {
                ends,
                sketch: plan.sketch(),
            });
        }
        while self.slices.len() > plan.slices {
            self.slices.pop_front();
        }
    }
}

impl Collector for Summary {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.plan.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![self.0.plan.family(vec![self.metric()])]
    }
}

/// Summaries of one name, one for each combination of label values. Unlike the SDK's own
/// vectors it compares the values, and so keeps `["ab", "c"]` and `["a", "bc"]` apart.
#[derive(Clone)]
pub struct SummaryVec {
    plan: Arc<Plan>,
    children: Arc<Mutex<BTreeMap<Vec<String>, Summary>>>,
}

impl SummaryVec {
    /// Summaries that differ in the values of `label_names`.
    ///
    /// # Errors
    ///
    /// As [`Summary::with_opts`].
    pub fn new(
        opts: SummaryOpts,
        label_names: &[&str],
    ) -> Result<SummaryVec, SummaryError> {
        Ok(SummaryVec {
            plan: Arc::new(opts.variable_labels(label_names).plan()?),
            children: Arc::default(),
        })
    }

    /// The summary with these values, in the order of the label names; made if it is not
    /// there.
    ///
    /// # Errors
    ///
    /// When the number of values is wrong, or a name is a constant label as well.
    pub fn get_metric_with_label_values(
        &self,
        values: &[&str],
    ) -> Result<Summary, SummaryError> {
        let key: Vec<String> = values.iter().map(ToString::to_string).collect();
        let mut children = self.children();
        if let Some(child) = children.get(&key) {
            return Ok(child.clone());
        }
        let labels = label_pairs(&self.plan.desc, values)?;
        let child = Summary::new(Arc::clone(&self.plan), labels);
        children.insert(key, child.clone());
        Ok(child)
    }

    /// Like [`SummaryVec::get_metric_with_label_values`], where the number of values is
    /// in the program's source; Go's `WithLabelValues`.
    ///
    /// # Panics
    ///
    /// Where the other one gives an error, with its words.
    #[track_caller]
    pub fn with_label_values(&self, values: &[&str]) -> Summary {
        match self.get_metric_with_label_values(values) {
            Ok(summary) => summary,
            Err(error) => panic!("{error}"),
        }
    }

    /// Drops the summary with these values from later scrapes; whether there was one.
    pub fn remove_label_values(&self, values: &[&str]) -> bool {
        let key: Vec<String> = values.iter().map(ToString::to_string).collect();
        self.children().remove(&key).is_some()
    }

    fn children(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Summary>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for SummaryVec {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.plan.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let children: Vec<Summary> = self.children().values().cloned().collect();
        vec![
            self.plan
                .family(children.iter().map(Summary::metric).collect()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use std::time::Duration;

    use prometheus::TextEncoder;

    use super::*;

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

    /// The quantiles, the sum and the count.
    fn values(summary: &Summary) -> (Vec<f64>, f64, u64) {
        let metric = summary.metric();
        let proto = metric.get_summary();
        let quantiles = proto.get_quantile().iter().map(Quantile::value);
        (
            quantiles.collect(),
            proto.sample_sum(),
            proto.sample_count(),
        )
    }

    /// By how much of all ranks `value` misses the quantile.
    fn rank_error(sorted: &[f64], quantile: f64, value: f64) -> f64 {
        let count = sorted.len() as f64;
        let first = sorted.partition_point(|other| *other < value) as f64;
        let last = sorted.partition_point(|other| *other <= value) as f64;
        let rank = quantile * count;
        (first - rank).max(rank - last).max(0.0) / count
    }

    /// Numbers from 0 to 1 that are the same in each run.
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
            // Pareto: most values near 1, some of them enormous.
            4 => values
                .iter_mut()
                .for_each(|value| *value = (1.0 - *value).powi(-3)),
            _ => values
                .iter_mut()
                .for_each(|value| *value = (*value * 7.0).floor()),
        }
        values
    }

    /// Each kind of stream on a thread of its own, since all together take seconds.
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
            // A rank is a whole number: half of one is nobody's error.
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
    fn a_low_quantile_is_as_exact_as_a_high_one() {
        let opts = SummaryOpts::new("a", "A.").objective(0.01, 0.001);
        let summary = Summary::with_opts(opts).unwrap();
        let mut stream = stream(0, 100_000, 7);
        stream.iter().for_each(|value| summary.observe(*value));
        stream.sort_by(f64::total_cmp);
        let error = rank_error(&stream, 0.01, values(&summary).0[0]);
        assert!(error <= 0.001, "{error}");
        let kept = summary.state().slices[0].sketch.num_retained();
        assert!(kept < 5000, "{kept}");
    }

    #[test]
    fn what_is_kept_of_a_million_values_is_bounded() {
        let summary = summary();
        random(1)
            .take(1_000_000)
            .for_each(|value| summary.observe(value));
        let kept = summary.state().slices[0].sketch.num_retained();
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
            TextEncoder::new()
                .encode_to_string(&summary.collect())
                .unwrap(),
            "# HELP size_bytes Sizes.\n# TYPE size_bytes summary\n\
             size_bytes{module=\"http-server\",quantile=\"0\"} 1\n\
             size_bytes{module=\"http-server\",quantile=\"1\"} 3\n\
             size_bytes_sum{module=\"http-server\"} 6.5\n\
             size_bytes_count{module=\"http-server\"} 3\n"
        );
    }

    /// A summary of one quantile with 5 slices of 2 s, and the time in milliseconds.
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
        // The slice from 0 to 2 s goes as a whole, when a sixth begins.
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
        assert_eq!(summary.state().slices.len(), 1);
        summary.observe(5.0);
        assert_eq!(values(&summary), (vec![5.0], 14.0, 2));
    }

    #[test]
    fn nan_is_in_the_count_and_the_sum_and_in_no_quantile() {
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

    #[test]
    fn label_values_that_read_alike_are_two_series() {
        let summaries = SummaryVec::new(opts(), &["path", "method"]).unwrap();
        for values in [["ab", "c"], ["a", "bc"], ["ab", "c"]] {
            let child = summaries.get_metric_with_label_values(&values).unwrap();
            child.observe(1.0);
        }
        let families = summaries.collect();
        let counts = families[0].get_metric().iter().map(|metric| {
            let labels = metric.get_label().iter().map(LabelPair::value);
            (labels.collect(), metric.get_summary().sample_count())
        });
        let counts: Vec<(Vec<&str>, u64)> = counts.collect();
        // Sorted by name: method before path.
        assert_eq!(counts, [(vec!["bc", "a"], 1), (vec!["c", "ab"], 2)]);
        assert!(summaries.remove_label_values(&["a", "bc"]));
        assert!(!summaries.remove_label_values(&["a", "bc"]));
        assert_eq!(summaries.collect()[0].get_metric().len(), 1);
    }

    fn refusal(opts: SummaryOpts) -> String {
        Summary::with_opts(opts).err().unwrap().to_string()
    }

    #[test]
    fn a_name_or_a_label_that_cannot_be_is_refused() {
        let new = || SummaryOpts::new("a", "A.");
        assert_eq!(
            refusal(SummaryOpts::new("a-b", "A.")),
            "summary `a-b`: Error: 'a-b' is not a valid metric name"
        );
        let quantile =
            "summary `a`: the label `quantile` is its own, name yours otherwise";
        assert_eq!(refusal(new().const_label("quantile", "0.5")), quantile);
        let vec = SummaryVec::new(new(), &["quantile"]).err().unwrap();
        assert_eq!(vec.to_string(), quantile);
    }

    #[test]
    fn a_window_that_cannot_be_is_refused() {
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
                     maximum age lies above 0 and is at most 365 days, and it has 1 to \
                     1000 slices of at least 1 ms"
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
    #[should_panic(expected = "metric `a` has the labels [\"method\"]: expected 1")]
    fn with_label_values_panics_with_the_words_of_the_error() {
        let vec = SummaryVec::new(SummaryOpts::new("a", "A."), &["method"]).unwrap();
        vec.with_label_values(&["GET"]).observe(1.0);
        assert_eq!(values(&vec.with_label_values(&["GET"])).2, 1);
        vec.with_label_values(&[]);
    }

    #[test]
    fn a_wrong_number_of_label_values_is_refused() {
        let vec = SummaryVec::new(SummaryOpts::new("a", "A."), &["method"]).unwrap();
        let error = vec.get_metric_with_label_values(&[]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "metric `a` has the labels [\"method\"]: expected 1 label value(s), got 0"
        );
    }
}
