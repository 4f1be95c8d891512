//! The steps and checks of a `lesson.toml`: what is requested from a running program, and
//! what the responses must be.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::rule::Rule;

/// Requests to the running program, and the checks of the responses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The path; if the program `ends`, the file that it writes its exposition to.
    #[serde(default = "metrics_path")]
    pub get: String,
    /// With `times`, `{}` in the method and in the path is the number of the request.
    #[serde(default = "get_method")]
    pub method: String,
    /// Headers that the requests have besides the client's own.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Whether the program is started once more, and must end by itself. Nothing is
    /// requested.
    #[serde(default)]
    pub ends: bool,
    /// The number of requests, if it matters. Without it the path is requested in several
    /// ways: see `ask`.
    pub times: Option<u32>,
    /// How many of them are sent in parallel.
    #[serde(default = "one")]
    pub at_once: u32,
    /// Whether these are as curl sends them, without the time that the client waits.
    #[serde(default)]
    pub as_curl: bool,
    /// A path to scrape in parallel.
    pub meanwhile: Option<String>,
    #[serde(default)]
    pub page: PageKind,
    /// Files to write first, in the program's folder.
    #[serde(default)]
    pub write: BTreeMap<PathBuf, Content>,
    /// Files to remove first.
    #[serde(default)]
    pub remove: Vec<PathBuf>,
    /// How the source at `{source}` behaves from now on.
    pub source: Option<Manner>,
    /// Variables of `env` to start another run of the program without, which is asked
    /// once instead.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Variables with another value in a run of the program that `ends`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether the disk is full for that run: it can create, rename and remove files, but
    /// not write into them. Skipped where the system has no such limit.
    #[serde(default)]
    pub full: bool,
    /// The number of runs of the program that are checked.
    #[serde(default = "one")]
    pub starts: u32,
    /// The program's minimum age in seconds when it is checked.
    #[serde(default)]
    pub age: f64,
    #[serde(default)]
    pub judge: Vec<Judge>,
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

fn get_method() -> String {
    "GET".to_owned()
}

fn one() -> u32 {
    1
}

/// A file's content: text, bytes that aren't text, or many lines.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Content {
    Text(String),
    Bytes(Vec<u8>),
    /// `times` lines, each with its number, from 1, in place of `{}`.
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

/// How a source behaves that the program asks over TCP.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// It answers each command with this text, and leaves the connection open.
    Answer(String),
    /// It answers with this text and closes the connection.
    Part(String),
    /// It answers with this text again and again, slowly, byte by byte.
    Trickle(String),
    /// It answers with this text again and again, as fast as it is read; after 64 MiB,
    /// slowly.
    Flood(String),
    /// It reads and never answers.
    Hang,
    /// It listens and accepts no connection.
    Full,
    /// It closes each connection at once.
    Close,
    /// Nothing listens there.
    Gone,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner::Answer("+PONG\r\n".to_owned())
    }
}

/// What a response must be.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// An exposition, which must follow all rules.
    #[default]
    Metrics,
    /// Anything else.
    Any,
}

/// One check of the responses.
#[derive(Deserialize)]
pub struct Judge {
    pub name: String,
    pub why: String,
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Whether it needs Linux.
    #[serde(default)]
    pub linux: bool,
    /// How to break the solution so that this check fails: texts that occur in it once,
    /// each with its replacement. Only the course's tests read it.
    #[allow(dead_code, reason = "for the tests")]
    pub broken_by: Vec<(String, String)>,
}

/// What a check wants; by default of each response.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// Samples with this name and these labels.
    Sample(Samples),
    /// No such samples.
    Absent { absent: Texts },
    /// At most so many such samples whose value isn't 0.
    Nonzero { nonzero: String, most: usize },
    /// A family of this type.
    Type {
        family: String,
        #[serde(rename = "type")]
        kind: String,
    },
    /// A meaningful help text before the samples of this family, or this exact text.
    Help { help: String, text: Option<String> },
    /// No timestamp on the samples of this family.
    Untimed { untimed: String },
    /// No other families; a name that ends in `*` means a prefix.
    Only { only: Vec<String> },
    /// The one sample of this kind has the labels and, within `slack`, the value that the
    /// library's collectors read of the same process.
    Read {
        read: String,
        #[serde(default)]
        slack: f64,
    },
    /// The root mean square distance of these samples from `around`, over all runs of the
    /// program.
    Spread {
        spread: String,
        around: f64,
        most: f64,
    },
    /// The status of the responses.
    Status { status: u16 },
    /// The Content-Type of the responses, as a receiver compares it.
    ContentType { content_type: String },
    /// A header of the responses whose value begins so, whatever the case.
    Header { header: String, begins: String },
    /// A link to this path in the responses, as a browser sees it.
    Link { link: String },
    /// This text in the responses, and none of those.
    Body {
        body: String,
        #[serde(default)]
        without: Vec<String>,
    },
    /// No samples in the responses, whatever their status; if the step requests an
    /// exposition, none in responses of paths outside its folder.
    NoSamples { no_samples: bool },
    /// A response within this many seconds.
    Within { within: f64 },
    /// None of these words or numbers in any response, except those of the lesson's other
    /// paths.
    Hidden { hidden: Vec<String> },
    /// This text on standard error, at least `times` times and at most `most` times. An
    /// empty text matches anything that isn't also on standard output.
    Reported {
        reported: String,
        #[serde(default = "one")]
        times: u32,
        most: Option<u32>,
    },
    /// Resources that must not grow over the requests of this step by more than `slack`,
    /// which by default is enough for what allocators and closed connections keep.
    Steady {
        steady: Vec<Resource>,
        slack: Option<u64>,
    },
    /// So many connections to `{other}`.
    Visits { visits: usize },
    /// How a program ends that must end.
    Exit { exit: Exit },
    /// The file of the step is replaced as a whole, or not at all: whoever has opened it
    /// before reads what was in it, and whoever opens it gets a complete one.
    Replaced { replaced: bool },
    /// The file of the step stays as it was, at every moment.
    Kept { kept: bool },
    /// No other file with this ending, at no moment.
    NoOther { no_other: String },
    /// The learner's tests fail once these texts of the program are replaced, or pass if
    /// there are none.
    Tests { tests: Vec<(String, String)> },
    /// One of the rules for all programs.
    Rule { rule: Rule },
}

/// What a program says by its exit code.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    Success,
    Failure,
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    #[allow(dead_code, reason = "the course's tests check nothing")]
    pub fn all(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Several(texts) => texts,
        }
    }
}

/// A resource that a leak uses up.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Memory,
    /// The most that it used at any time, also in between.
    PeakMemory,
    Threads,
    Descriptors,
}

/// Samples that an exposition must have.
#[derive(Deserialize)]
pub struct Samples {
    /// A name and labels; further labels are allowed.
    pub sample: String,
    /// Labels that each must have, with any value.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether each must have these labels and no others.
    #[serde(default)]
    pub exact: bool,
    /// The value of each, or its limits.
    pub value: Option<f64>,
    pub from: Option<f64>,
    pub to: Option<f64>,
    /// How much each grows from one scrape to the next.
    pub grows: Option<f64>,
    /// Whether each must be larger than when its path was first scraped.
    #[serde(default)]
    pub grew: bool,
    /// The number of samples.
    #[serde(default = "one_series")]
    pub series: usize,
}

fn one_series() -> usize {
    1
}
