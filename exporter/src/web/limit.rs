//! The rate limit: a bucket of tokens, of which each request takes one.

use std::time::{Duration, Instant};

use super::config::{RateLimit, at};

/// How often requests may arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time in which one request may arrive.
    interval: Duration,
    /// How many may arrive at once.
    burst: u32,
}

impl Rate {
    /// Returns the limit, or `None` if the interval is 0 or missing.
    ///
    /// # Errors
    ///
    /// Returns an error if the interval isn't a duration, or if no request could ever
    /// be answered.
    pub fn new(config: &RateLimit) -> Result<Option<Rate>, String> {
        let Some(interval) = &config.interval else {
            return Ok(None);
        };
        let text = interval.value.trim();
        let parsed = match text {
            "0" => Ok(Duration::ZERO),
            _ => humantime::parse_duration(text),
        };
        let Ok(parsed) = parsed else {
            let message = format!("the interval {text:?} isn't a duration such as 1s");
            return Err(at(interval.defined, message));
        };
        let burst = config.burst.as_ref().map_or(0, |burst| burst.value);
        match (parsed.is_zero(), burst) {
            (true, _) => Ok(None),
            (false, 0) => {
                let message = "rate_limit needs a burst of at least 1";
                Err(at(interval.defined, message))
            }
            (false, burst) => Ok(Some(Rate {
                interval: parsed,
                burst,
            })),
        }
    }
}

/// The tokens that are left.
#[derive(Default)]
pub struct Bucket {
    rate: Option<Rate>,
    tokens: f64,
    filled: Option<Instant>,
}

impl Bucket {
    /// Takes a token, if one is left.
    pub fn takes(&mut self, rate: Option<Rate>, now: Instant) -> bool {
        let Some(limit) = rate else {
            return true;
        };
        let burst = f64::from(limit.burst);
        let filled = match self.filled {
            Some(filled) if self.rate == rate => filled,
            _ => {
                self.rate = rate;
                self.tokens = burst;
                now
            }
        };
        let passed = now.saturating_duration_since(filled).as_secs_f64();
        self.tokens = (self.tokens + passed / limit.interval.as_secs_f64()).min(burst);
        self.filled = Some(now);
        let is_left = self.tokens >= 1.0;
        if is_left {
            self.tokens -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(yaml: &str) -> Result<Option<Rate>, String> {
        Rate::new(&serde_saphyr::from_str(yaml).unwrap())
    }

    #[test]
    fn an_interval_of_0_is_no_limit() {
        for yaml in ["{}", "burst: 1", "interval: 0", "interval: 0s\nburst: 0"] {
            assert_eq!(rate(yaml), Ok(None), "{yaml}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (yaml, expected) in [
            (
                "interval: soon",
                "line 1, column 11: the interval \"soon\" isn't a duration such as 1s",
            ),
            (
                "\ninterval: 1s",
                "line 2, column 11: rate_limit needs a burst of at least 1",
            ),
        ] {
            assert_eq!(rate(yaml), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_token_comes_back_with_each_interval() {
        let rate = rate("interval: 100ms\nburst: 2").unwrap();
        let (start, mut bucket) = (Instant::now(), Bucket::default());
        let mut takes =
            |millis| bucket.takes(rate, start + Duration::from_millis(millis));
        assert_eq!([0, 0, 0].map(&mut takes), [true, true, false]);
        assert_eq!([99, 101, 102].map(&mut takes), [false, true, false]);
        // No more than the burst are ever left.
        assert_eq!([9_000; 3].map(&mut takes), [true, true, false]);
    }
}
