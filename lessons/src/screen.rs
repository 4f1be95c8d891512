//! The output for the learner: lines of text, with colour and a bar in a terminal.

use std::env;
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::finding::Finding;
use crate::judge::{Outcome, Verdict};
use crate::messages as m;
use crate::terminal;
use crate::words::say;
use crate::wrap::{columns as columns_of, hanging, padded, reflowed, wrapped};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const STRONG: Style = Style::new().bold();

/// The width of a text if no terminal limits it: by itself, and next to a field's name.
const WIDE: usize = 86;
const MARGIN: usize = 68;

/// The number of failures shown with details in a terminal.
pub const DETAILS: usize = 3;

/// In a narrower terminal nothing is indented far.
const NARROW: usize = 60;

/// How to show the output.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Whether to omit the bar, which a screen reader would spell out.
    pub plain: bool,
    /// The columns of the terminal, if there is one.
    pub columns: Option<usize>,
}

impl Manner {
    /// For standard output; `columns` are those of a terminal that another process writes
    /// to.
    pub fn of_output(plain: bool, columns: Option<usize>) -> Manner {
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let columns = columns.or_else(|| terminal::columns(&io::stdout()));
        Manner {
            plain: plain || dumb || columns.is_none(),
            columns,
        }
    }
}

/// A text that is written at once.
pub struct Screen {
    text: String,
    manner: Manner,
}

impl Screen {
    pub fn new(manner: Manner) -> Screen {
        Screen {
            text: String::new(),
            manner,
        }
    }

    fn is_narrow(&self) -> bool {
        self.manner.columns.is_some_and(|columns| columns < NARROW)
    }

    /// The indentation, less if there is no room.
    fn set_in(&self, far: usize, near: usize) -> usize {
        if self.is_narrow() { near } else { far }
    }

    /// Lines that are not wrapped, such as code.
    pub fn as_is(&mut self, lines: &str) {
        self.text += lines;
        self.text.push('\n');
    }

    pub fn line(&mut self, line: &str) {
        let margin = line.len() - line.trim_start().len();
        self.hanging(line, margin);
    }

    /// A line; if the terminal is too narrow, the rest of it is indented.
    pub fn hanging(&mut self, line: &str, margin: usize) {
        match self.manner.columns {
            Some(columns) => self.as_is(&hanging(line, columns.min(WIDE), margin)),
            None => self.as_is(line),
        }
    }

    /// A text with two columns, such as a help text. Text that doesn't fit continues in
    /// the second column, or below if that is too narrow.
    pub fn columns_of_two(&mut self, text: &str) {
        for line in text.trim_end().lines() {
            let Some(columns) = self.manner.columns else {
                self.as_is(line);
                continue;
            };
            let (first, second) = two(line);
            let margin = columns_of(first);
            if second.is_empty() || margin + MARGIN / 3 < columns {
                self.hanging(line, margin);
            } else {
                self.as_is(first.trim_end());
                let set_in = first.len() - first.trim_start().len() + 4;
                self.line(&format!("{}{second}", " ".repeat(set_in)));
            }
        }
    }

    /// A text in paragraphs, with its own line breaks.
    pub fn paragraphs(&mut self, text: &str) {
        match self.manner.columns {
            Some(columns) => self.as_is(&reflowed(text.trim(), columns)),
            None => self.as_is(text.trim()),
        }
    }

    /// A text in one line.
    pub fn prose(&mut self, text: &str) {
        let columns = self.manner.columns.map_or(WIDE, |all| all.min(WIDE));
        self.as_is(wrapped(text, columns).trim_end());
    }

    /// A question, which is answered on the same line.
    pub fn question(mut self, text: &str) -> String {
        self.line(text);
        self.text.trim_end().to_owned() + " "
    }

    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    pub fn title(&mut self, line: &str) {
        self.line(&styled(STRONG, line));
    }

    /// The next commands and what each does. A command is never broken: without room
    /// beside it, its description comes below all of them.
    pub fn commands(&mut self, commands: &[(String, String)]) {
        let longest = commands
            .iter()
            .map(|(command, _)| columns_of(command))
            .max();
        let width = longest.unwrap_or_default() + 3;
        let set_in = self.set_in(4, 2);
        let widest = commands.iter().map(|(_, what)| columns_of(what)).max();
        let needed = set_in + width + widest.unwrap_or_default();
        let is_beside = self.manner.columns.is_none_or(|columns| needed <= columns);
        let margin = " ".repeat(set_in);
        for (command, what) in commands {
            let styled = styled(STRONG, command);
            if is_beside {
                let padding = " ".repeat(width - columns_of(command));
                self.as_is(&format!("{margin}{styled}{padding}{what}"));
            } else {
                self.as_is(&format!("{margin}{styled}"));
                self.line(&format!("{margin}    {what}"));
            }
        }
    }

    /// The progress through the course, as a bar and in words.
    pub fn bar(&mut self, done: usize, all: usize) {
        let mut bar = String::new();
        if !self.manner.plain {
            let each = self.set_in(3, 1);
            let filled = "#".repeat(done * each);
            let empty = "-".repeat((all - done) * each);
            bar = format!("[{}{empty}] ", styled(GOOD, &filled));
        }
        let words = say(m::LESSONS_DONE, [&done, &all]);
        self.line(&format!("{bar}{words}"));
    }

    /// The result of each check.
    ///
    /// In a terminal a long list would push the important part off the screen: only the
    /// first failures have details, and checks that could not be made are counted.
    /// Returns whether all failures have their details.
    pub fn verdicts(&mut self, verdicts: &[Verdict]) -> bool {
        let mut details = match self.manner.columns {
            Some(_) => DETAILS,
            None => usize::MAX,
        };
        let mut are_all = true;
        let is_unseen = |all: &Verdict| matches!(all.outcome, Outcome::NotSeen);
        for run in verdicts.chunk_by(|a, b| is_unseen(a) && is_unseen(b)) {
            if run.len() > DETAILS && self.manner.columns.is_some() {
                let more = say(m::UNSEEN_MORE, [&run.len()]);
                self.mark(NOTE, &say(m::MARK_UNSEEN, []), &more);
                continue;
            }
            for verdict in run {
                are_all &= self.verdict(verdict, &mut details);
            }
        }
        are_all
    }

    /// Shows a verdict, with details if `details` allows more. Returns whether they are
    /// shown, if there are any.
    fn verdict(&mut self, verdict: &Verdict, details: &mut usize) -> bool {
        match &verdict.outcome {
            Outcome::Holds => self.mark(GOOD, &say(m::MARK_OK, []), &verdict.name),
            Outcome::NotSeen => {
                self.mark(NOTE, &say(m::MARK_UNSEEN, []), &verdict.name);
            }
            Outcome::Fails(finding) => {
                let name = styled(STRONG, &verdict.name);
                self.mark(BAD, &say(m::MARK_WRONG, []), &name);
                if *details == 0 {
                    return false;
                }
                *details -= 1;
                self.finding(finding);
            }
        }
        true
    }

    fn mark(&mut self, style: Style, mark: &str, name: &str) {
        let mark = styled(style, &padded(mark, 7));
        self.hanging(&format!("  {mark}{name}"), 9);
    }

    fn finding(&mut self, finding: &Finding) {
        let (seen, expected) = match finding.is_compared() {
            true => difference(&finding.seen, &finding.expected),
            false => (finding.seen.clone(), finding.expected.clone()),
        };
        self.seen(&say(m::FIELD_SEEN, []), &seen);
        self.seen(&say(m::FIELD_EXPECTED, []), &expected);
        self.field(&say(m::FIELD_WHY, []), &finding.why);
        if !finding.fix.is_empty() {
            self.field(&say(m::FIELD_FIX, []), &finding.fix);
        }
        self.blank();
    }

    /// Lines from the program, wrapped in a terminal.
    fn seen(&mut self, name: &str, text: &str) {
        let text = match self.manner.columns {
            Some(columns) => wrapped(text, columns - self.set_in(19, 2)),
            None => text.to_owned(),
        };
        self.lines(name, &text);
    }

    fn field(&mut self, name: &str, text: &str) {
        let room = |columns: usize| columns.min(WIDE + 1) - self.set_in(19, 2);
        let width = self.manner.columns.map_or(MARGIN, room);
        self.lines(name, &wrapped(text, width));
    }

    /// A name followed by the lines of a text, or below it if there is no room.
    fn lines(&mut self, name: &str, text: &str) {
        let name = say(m::WITH_COLON, [&name]);
        if self.is_narrow() {
            self.as_is(&format!("  {name}"));
            for line in text.lines() {
                self.as_is(format!("  {line}").trim_end());
            }
            return;
        }
        let mut margin = padded(&name, 10);
        for line in text.lines() {
            self.as_is(format!("         {margin}{line}").trim_end());
            margin = " ".repeat(10);
        }
    }

    /// A program's output.
    pub fn printed(&mut self, text: &str) {
        let margin = self.set_in(9, 4);
        for line in text.lines() {
            let line = format!("{}{line}", " ".repeat(margin));
            let line = match self.manner.columns {
                Some(columns) => hanging(&line, columns, margin + 2),
                None => line,
            };
            self.as_is(line.trim_end());
        }
    }

    /// The text so far.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Writes it to standard output. A closed pipe, as with `| head`, is no error.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
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

/// Fills the terminal: `text` from its first line on, and `keys` in its last line.
///
/// # Errors
///
/// Returns an error if it can't be written.
pub fn page(text: &str, keys: &str) -> io::Result<()> {
    // Without colours, not even escapes that move the cursor would pass.
    let mut terminal = io::stdout();
    write!(terminal, "\x1b[H\x1b[2J")?;
    anstream::stdout().write_all(text.as_bytes())?;
    write!(terminal, "\n\x1b[999;1H\x1b[K")?;
    anstream::stdout().write_all(styled(STRONG, keys).as_bytes())?;
    terminal.flush()
}

/// Prints an error to standard error.
pub fn error(text: &str) {
    let mark = styled(BAD | anstyle::Effects::BOLD, &say(m::MARK_ERROR, []));
    complain(&say(m::AFTER_COLON, [&mark, &text]));
}

/// Prints a note to standard error.
pub fn note(text: &str) {
    complain(&styled(NOTE, &say(m::NOTE, [&text])));
}

fn complain(text: &str) {
    let text = match terminal::columns(&io::stderr()) {
        Some(columns) => wrapped(text, columns.min(WIDE)),
        None => format!("{text}\n"),
    };
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// The two columns of a line, separated by more than one space; the second may be empty.
fn two(line: &str) -> (&str, &str) {
    let set_in = line.len() - line.trim_start().len();
    let gap = line[set_in..].find("  ").map(|at| set_in + at);
    let Some(gap) = gap.filter(|_| set_in > 0) else {
        return (&line[..set_in], "");
    };
    let second = line[gap..].trim_start();
    (&line[..line.len() - second.len()], second)
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The two texts with their differences in colour. If hardly anything is alike, no
/// difference is shown.
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

/// Line by line, since a style across lines would colour the margin.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_the_details_of_the_first_failures() {
        let wrong = || Outcome::Fails(Finding::panics("it panicked"));
        let unseen = (0..5).map(|_| Outcome::NotSeen);
        let outcomes = (0..5).map(|_| wrong()).chain(unseen).chain([wrong()]);
        let verdicts: Vec<_> = outcomes
            .zip('a'..)
            .map(|(outcome, name)| Verdict {
                name: name.to_string(),
                outcome,
            })
            .collect();
        for (columns, details, lines) in [(None, 6, 0), (Some(80), 3, 1)] {
            let plain = true;
            let mut screen = Screen::new(Manner { plain, columns });
            assert_eq!(screen.verdicts(&verdicts), details == 6);
            let text = screen.into_text();
            assert_eq!(text.matches("it panicked").count(), details, "{text}");
            assert_eq!(text.matches("5 more").count(), lines, "{text}");
            assert_eq!(text.matches("wrong").count(), 6, "{text}");
        }
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
