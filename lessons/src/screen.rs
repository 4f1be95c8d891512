//! What the learner sees: lines of text first, colour and a bar where a terminal is.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::finding::Finding;
use crate::judge::{Outcome, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const STRONG: Style = Style::new().bold();

/// A text that is written at once.
#[derive(Default)]
pub struct Screen {
    text: String,
    /// Without the bar, which a screen reader would spell out.
    pub plain: bool,
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

    /// A command to type next, and what it does.
    pub fn command(&mut self, command: &str, what: &str) {
        let padding = " ".repeat(34_usize.saturating_sub(command.len()).max(1));
        let command = styled(STRONG, command);
        self.line(&format!("    {command}{padding}{what}"));
    }

    /// How much of the course is done: a bar for who sees it, and in words.
    pub fn bar(&mut self, done: usize, all: usize) {
        if !self.plain {
            let filled = "#".repeat(done * 3);
            let empty = "-".repeat((all - done) * 3);
            let _ = write!(self.text, "[{}{empty}] ", styled(GOOD, &filled));
        }
        self.line(&format!("{done} of {all} lessons done"));
    }

    /// What became of each thing that was judged.
    pub fn verdicts(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            match &verdict.outcome {
                Outcome::Holds => {
                    self.line(&format!(
                        "  {}     {}",
                        styled(GOOD, "ok"),
                        verdict.name
                    ));
                }
                Outcome::NotSeen => {
                    let mark = styled(NOTE, "unseen");
                    self.line(&format!("  {mark} {}", verdict.name));
                }
                Outcome::Fails(finding) => {
                    let mark = styled(BAD, "wrong");
                    self.line(&format!("  {mark}  {}", styled(STRONG, &verdict.name)));
                    self.finding(finding);
                }
            }
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let (seen, expected) = match finding.is_compared() {
            true => difference(&finding.seen, &finding.expected),
            false => (finding.seen.clone(), finding.expected.clone()),
        };
        self.field("seen", &seen);
        self.field("expected", &expected);
        self.field("why", &wrapped(&finding.why));
        if !finding.fix.is_empty() {
            self.field("mend", &wrapped(&finding.fix));
        }
        self.blank();
    }

    fn field(&mut self, name: &str, text: &str) {
        let mut name = format!("{name}:");
        for line in text.lines() {
            self.line(format!("         {name:10}{line}").trim_end());
            name.clear();
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

/// A note beside the course of things, on standard error.
pub fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{}", styled(NOTE, &format!("note: {text}")));
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

/// In lines of at most 68 columns, counting a Chinese character as two.
pub fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut width = 0;
        for word in words(line) {
            let columns = columns(word.trim_end());
            if width > 0 && width + columns > 68 {
                wrapped.truncate(wrapped.trim_end().len());
                wrapped.push('\n');
                width = 0;
            }
            wrapped += word;
            width += columns + usize::from(word.ends_with(' '));
        }
        wrapped.push('\n');
    }
    wrapped
}

/// The pieces between which a line may be broken: at spaces, and between Chinese characters.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let breaks = c == ' ' || is_wide(c) && next.is_none_or(is_letter);
        if breaks {
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

fn columns(text: &str) -> usize {
    text.chars().map(|c| 1 + usize::from(is_wide(c))).sum()
}
