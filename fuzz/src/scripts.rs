//! Scripts for collectors.

use arbitrary::{Arbitrary, Result, Unstructured};
use exporter_workbook::desc::{Desc, MetricKind};
use exporter_workbook::exposition::{
    HistogramValue, StateSetValue, SummaryValue, Value,
};

use crate::families::Family;
use crate::parts::{Distribution, Float, Name, Text, Time};

/// What a registry, or a collector for itself, adds to each metric.
#[derive(Arbitrary, Debug)]
pub struct Wrap {
    prefix: Option<Name>,
    labels: Vec<(Name, Text)>,
}

impl Wrap {
    pub fn prefix(&self) -> String {
        self.prefix.as_ref().map(Name::text).unwrap_or_default()
    }

    pub fn labels(&self) -> Vec<(String, String)> {
        let labels = self.labels.iter();
        labels
            .map(|(name, value)| (name.label(), value.text()))
            .collect()
    }
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Description {
    kind: u8,
    /// Whether it permits names that aren't classic.
    is_utf8: bool,
    name: Name,
    help: Text,
    labels: Vec<Name>,
    const_labels: Vec<(Name, Text)>,
}

impl Description {
    pub fn desc(&self) -> Desc {
        let make = [
            Desc::gauge,
            Desc::counter,
            Desc::untyped,
            Desc::histogram,
            Desc::summary,
            Desc::info,
            Desc::state_set,
        ];
        let make = make[usize::from(self.kind) % make.len()];
        let mut desc = make(&self.name.text(), &self.help.help());
        for name in &self.labels {
            desc = desc.label(&name.label());
        }
        for (name, value) in &self.const_labels {
            desc = desc.const_label(&name.label(), &value.text());
        }
        match self.is_utf8 {
            true => desc.utf8(),
            false => desc,
        }
    }
}

/// The script of a collector that isn't created yet.
#[derive(Debug)]
pub struct Script {
    /// The descriptions, those that it describes first.
    pub descriptions: Vec<Description>,
    pub described: usize,
    pub calls: Vec<Call>,
    /// How it ends, rarely in an error or a panic, and with which message.
    pub end: (u8, Text),
}

/// The first byte at which a script ends in an error or a panic.
pub const BAD_END: u8 = 254;

#[derive(Arbitrary, Debug)]
pub enum Call {
    Set(Place, Float),
    /// A value that fits the type of the descriptor.
    Fitting(Place, Distribution),
    Histogram(Place, Distribution),
    Summary(Place, Distribution),
    Append(Family, Option<Name>, Option<Text>),
    LeftOut(u8, Text),
}

/// The series and the timestamp of a sample.
#[derive(Debug)]
pub struct Place {
    pub desc: u8,
    /// Whether to pass an equal descriptor rather than the same one.
    pub is_copy: bool,
    label_values: Vec<Text>,
    any_number: bool,
    pub time: Time,
    /// Exemplars, and when the sample was created, if its type has them.
    pub exemplars: Vec<(Text, Float, Option<u32>)>,
    pub created: Option<u32>,
}

impl<'a> Arbitrary<'a> for Place {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Place> {
        let how: u8 = u.arbitrary()?;
        Ok(Place {
            desc: u.arbitrary()?,
            is_copy: how % 8 == 1,
            label_values: u.arbitrary()?,
            any_number: how >= 250,
            time: u.arbitrary()?,
            exemplars: u.arbitrary()?,
            created: u.arbitrary()?,
        })
    }
}

impl Place {
    /// Returns as many values as `desc` has labels, or as many as there are.
    pub fn label_values(&self, desc: &Desc) -> Vec<String> {
        let mut values: Vec<String> =
            self.label_values.iter().map(Text::text).collect();
        if !self.any_number {
            values.resize(desc.labels().len(), "a".to_owned());
        }
        values
    }
}

impl Call {
    /// Returns the value to report for a metric of `kind`, if it fits.
    pub fn value(&self, kind: MetricKind) -> Option<Value> {
        let histogram = |of: &Distribution| {
            let (count, sum, buckets) = (of.count(), of.sum(), of.buckets());
            Value::Histogram(Box::new(HistogramValue {
                count,
                sum,
                buckets,
            }))
        };
        let summary = |of: &Distribution| {
            let (count, sum, quantiles) = (of.count(), of.sum(), of.quantiles());
            Value::Summary(Box::new(SummaryValue {
                count,
                sum,
                quantiles,
            }))
        };
        match (self, kind) {
            (Call::Fitting(_, of), MetricKind::StateSet) => {
                let states = of.states();
                Some(Value::StateSet(Box::new(StateSetValue { states })))
            }
            (Call::Fitting(..), MetricKind::Info) => Some(Value::Number(1.0)),
            (
                Call::Set(..),
                MetricKind::Histogram
                | MetricKind::Summary
                | MetricKind::Info
                | MetricKind::StateSet,
            ) => None,
            (Call::Set(_, value), _) => Some(Value::Number(value.get())),
            (Call::Histogram(_, of) | Call::Fitting(_, of), MetricKind::Histogram) => {
                Some(histogram(of))
            }
            (Call::Summary(_, of) | Call::Fitting(_, of), MetricKind::Summary) => {
                Some(summary(of))
            }
            (Call::Fitting(_, of), _) => Some(Value::Number(of.sum())),
            _ => None,
        }
    }
}
