//! The log on standard error, in logfmt or JSON: what the macros of the [`log`] crate
//! write.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use clap::ValueEnum;
use exporter_workbook::promhttp::ErrorLog;
use humantime::format_rfc3339_millis;
use log::{Level, LevelFilter, Log, Metadata, Record};

/// How long an equal warning or error isn't written again.
const QUIET: Duration = Duration::from_secs(60);

/// How many different ones are written in that time.
const DIFFERENT: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Logfmt,
    Json,
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

    /// Returns whether an equal message was just written, or too many others: a source
    /// that is down for a day fails thousands of scrapes for the same reason.
    fn is_too_much(&self, message: &str, now: Instant) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |then: &Instant| now.duration_since(*then) < QUIET;
        if written.get(message).is_some_and(is_recent) {
            return true;
        }
        if written.len() >= DIFFERENT {
            written.retain(|_, then| is_recent(then));
        }
        let has_room = written.len() < DIFFERENT;
        if has_room {
            written.insert(message.to_owned(), now);
        }
        !has_room
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
        // A reply of another system may have characters that control a terminal.
        let message = record.args().to_string().replace(char::is_control, " ");
        let level = record.level();
        if level <= Level::Warn && self.is_too_much(&message, Instant::now()) {
            return;
        }
        (self.write)(&self.format.line(SystemTime::now(), level, &message));
    }

    fn flush(&self) {}
}

impl Format {
    fn line(self, time: SystemTime, level: Level, message: &str) -> String {
        let time = format_rfc3339_millis(time);
        // A string of JSON, which parsers of logfmt read too.
        let message = serde_json::Value::from(message);
        match self {
            Format::Logfmt => format!("time={time} level={level} msg={message}"),
            Format::Json => {
                format!(r#"{{"time":"{time}","level":"{level}","msg":{message}}}"#)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_line_has_its_time_level_and_message() {
        let time = UNIX_EPOCH + Duration::from_millis(1500);
        let line = |format: Format| format.line(time, Level::Warn, "a \"b\"\nc");
        assert_eq!(
            line(Format::Logfmt),
            r#"time=1970-01-01T00:00:01.500Z level=WARN msg="a \"b\"\nc""#
        );
        assert_eq!(
            line(Format::Json),
            r#"{"time":"1970-01-01T00:00:01.500Z","level":"WARN","msg":"a \"b\"\nc"}"#
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
            log(&logger, level, level.as_str());
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
    fn a_message_is_one_line_that_does_not_control_the_terminal() {
        let (logger, lines) = logger(LevelFilter::Warn);
        log(&logger, Level::Error, "a\nb\u{1b}[2J\u{9b}c\u{7f}");
        let lines = lines.lock().unwrap();
        assert!(lines[0].ends_with(r#" msg="a b [2J c ""#), "{lines:?}");
    }

    #[test]
    fn after_a_minute_it_is_written_again() {
        let (logger, _) = logger(LevelFilter::Info);
        let start = Instant::now();
        assert!(!logger.is_too_much("gone", start));
        let almost = start + QUIET - Duration::from_millis(1);
        assert!(logger.is_too_much("gone", almost));
        assert!(!logger.is_too_much("gone", start + QUIET));
        assert!(logger.is_too_much("gone", start + QUIET));
    }

    #[test]
    fn no_number_of_different_errors_fills_the_log_or_the_memory() {
        let (logger, _) = logger(LevelFilter::Info);
        let start = Instant::now();
        for number in 0..DIFFERENT {
            assert!(!logger.is_too_much(&number.to_string(), start));
        }
        assert!(logger.is_too_much("one more", start));
        assert_eq!(logger.written.lock().unwrap().len(), DIFFERENT);
        // Once they are old, there is room again.
        assert!(!logger.is_too_much("new", start + QUIET));
        assert_eq!(logger.written.lock().unwrap().len(), 1);
    }
}
