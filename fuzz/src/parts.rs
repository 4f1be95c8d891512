//! Names, texts, numbers and times. They are often valid, since inputs that the first
//! check refuses find little.

use arbitrary::{Arbitrary, Result, Unstructured};

/// The name of a metric or a label.
#[derive(Clone, Debug)]
pub enum Name {
    Good(u8),
    /// Longer than what a message shows.
    Long(u8, u16),
    Any(String),
}

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Name> {
        Ok(match u.arbitrary()? {
            good @ ..240 => Name::Good(good),
            240..248 => Name::Long(u.arbitrary()?, u.arbitrary()?),
            _ => Name::Any(u.arbitrary()?),
        })
    }
}

impl Name {
    /// Returns it as the name of a label.
    pub fn label(&self) -> String {
        const GOOD: [&str; 20] = [
            "x",
            "y",
            "z",
            "x",
            "y",
            "z",
            "xy",
            "yz",
            "x",
            "y",
            "z",
            "zone",
            "le",
            "quantile",
            "__x",
            "a:b",
            "x.y",
            "x_y",
            "U__x_2e_y",
            "..y",
        ];
        match self {
            Name::Good(number) => GOOD[usize::from(*number) % GOOD.len()].to_owned(),
            other => other.text(),
        }
    }

    /// Returns it as the name of a metric.
    pub fn text(&self) -> String {
        const GOOD: [&str; 24] = [
            "a",
            "b",
            "b_total",
            "b_count",
            "c_seconds",
            "d",
            "b_sum",
            "b_bucket",
            "a_count",
            "a_total",
            "a_created",
            "a_sum",
            "a:b",
            "a_total_total",
            "b_created_total",
            "c_seconds_total",
            "a_info",
            "b_info",
            "a.b",
            "a_b",
            "a.b_total",
            "a b_count",
            "a.b_info",
            "U__a_2e_b",
        ];
        let good = |number: u8| GOOD[usize::from(number) % GOOD.len()].to_owned();
        match self {
            Name::Good(number) => good(*number),
            Name::Long(number, length) => {
                good(*number) + &"_x".repeat(usize::from(length % 4000))
            }
            Name::Any(text) => text.clone(),
        }
    }
}

/// A help text or the value of a label.
#[derive(Clone, Debug)]
pub enum Text {
    Usual(u8),
    Long(char, u16),
    Any(String),
}

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Text> {
        Ok(match u.arbitrary()? {
            usual @ ..240 => Text::Usual(usual),
            240..248 => Text::Long(u.arbitrary()?, u.arbitrary()?),
            _ => Text::Any(u.arbitrary()?),
        })
    }
}

impl Text {
    /// Returns it as a help text, which is usually the same one.
    pub fn help(&self) -> String {
        match self {
            Text::Usual(..220) => "Help.".to_owned(),
            other => other.text(),
        }
    }

    pub fn text(&self) -> String {
        const USUAL: [&str; 8] = ["", "a", "b", "\"", "\\", "\n", "é,=\"x", "a!"];
        match self {
            Text::Usual(number) => USUAL[usize::from(*number) % USUAL.len()].to_owned(),
            Text::Long(character, length) => {
                character.to_string().repeat(usize::from(length % 6000))
            }
            Text::Any(text) => text.clone(),
        }
    }
}

/// A value, a bound or a quantile.
#[derive(Clone, Copy, Debug)]
pub enum Float {
    /// A multiple of a twentieth, so that many are between 0 and 1.
    Small(u8),
    Count(i32),
    Infinite,
    Any(f64),
}

impl<'a> Arbitrary<'a> for Float {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Float> {
        Ok(match u.arbitrary()? {
            small @ ..224 => Float::Small(small),
            224..232 => Float::Count(u.arbitrary()?),
            232..240 => Float::Infinite,
            _ => Float::Any(u.arbitrary()?),
        })
    }
}

impl Float {
    pub fn get(self) -> f64 {
        match self {
            Float::Small(number) => f64::from(number) / 20.0,
            Float::Count(number) => f64::from(number),
            Float::Infinite => f64::INFINITY,
            Float::Any(value) => value,
        }
    }
}

/// The timestamp of a sample.
#[derive(Clone, Copy, Debug)]
pub enum Time {
    Never,
    Small(u8),
    Any(i64),
}

impl<'a> Arbitrary<'a> for Time {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Time> {
        Ok(match u.arbitrary()? {
            ..128 => Time::Never,
            small @ 128..248 => Time::Small(small % 8),
            _ => Time::Any(u.arbitrary()?),
        })
    }
}

impl Time {
    pub fn get(self) -> Option<i64> {
        match self {
            Time::Never => None,
            Time::Small(time) => Some(i64::from(time)),
            Time::Any(time) => Some(time),
        }
    }
}

/// Buckets or quantiles; if `sorted`, valid ones.
#[derive(Clone, Debug)]
pub struct Distribution {
    bounds: Vec<(Float, u8)>,
    sum: Float,
    more: u8,
    any_count: Option<u64>,
    as_they_are: bool,
}

impl<'a> Arbitrary<'a> for Distribution {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Distribution> {
        let how: u8 = u.arbitrary()?;
        Ok(Distribution {
            sum: u.arbitrary()?,
            more: how % 4,
            any_count: if how >= 240 {
                Some(u.arbitrary()?)
            } else {
                None
            },
            as_they_are: (224..244).contains(&how),
            bounds: u.arbitrary()?,
        })
    }
}

/// As many as the input allows, but at most a hundred.
#[derive(Clone, Debug)]
pub struct Many<T>(pub Vec<T>);

impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for Many<T> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Many<T>> {
        let mut many = Vec::new();
        while !u.is_empty() && many.len() < 100 {
            many.push(u.arbitrary()?);
        }
        Ok(Many(many))
    }
}

impl Distribution {
    pub fn sum(&self) -> f64 {
        self.sum.get()
    }

    /// Returns bounds with their counts.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds.iter();
        let mut buckets: Vec<(f64, u64)> = bounds
            .map(|(bound, count)| (bound.get(), u64::from(*count)))
            .collect();
        if !self.as_they_are {
            buckets.retain(|(bound, _)| bound.is_finite());
            buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            buckets.dedup_by_key(|(bound, _)| *bound);
            let mut counted = 0;
            for (_, count) in &mut buckets {
                counted += *count;
                *count = counted;
            }
        }
        buckets
    }

    /// Returns the total number of observations.
    pub fn count(&self) -> u64 {
        let most = self.buckets().iter().map(|(_, count)| *count).max();
        let count = most.unwrap_or_default() + u64::from(self.more);
        self.any_count.unwrap_or(count)
    }

    /// Returns at least one state, each once.
    pub fn states(&self) -> Vec<(String, bool)> {
        let states = self.buckets().into_iter().enumerate();
        let states = states.map(|(at, (_, count))| (format!("s{at}"), count % 2 == 0));
        states.chain([("last".to_owned(), true)]).collect()
    }

    /// Returns quantiles with their values.
    pub fn quantiles(&self) -> Vec<(f64, f64)> {
        let quantiles = self.buckets().into_iter();
        let quantiles = quantiles.map(|(quantile, value)| (quantile, value as f64));
        quantiles
            .filter(|(quantile, _)| self.as_they_are || (0.0..=1.0).contains(quantile))
            .collect()
    }
}
