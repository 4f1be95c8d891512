//! Bucket bounds that no function of the `prometheus` crate creates.

use crate::exposition::float_text;
use crate::message::debug_is_message;

/// Why no bucket bounds can be created.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot make {count} bucket bounds from {min} to {max}: both must be finite and \
     above 0, the second large enough for all bounds to differ, and the number of \
     bounds from 2 to 1000"
)]
pub struct BucketsError {
    min: String,
    max: String,
    count: usize,
}

debug_is_message!(BucketsError);

/// Creates `count` bucket bounds from `min` to `max`, each larger than the one before
/// by the same factor; Go's `ExponentialBucketsRange`.
///
/// # Errors
///
/// Returns an error unless `0 < min < max`, both are finite, `count` is from 2 to 1000,
/// and all bounds differ.
pub fn exponential_buckets_range(
    min: f64,
    max: f64,
    count: usize,
) -> Result<Vec<f64>, BucketsError> {
    let is_valid = min > 0.0 && min < max && max.is_finite();
    let last = count.wrapping_sub(1);
    let root = 1.0 / last as f64;
    let factor = max.powf(root) / min.powf(root);
    let bound = |at: usize| match at {
        at if at == last => max,
        at => min * factor.powf(at as f64),
    };
    if is_valid && (2..=1000).contains(&count) {
        let bounds: Vec<f64> = (0..count).map(bound).collect();
        if bounds.is_sorted_by(|one, next| one < next && next.is_finite()) {
            return Ok(bounds);
        }
    }
    let (min, max) = (float_text(min), float_text(max));
    Err(BucketsError { min, max, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_by_one_factor_from_the_first_to_the_last() {
        assert_eq!(
            exponential_buckets_range(1.0, 8.0, 4).unwrap(),
            [1.0, 2.0, 4.0, 8.0]
        );
        let bounds = exponential_buckets_range(0.005, 10.0, 12).unwrap();
        assert_eq!((bounds[0], bounds[11]), (0.005, 10.0));
        assert!(bounds.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn invalid_bounds_are_an_error() {
        for (min, max, count) in [
            (0.0, 1.0, 4),
            (-1.0, 1.0, 4),
            (2.0, 2.0, 4),
            (2.0, 1.0, 4),
            (1.0, f64::INFINITY, 4),
            (f64::NAN, 1.0, 4),
            (1.0, 2.0, 1),
            (1.0, 1.0 + 1e-15, 10),
            (1.0, 2.0, usize::MAX),
        ] {
            exponential_buckets_range(min, max, count).unwrap_err();
        }
        assert_eq!(
            exponential_buckets_range(0.0, 1.0, 4)
                .unwrap_err()
                .to_string(),
            "cannot make 4 bucket bounds from 0 to 1: both must be finite and above \
             0, the second large enough for all bounds to differ, and the number of \
             bounds from 2 to 1000"
        );
    }
}
