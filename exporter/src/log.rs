//! The log on standard error, in logfmt or JSON: what the macros of the [`log`] crate
//! write.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use exporter_workbook::promhttp::ErrorLog;
use humantime::format_rfc3339_millis;
use log::kv::{self, Key, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// How long an equal warning or error isn't written again.
const QUIET: Duration = Duration::from_secs(60);

/// How many different ones are remembered.
const REMEMBERED: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Logfmt,
    Json,
}

#[derive(Debug, thiserror::Error)]
#[error("neither logfmt nor json")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        match text {
            "logfmt" => Ok(Format::Logfmt),
            "json" => Ok(Format::Json),
            _ => Err(UnknownFormat),
        }
    }
}

/// Writes each record as a line.
pub struct Logger {
    level: LevelFilter,
    format: Format,
    write: ErrorLog,
    /// When a warning or an error was last written.
    written: Mutex<HashMap<String, Instant>>,
}

impl Logger {
    pub fn new(level: LevelFilter, format: Format, write: ErrorLog) -> Logger {
        Logger {
            level,
            format,
            write,
            written: Mutex::default(),
        }
    }

    /// Returns whether an equal line was just written: a source that is down for a day
    /// fails thousands of scrapes for the same reason.
    fn is_repeated(&self, line: &str, now: Instant) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |then: &Instant| now.duration_since(*then) < QUIET;
        if written.get(line).is_some_and(is_recent) {
            return true;
        }
        if written.len() >= REMEMBERED {
            written.retain(|_, then| is_recent(then));
        }
        if written.len() < REMEMBERED {
            written.insert(line.to_owned(), now);
        }
        false
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let fields = Fields::of(record);
        let is_severe = record.level() <= Level::Warn;
        let now = Instant::now();
        if is_severe && self.is_repeated(&fields.line(self.format), now) {
            return;
        }
        (self.write)(&fields.at(SystemTime::now()).line(self.format));
    }

    fn flush(&self) {}
}

/// The keys and values of one line.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(record: &Record<'_>) -> Fields {
        let mut fields = Fields(Vec::new());
        fields.add("level", record.level().as_str());
        fields.add("msg", &record.args().to_string());
        // Adding a pair doesn't fail.
        let _ = record.key_values().visit(&mut fields);
        fields
    }

    fn add(&mut self, key: &str, value: &str) {
        self.0.push((key.to_owned(), value.to_owned()));
    }

    fn at(mut self, time: SystemTime) -> Fields {
        let time = format_rfc3339_millis(time).to_string();
        self.0.insert(0, ("time".to_owned(), time));
        self
    }

    fn line(&self, format: Format) -> String {
        let pairs = self.0.iter().map(|(key, value)| match format {
            Format::Logfmt => format!("{key}={}", bare_or_quoted(value)),
            Format::Json => format!("{}:{}", quoted(key), quoted(value)),
        });
        let pairs: Vec<String> = pairs.collect();
        match format {
            Format::Logfmt => pairs.join(" "),
            Format::Json => format!("{{{}}}", pairs.join(",")),
        }
    }
}

impl<'k> VisitSource<'k> for Fields {
    fn visit_pair(&mut self, key: Key<'k>, value: Value<'k>) -> Result<(), kv::Error> {
        self.add(key.as_str(), &value.to_string());
        Ok(())
    }
}

fn bare_or_quoted(value: &str) -> String {
    let is_bare = |c: char| c.is_ascii_graphic() && c != '"' && c != '=';
    match !value.is_empty() && value.chars().all(is_bare) {
        true => value.to_owned(),
        false => quoted(value),
    }
}

/// As a string of JSON, which parsers of logfmt read too.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;

    fn fields() -> Fields {
        let keys = [("target", "db 1:6379"), ("code", "200")];
        let record = Record::builder()
            .level(Level::Warn)
            .args(format_args!("a \"quoted\"\nline"))
            .key_values(&keys)
            .build();
        Fields::of(&record).at(UNIX_EPOCH + Duration::from_millis(1500))
    }

    #[test]
    fn a_line_has_its_time_level_message_and_keys() {
        assert_eq!(
            fields().line(Format::Logfmt),
            "time=1970-01-01T00:00:01.500Z level=WARN msg=\"a \\\"quoted\\\"\\nline\" \
             target=\"db 1:6379\" code=200"
        );
        assert_eq!(
            fields().line(Format::Json),
            "{\"time\":\"1970-01-01T00:00:01.500Z\",\"level\":\"WARN\",\
             \"msg\":\"a \\\"quoted\\\"\\nline\",\"target\":\"db 1:6379\",\"code\":\"200\"}"
        );
    }

    /// A logger, and what it has written.
    fn logger(level: LevelFilter) -> (Logger, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let write = move |line: &str| written.lock().unwrap().push(line.to_owned());
        let logger = Logger::new(level, Format::Logfmt, Arc::new(write));
        (logger, lines)
    }

    fn log(logger: &Logger, level: Level, message: &str) {
        let mut record = Record::builder();
        logger.log(&record.level(level).args(format_args!("{message}")).build());
    }

    #[test]
    fn less_severe_messages_than_the_level_are_not_written() {
        let (logger, lines) = logger(LevelFilter::Warn);
        for level in Level::iter() {
            log(&logger, level, "here");
        }
        let lines = lines.lock().unwrap();
        let levels = lines.iter().map(|line| line.split(' ').nth(1).unwrap());
        assert_eq!(levels.collect::<Vec<_>>(), ["level=ERROR", "level=WARN"]);
    }

    #[test]
    fn an_equal_error_is_written_once_and_an_equal_notice_each_time() {
        let (logger, lines) = logger(LevelFilter::Info);
        for _ in 0..3 {
            log(&logger, Level::Error, "gone");
            log(&logger, Level::Error, "refused");
            log(&logger, Level::Info, "listening");
        }
        assert_eq!(lines.lock().unwrap().len(), 2 + 3);
    }

    #[test]
    fn after_a_minute_it_is_written_again() {
        let (logger, _) = logger(LevelFilter::Info);
        let start = Instant::now();
        assert!(!logger.is_repeated("gone", start));
        let almost = start + QUIET - Duration::from_millis(1);
        assert!(logger.is_repeated("gone", almost));
        assert!(!logger.is_repeated("gone", start + QUIET));
        assert!(logger.is_repeated("gone", start + QUIET));
    }

    #[test]
    fn no_number_of_different_errors_fills_the_memory() {
        let (logger, _) = logger(LevelFilter::Info);
        let start = Instant::now();
        for number in 0..REMEMBERED + 5 {
            assert!(!logger.is_repeated(&number.to_string(), start));
        }
        assert_eq!(logger.written.lock().unwrap().len(), REMEMBERED);
        // Once they are old, there is room again.
        assert!(!logger.is_repeated("new", start + QUIET));
        assert_eq!(logger.written.lock().unwrap().len(), 1);
    }
}
