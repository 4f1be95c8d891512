//! What a lesson asks a running program, and what it wants of the answers: the steps and the
//! judges of a `lesson.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::rule::Rule;

/// Requests to the running program, and what is judged of the answers to them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default = "metrics_path")]
    pub get: String,
    /// How often, where the number of requests counts. Without it the path is asked in
    /// several ways: see `ask`.
    pub times: Option<u32>,
    /// How many of them at once.
    #[serde(default = "one")]
    pub at_once: u32,
    /// A path of metrics to scrape while the others are asked.
    pub meanwhile: Option<String>,
    #[serde(default)]
    pub page: PageKind,
    /// Files to write before, in the program's folder.
    #[serde(default)]
    pub write: BTreeMap<PathBuf, Content>,
    /// Files to remove before.
    #[serde(default)]
    pub remove: Vec<PathBuf>,
    /// How many programs are asked, each started anew but for the first.
    #[serde(default = "one")]
    pub starts: u32,
    /// The least age of the program, in seconds, when it is asked.
    #[serde(default)]
    pub age: f64,
    #[serde(default)]
    pub judge: Vec<Judge>,
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

fn one() -> u32 {
    1
}

/// What a file holds: text, bytes that are none, or many lines.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Content {
    Text(String),
    Bytes(Vec<u8>),
    /// So many, each with its number from 1 on in place of `{}`.
    Lines {
        line: String,
        times: u32,
    },
}

impl Content {
    #[allow(dead_code, reason = "the course's tests write no file")]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Content::Text(text) => text.as_bytes().into(),
            Content::Bytes(bytes) => bytes.into(),
            Content::Lines { line, times } => {
                let numbered = |number: u32| line.replace("{}", &number.to_string());
                let lines: String = (1..=*times).map(numbered).collect();
                lines.into_bytes().into()
            }
        }
    }
}

/// What an answer is taken for.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// A page of metrics, under all rules for one.
    #[default]
    Metrics,
    /// Anything else.
    Any,
}

/// One thing that a lesson wants of the answers.
#[derive(Deserialize)]
pub struct Judge {
    pub name: String,
    pub why: String,
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Whether it asks for what only Linux has.
    #[serde(default)]
    pub linux: bool,
    /// How to break the solution so that this judge fails: texts that are in it once, and
    /// what to put in their places, all of them. Only the course's tests read it.
    #[allow(dead_code, reason = "for the tests")]
    pub broken_by: Vec<(String, String)>,
}

/// What is wanted. Where nothing else is said it is wanted of each answer.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// Samples with this name and these labels.
    Sample(Samples),
    /// No such sample.
    Absent { absent: String },
    /// A family of this type.
    Type {
        family: String,
        #[serde(rename = "type")]
        kind: String,
    },
    /// A help text that says something, before the samples of this family, or this one.
    Help { help: String, text: Option<String> },
    /// No timestamp on the samples of this family.
    Untimed { untimed: String },
    /// No family but these; one that ends in `*` stands for all that begin so.
    Only { only: Vec<String> },
    /// The one sample of this kind has the labels and, but for `slack`, the value that the
    /// library's collectors read of the same process.
    Read {
        read: String,
        #[serde(default)]
        slack: f64,
    },
    /// The typical distance of these samples from `around`, over all programs that were
    /// started: the root of its mean square.
    Spread {
        spread: String,
        around: f64,
        most: f64,
    },
    /// The status of the answers.
    Status { status: u16 },
    /// The Content-Type of the answers, as a receiver compares it.
    ContentType { content_type: String },
    /// A link to this path in the answers, for a browser.
    Link { link: String },
    /// This text in the answers, and none of those.
    Body {
        body: String,
        #[serde(default)]
        without: Vec<String>,
    },
    /// No samples in the answers, whatever their status; beside a page of metrics, in those
    /// of other paths that are outside of its folder.
    NoSamples { no_samples: bool },
    /// An answer within so many seconds.
    Within { within: f64 },
    /// None of these words or numbers, in whatever answer but those of the lesson's other
    /// paths.
    Hidden { hidden: Vec<String> },
    /// This text on standard error, so often or more, up to `most`. An empty text stands for
    /// any that is not on standard output as well.
    Reported {
        reported: String,
        #[serde(default = "one")]
        times: u32,
        most: Option<u32>,
    },
    /// What the program may not use more of after the requests of this step.
    Steady { steady: Vec<Resource> },
    /// Nothing against this one of the rules for all programs.
    Rule { rule: Rule },
}

/// What a leak makes a process use more of.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Memory,
    Threads,
    Descriptors,
}

/// Samples that must be on a page.
#[derive(Deserialize)]
pub struct Samples {
    /// A name and labels, others are allowed.
    pub sample: String,
    /// Labels that each has, with whatever value.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether each has these labels and no others.
    #[serde(default)]
    pub exact: bool,
    /// The value of each, or the bounds that it lies within.
    pub value: Option<f64>,
    pub from: Option<f64>,
    pub to: Option<f64>,
    /// By how much each grows from one scrape to the next.
    pub grows: Option<f64>,
    /// Whether each is larger than when its path was scraped first.
    #[serde(default)]
    pub grew: bool,
    /// How many there are.
    #[serde(default = "one_series")]
    pub series: usize,
}

fn one_series() -> usize {
    1
}
