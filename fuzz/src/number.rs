//! Numbers that can be compared, including `NaN`.

use std::fmt;

/// A number that equals itself, `NaN` included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

impl Number {
    pub fn new(value: f64) -> Number {
        Number(match value {
            _ if value.is_nan() => f64::NAN.to_bits(),
            // Neither format distinguishes -0 from 0.
            0.0 => 0,
            _ => value.to_bits(),
        })
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
