//! The sliding window of a summary: a queue of slices, each with a sketch of the values
//! observed in it. The oldest slice is dropped when a new one begins.

use std::collections::VecDeque;
use std::time::Instant;

use datasketches::common::SearchCriteria;
use datasketches::req::ReqFloat;

use super::opts::{Plan, Sketch};

/// The slices from the oldest to the one that observations go to.
#[derive(Default)]
pub struct Window(VecDeque<Slice>);

struct Slice {
    ends: Instant,
    sketch: Sketch,
}

impl Window {
    /// Adds `value`, unless it is `NaN`.
    pub fn observe(&mut self, value: f64, now: Instant, plan: &Plan) {
        self.move_to(now, plan);
        let slice = self.0.back_mut();
        if let (Some(slice), Ok(value)) = (slice, ReqFloat::<f64>::new(value)) {
            slice.sketch.update(value);
        }
    }

    /// Returns the sketches of what was observed within the window.
    pub fn sketches(&mut self, now: Instant, plan: &Plan) -> Vec<Sketch> {
        self.move_to(now, plan);
        self.0.iter().map(|slice| slice.sketch.clone()).collect()
    }

    /// Ends the slices that are over, and drops those that are too old.
    fn move_to(&mut self, now: Instant, plan: &Plan) {
        let last_end = self.0.back().map(|slice| slice.ends);
        let mut ends = match last_end {
            Some(ends) if now < ends => return,
            Some(ends) if now < ends + plan.max_age => ends,
            // The first slice, or none within the window.
            _ => {
                self.0.clear();
                now
            }
        };
        while ends <= now {
            ends += plan.slice;
            self.0.push_back(Slice {
                ends,
                sketch: plan.sketch(),
            });
        }
        while self.0.len() > plan.slices {
            self.0.pop_front();
        }
    }
}

/// Returns the quantiles of all `sketches` together, `NaN` if they are empty.
pub fn quantiles(plan: &Plan, sketches: &[Sketch]) -> Vec<(f64, f64)> {
    let mut window = plan.sketch();
    for sketch in sketches {
        // A merge only requires sketches of the same kind, which those of one plan are.
        let _ = window.merge(sketch);
    }
    let view = window.sorted_view();
    let value = |quantile: f64| match quantile {
        0.0 => window.min_item().copied(),
        1.0 => window.max_item().copied(),
        _ => view
            .quantile(quantile, SearchCriteria::Inclusive)
            .ok()
            .flatten(),
    };
    let number = |quantile| value(quantile).map_or(f64::NAN, ReqFloat::into_inner);
    plan.quantiles
        .iter()
        .map(|quantile| (*quantile, number(*quantile)))
        .collect()
}

#[cfg(test)]
impl Window {
    pub fn slices(&self) -> usize {
        self.0.len()
    }

    /// Returns how many values the oldest slice keeps.
    pub fn retained(&self) -> usize {
        self.0[0].sketch.num_retained() as usize
    }
}
