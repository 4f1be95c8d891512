//! What the learner sees: lines of text first, colour and a bar where a terminal is.

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

/// How wide a text is where no terminal says how wide it may be: by itself, and beside the
/// name of its field.
const WIDE: usize = 86;
const MARGIN: usize = 68;

/// As many things that are wrong have their details in a terminal.
pub const DETAILS: usize = 3;

/// In a terminal that is narrower nothing is set in by far.
const NARROW: usize = 60;

/// How what is shown is shown.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Without the bar, which a screen reader would spell out.
    pub plain: bool,
    /// The columns of the terminal, where there is one.
    pub columns: Option<usize>,
}

impl Manner {
    /// That of standard output; `columns` are those of a terminal that somebody else writes
    /// it to.
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

    /// How far something is set in: less where there is no room.
    fn set_in(&self, far: usize, near: usize) -> usize {
        if self.is_narrow() { near } else { far }
    }

    /// Lines that stay as they are, such as code.
    pub fn as_is(&mut self, lines: &str) {
        self.text += lines;
        self.text.push('\n');
    }

    pub fn line(&mut self, line: &str) {
        let margin = line.len() - line.trim_start().len();
        self.hanging(line, margin);
    }

    /// A line and, where the terminal is too narrow for it, the rest of it set in.
    pub fn hanging(&mut self, line: &str, margin: usize) {
        match self.manner.columns {
            Some(columns) => self.as_is(&hanging(line, columns.min(WIDE), margin)),
            None => self.as_is(line),
        }
    }

    /// A text with lines of two columns, such as a help: what does not fit goes on in the
    /// second of them, or where that is too narrow below.
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

    /// What somebody wrote in paragraphs, with lines of their own.
    pub fn paragraphs(&mut self, text: &str) {
        match self.manner.columns {
            Some(columns) => self.as_is(&reflowed(text.trim(), columns)),
            None => self.as_is(text.trim()),
        }
    }

    /// What somebody wrote in one line.
    pub fn prose(&mut self, text: &str) {
        let columns = self.manner.columns.map_or(WIDE, |all| all.min(WIDE));
        self.as_is(wrapped(text, columns).trim_end());
    }

    /// The same of a question, which is answered behind it.
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

    /// What to type next, and what each does. A command is never broken: what it does stands
    /// below all of them where there is no room beside.
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

    /// How much of the course is done: a bar for who sees it, and in words.
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

    /// What became of each thing that was judged.
    ///
    /// In a terminal a long list pushes what matters off the screen: there the first that
    /// are wrong have their details, and those that could not be looked at are counted.
    /// Whether all have their details.
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

    /// Whether it is shown with all its details, of which so many more are.
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

    /// Lines that were seen, in a terminal broken where they do not fit.
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

    /// A name, and behind it the lines of a text; or below it, where there is no room.
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

    /// What a program printed.
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

    /// What would be written.
    pub fn into_text(self) -> String {
        self.text
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

/// A page that has the terminal to itself: `text` from its first line on, and `keys` in its
/// last one.
///
/// # Errors
///
/// When it cannot be written.
pub fn page(text: &str, keys: &str) -> io::Result<()> {
    // Without colours not even the cursor would be moved.
    let mut terminal = io::stdout();
    write!(terminal, "\x1b[H\x1b[2J")?;
    anstream::stdout().write_all(text.as_bytes())?;
    write!(terminal, "\n\x1b[999;1H\x1b[K")?;
    anstream::stdout().write_all(styled(STRONG, keys).as_bytes())?;
    terminal.flush()
}

/// Why nothing was done, on standard error.
pub fn error(text: &str) {
    let mark = styled(BAD | anstyle::Effects::BOLD, &say(m::MARK_ERROR, []));
    complain(&say(m::AFTER_COLON, [&mark, &text]));
}

/// A note beside the course of things, on standard error.
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

/// The two columns of a line, which more than one space is between; the second one may be
/// empty.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_the_details_of_the_first_that_are_wrong() {
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
