//! The numbers that gauges, counters and sums hold, which threads change at the same
//! time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a gauge or a counter: `f64`, `i64` or `u64`.
pub trait Number: Sealed {}

/// What a number needs to be kept in an atomic.
pub trait Sealed: Copy + Default + Send + Sync + 'static {
    const ONE: Self;
    fn bits(self) -> u64;
    fn of_bits(bits: u64) -> Self;
    fn to_f64(self) -> f64;
    /// Adds `by`; integers wrap around.
    fn add(cell: &AtomicU64, by: Self);
    fn negative(self) -> Self;
    fn is_negative(self) -> bool;
}

/// Returns the number of each child. The children are scattered in memory: all are loaded
/// before one is written, so that the processor waits for many of them at once.
pub fn load<N: Number, S>(
    children: &[Arc<S>],
    cell: impl Fn(&S) -> &AtomicU64,
) -> Vec<f64> {
    let bits = |child: &Arc<S>| cell(child).load(Ordering::Relaxed);
    let numbers = children
        .iter()
        .map(|child| N::of_bits(bits(child)).to_f64());
    numbers.collect()
}

impl Number for f64 {}
impl Number for i64 {}
impl Number for u64 {}

impl Sealed for f64 {
    const ONE: f64 = 1.0;

    #[inline]
    fn bits(self) -> u64 {
        self.to_bits()
    }

    #[inline]
    fn of_bits(bits: u64) -> f64 {
        f64::from_bits(bits)
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn add(cell: &AtomicU64, by: f64) {
        let mut old = cell.load(Ordering::Relaxed);
        loop {
            let new = (f64::from_bits(old) + by).to_bits();
            let order = Ordering::Relaxed;
            match cell.compare_exchange_weak(old, new, order, order) {
                Ok(_) => return,
                Err(current) => old = current,
            }
        }
    }

    #[inline]
    fn negative(self) -> f64 {
        -self
    }

    #[inline]
    fn is_negative(self) -> bool {
        // A counter would be lost in NaN.
        self < 0.0 || self.is_nan()
    }
}

/// Implements [`Sealed`] for an integer.
macro_rules! integer {
    ($integer:ty) => {
        impl Sealed for $integer {
            const ONE: $integer = 1;

            #[inline]
            fn bits(self) -> u64 {
                self as u64
            }

            #[inline]
            fn of_bits(bits: u64) -> $integer {
                bits as $integer
            }

            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline]
            fn add(cell: &AtomicU64, by: $integer) {
                cell.fetch_add(by as u64, Ordering::Relaxed);
            }

            #[inline]
            fn negative(self) -> $integer {
                self.wrapping_neg()
            }

            #[inline]
            #[allow(unused_comparisons)]
            fn is_negative(self) -> bool {
                self < 0
            }
        }
    };
}

integer!(i64);
integer!(u64);
