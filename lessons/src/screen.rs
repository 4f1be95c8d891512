//! What the learner sees: lines of text first, colour and a bar where a terminal is.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::finding::Finding;
use crate::judge::{Outcome, Verdict};
use crate::words::say;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const STRONG: Style = Style::new().bold();

/// How wide a text is beside the name of its field.
const MARGIN: usize = 68;

/// A text that is written at once.
pub struct Screen {
    text: String,
    /// Without the bar, which a screen reader would spell out.
    plain: bool,
}

impl Screen {
    pub fn new(plain: bool) -> Screen {
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        Screen {
            text: String::new(),
            plain: plain || dumb || !io::stdout().is_terminal(),
        }
    }

    pub fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    pub fn blank(&mut self) {
        self.line("");
    }

    pub fn title(&mut self, line: &str) {
        self.line(&styled(STRONG, line));
    }

    /// What to type next, and what each does.
    pub fn commands(&mut self, commands: &[(String, String)]) {
        let longest = commands.iter().map(|(command, _)| command.len()).max();
        let width = longest.unwrap_or_default() + 3;
        for (command, what) in commands {
            let padding = " ".repeat(width - command.len());
            let command = styled(STRONG, command);
            self.line(&format!("    {command}{padding}{what}"));
        }
    }

    /// How much of the course is done: a bar for who sees it, and in words.
    pub fn bar(&mut self, done: usize, all: usize) {
        if !self.plain {
            let filled = "#".repeat(done * 3);
            let empty = "-".repeat((all - done) * 3);
            let _ = write!(self.text, "[{}{empty}] ", styled(GOOD, &filled));
        }
        self.line(&say("{} of {} lessons done", &[&done, &all]));
    }

    /// What became of each thing that was judged.
    pub fn verdicts(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            match &verdict.outcome {
                Outcome::Holds => {
                    self.mark(GOOD, &say("ok", &[]), &verdict.name);
                }
                Outcome::NotSeen => {
                    self.mark(NOTE, &say("unseen", &[]), &verdict.name);
                }
                Outcome::Fails(finding) => {
                    let name = styled(STRONG, &verdict.name);
                    self.mark(BAD, &say("wrong", &[]), &name);
                    self.finding(finding);
                }
            }
        }
    }

    fn mark(&mut self, style: Style, mark: &str, name: &str) {
        let mark = styled(style, &padded(mark, 7));
        self.line(&format!("  {mark}{name}"));
    }

    fn finding(&mut self, finding: &Finding) {
        let (seen, expected) = match finding.is_compared() {
            true => difference(&finding.seen, &finding.expected),
            false => (finding.seen.clone(), finding.expected.clone()),
        };
        self.field(&say("seen", &[]), &seen);
        self.field(&say("expected", &[]), &expected);
        self.field(&say("why", &[]), &wrapped(&finding.why, MARGIN));
        if !finding.fix.is_empty() {
            self.field(&say("to fix", &[]), &wrapped(&finding.fix, MARGIN));
        }
        self.blank();
    }

    fn field(&mut self, name: &str, text: &str) {
        let mut margin = padded(&say("{}:", &[&name]), 10);
        for line in text.lines() {
            self.line(format!("         {margin}{line}").trim_end());
            margin = " ".repeat(10);
        }
    }

    /// Writes it to standard output. Where nobody reads on, as behind `| head`, that is no
    /// error.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn show(self) -> io::Result<()> {
        let mut stdout = anstream::stdout().lock();
        let written = stdout
            .write_all(self.text.as_bytes())
            .and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

/// Why nothing was done, on standard error.
pub fn error(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let mark = styled(BAD | anstyle::Effects::BOLD, &say("error", &[]));
    let _ = writeln!(stderr, "{}", say("{}: {}", &[&mark, &text]));
}

/// A note beside the course of things, on standard error.
pub fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{}", styled(NOTE, &say("note: {}", &[&text])));
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The two texts, with what one has and the other lacks in colour. Where hardly anything is
/// alike, there is no difference to point at.
fn difference(seen: &str, expected: &str) -> (String, String) {
    let diff = TextDiff::from_words(seen, expected);
    if diff.ratio() < 0.5 {
        return (seen.to_owned(), expected.to_owned());
    }
    let mut both = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                both.0 += text;
                both.1 += text;
            }
            ChangeTag::Delete => both.0 += &marked(BAD, text),
            ChangeTag::Insert => both.1 += &marked(GOOD, text),
        }
    }
    both
}

/// Line by line, since a style that spans lines would colour the margin.
fn marked(style: Style, text: &str) -> String {
    let style = style | anstyle::Effects::UNDERLINE;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| match line {
            "" => String::new(),
            line => styled(style, line),
        })
        .collect();
    lines.join("\n")
}

/// In lines of at most `width` columns, counting a Chinese character as two. What stands
/// between backticks stays in one line, since somebody may copy it.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in words(line) {
            let columns = columns(word.trim_end());
            if column > 0 && column + columns > width {
                wrapped.truncate(wrapped.trim_end().len());
                wrapped.push('\n');
                column = 0;
            }
            wrapped += word;
            column += columns + usize::from(word.ends_with(' '));
        }
        wrapped.push('\n');
    }
    wrapped
}

/// The pieces between which a line may be broken: at spaces, and between Chinese
/// characters, but not in code.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut is_code = false;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        is_code ^= c == '`';
        let next = chars.peek().map(|(_, next)| *next);
        let breaks = c == ' ' || is_wide(c) && next.is_none_or(is_letter);
        if breaks && !is_code {
            let end = at + c.len_utf8();
            words.push(&line[start..end]);
            start = end;
        }
    }
    words.push(&line[start..]);
    words
}

/// Something that may begin a line: no punctuation that closes.
fn is_letter(c: char) -> bool {
    !"，。、；：？！）》」』”’".contains(c)
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{ffef}')
}

/// With spaces behind it, up to `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    let padding = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(padding))
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| 1 + usize::from(is_wide(c))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_at_its_spaces() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree\n");
        assert_eq!(wrapped("one two three", 6), "one\ntwo\nthree\n");
        assert_eq!(wrapped("interminable", 6), "interminable\n");
        assert_eq!(wrapped("", 6), "");
    }

    #[test]
    fn code_stays_in_one_line() {
        let text = "write `a b c d` for it";
        assert_eq!(wrapped(text, 9), "write\n`a b c d`\nfor it\n");
    }

    #[test]
    fn chinese_is_broken_anywhere_but_before_its_punctuation() {
        assert_eq!(wrapped("指标，采集器", 6), "指标，\n采集器\n");
        assert_eq!(wrapped("采集器，指标", 6), "采集\n器，指\n标\n");
    }

    #[test]
    fn what_differs_is_marked() {
        let (seen, expected) = difference("queue 4 a b", "queue 2 a b");
        let (red, green) = (
            BAD | anstyle::Effects::UNDERLINE,
            GOOD | anstyle::Effects::UNDERLINE,
        );
        assert_eq!(seen, format!("queue {red}4{red:#} a b"));
        assert_eq!(expected, format!("queue {green}2{green:#} a b"));
        let nothing = ("one two three".to_owned(), "a b c".to_owned());
        assert_eq!(difference(&nothing.0, &nothing.1), nothing);
    }
}
