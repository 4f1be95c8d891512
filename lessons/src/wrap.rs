//! Wraps lines to the width of the terminal.
//!
//! A line is broken at spaces and between Chinese characters, which are two columns wide,
//! but never before closing punctuation nor after opening punctuation. Text in backticks
//! stays in one line, so that it can be copied. Colour escapes have no width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Wraps lines at `width` columns, each with a newline.
pub fn wrapped(text: &str, width: usize) -> String {
    let lines = text.lines().flat_map(|line| broken(line, width, width));
    lines.map(|line| line + "\n").collect()
}

/// Wraps a line that begins with spaces or words of its own; the following lines begin
/// `margin` columns from the left.
pub fn hanging(line: &str, width: usize, margin: usize) -> String {
    let set_in = line.len() - line.trim_start_matches(' ').len();
    let (spaces, text) = line.split_at(set_in);
    let first = width.saturating_sub(set_in);
    let lines = broken(text, first, width.saturating_sub(margin));
    let between = format!("\n{}", " ".repeat(margin));
    format!("{spaces}{}", lines.join(&between))
}

/// Breaks a text anew if it is too wide, each paragraph and each item of a list by itself. A
/// paragraph with indented lines, such as code, stays as it is.
pub fn reflowed(text: &str, width: usize) -> String {
    if text.lines().all(|line| columns(line) <= width) {
        return text.to_owned();
    }
    let paragraphs = text.split("\n\n").map(|paragraph| {
        if paragraph.starts_with("- ") {
            return list(paragraph, width);
        }
        if paragraph.lines().any(|line| line.starts_with(' ')) {
            return paragraph.to_owned();
        }
        wrapped(&joined(paragraph), width).trim_end().to_owned()
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Breaks the items of a list, which begin with `- `.
fn list(paragraph: &str, width: usize) -> String {
    let items = paragraph.trim_start_matches("- ").split("\n- ");
    let items = items.map(|item| {
        let lines: Vec<&str> = item.lines().map(str::trim_start).collect();
        hanging(&format!("- {}", joined(&lines.join("\n"))), width, 2)
    });
    items.collect::<Vec<_>>().join("\n")
}

/// Joins the lines of a paragraph: in Chinese without a space.
fn joined(paragraph: &str) -> String {
    let mut joined = String::new();
    for line in paragraph.lines() {
        let before = joined.chars().next_back();
        let after = line.chars().next();
        let are_wide = before.is_some_and(is_wide) && after.is_some_and(is_wide);
        if !are_wide && !before.is_none_or(is_wide_mark) {
            joined.push(' ');
        }
        joined += line;
    }
    joined
}

/// Splits one line into several: the first has at most `first` columns, each other
/// `rest`.
fn broken(line: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for word in words(line) {
        // Code that is too long for any line is broken like text, and a sample before its
        // labels, but never a command.
        let is_too_long =
            columns(word.trim_end()) > rest && !word.starts_with("`cargo ");
        let parts = match is_too_long {
            true => word.split_inclusive([' ', '{', ',']).collect(),
            false => vec![word],
        };
        for part in parts {
            let width = if lines.len() == 1 { first } else { rest };
            if column > 0 && column + columns(part.trim_end()) > width {
                lines.push(String::new());
                column = 0;
            }
            if let Some(last) = lines.last_mut() {
                *last += part;
            }
            column += columns(part);
        }
    }
    // The space at which a line was broken is not shown.
    lines
        .iter()
        .map(|line| line.trim_end_matches(' ').to_owned())
        .collect()
}

/// The pieces between which a line may be broken.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut is_code, mut before) = (0, false, None);
    let mut colour = None;
    let mut rest = line.char_indices();
    while let Some((at, c)) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(|(_, c)| c.is_ascii_alphabetic());
            // The end of a colour belongs to the word before it, its start to the next
            // one.
            let ends = line[at..].starts_with("\u{1b}[0m");
            colour = colour.or((!ends).then_some(at));
            continue;
        }
        let at = colour.take().unwrap_or(at);
        let breaks = before.is_some_and(|before| may_break(before, c));
        if breaks && !is_code && at > start {
            words.push(&line[start..at]);
            start = at;
        }
        is_code ^= c == '`';
        before = Some(c);
    }
    words.push(&line[start..]);
    words
}

/// Whether a line may be broken between the two.
fn may_break(before: char, after: char) -> bool {
    if before == ' ' || after == ' ' {
        return before == ' ' && after != ' ';
    }
    let is_wide = is_wide(before) || is_wide(after);
    is_wide && !OPENING.contains(before) && !CLOSING.contains(after)
}

const OPENING: &str = "（《「『【〈“‘([{";

const CLOSING: &str = "，。、；：？！）》」』】〉…—”’,.;:?!)]}%";

fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}

fn is_wide_mark(c: char) -> bool {
    is_wide(c) && (OPENING.contains(c) || CLOSING.contains(c))
}

/// Pads with spaces up to `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    let padding = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(padding))
}

/// The number of terminal columns of a text.
pub fn columns(text: &str) -> usize {
    if !text.contains('\u{1b}') {
        return text.width();
    }
    let mut pieces = text.split('\u{1b}');
    let before = pieces.next().unwrap_or_default().width();
    let behind = pieces.map(|piece| {
        let end = piece.find(|c: char| c.is_ascii_alphabetic());
        end.map_or(0, |end| piece[end + 1..].width())
    });
    before + behind.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_wrapped_at_its_spaces() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree\n");
        assert_eq!(wrapped("one two three", 6), "one\ntwo\nthree\n");
        assert_eq!(wrapped("interminable", 6), "interminable\n");
        assert_eq!(wrapped("one\n\n  two", 6), "one\n\n  two\n");
        assert_eq!(wrapped("", 6), "");
    }

    #[test]
    fn code_stays_in_one_line() {
        let text = "write `a b c d` for it";
        assert_eq!(wrapped(text, 9), "write\n`a b c d`\nfor it\n");
        assert_eq!(wrapped(text, 6), "write\n`a b c\nd` for\nit\n");
        let sample = "is a{b=\"c\",d=\"e\"} 1";
        assert_eq!(wrapped(sample, 9), "is a{\nb=\"c\",\nd=\"e\"} 1\n");
        let command = "or `cargo workbook` at once";
        assert_eq!(wrapped(command, 8), "or\n`cargo workbook`\nat once\n");
        let text = "先写`a b c d`再看";
        assert_eq!(wrapped(text, 9), "先写\n`a b c d`\n再看\n");
    }

    #[test]
    fn chinese_is_broken_anywhere_but_at_its_punctuation() {
        assert_eq!(wrapped("指标，采集器", 6), "指标，\n采集器\n");
        assert_eq!(wrapped("采集器，指标", 6), "采集\n器，指\n标\n");
        assert_eq!(wrapped("采集（指标）", 6), "采集\n（指\n标）\n");
        assert_eq!(wrapped("up 为 0 时", 5), "up 为\n0 时\n");
        assert_eq!(wrapped("状态码404。", 6), "状态码\n404。\n");
        assert_eq!(wrapped("见(指标)", 4), "见\n(指\n标)\n");
    }

    #[test]
    fn no_line_is_too_wide_if_it_can_be_broken() {
        let texts = [
            "Prometheus 只接受状态码为 200 的页面：只要不是 200，`up` 就是 0。",
            "Each job that comes in goes to the end of its queue, `a b` or not.",
        ];
        for text in texts {
            for width in 12..80 {
                let wrapped = wrapped(text, width);
                let widest = wrapped.lines().map(columns).max().unwrap();
                assert!(widest <= width, "{width}: {wrapped}");
                let whole = wrapped.replace(['\n', ' '], "");
                assert_eq!(whole, text.replace(' ', ""));
                let begins = |line: &str| line.chars().next().unwrap();
                assert!(!wrapped.lines().any(|line| CLOSING.contains(begins(line))));
            }
        }
    }

    #[test]
    fn colours_have_no_width_and_end_with_their_word() {
        let text = "\u{1b}[31mone \u{1b}[0mtwo";
        assert_eq!(columns(text), 7);
        assert_eq!(wrapped(text, 4), "\u{1b}[31mone \u{1b}[0m\ntwo\n");
        assert_eq!(wrapped(text, 7), format!("{text}\n"));
        let text = "one \u{1b}[1m\u{1b}[31mtwo\u{1b}[0m";
        assert_eq!(wrapped(text, 4), "one\n\u{1b}[1m\u{1b}[31mtwo\u{1b}[0m\n");
    }

    #[test]
    fn a_broken_line_hangs_below_its_start() {
        assert_eq!(hanging("  ok one two", 8, 5), "  ok one\n     two");
        assert_eq!(hanging("  ok one", 8, 5), "  ok one");
    }

    #[test]
    fn a_text_that_fits_keeps_its_lines_and_others_are_rewrapped() {
        let text = "one two\nthree four\n\n  code that is long\n";
        assert_eq!(reflowed(text, 20), text);
        let narrow = "one two\nthree\nfour\n\n  code that is long\n";
        assert_eq!(reflowed(text, 8), narrow);
        let chinese = "指标和样本，\n还有采集器\n和 `up`\n为零";
        assert_eq!(
            reflowed(chinese, 8),
            "指标和样\n本，还有\n采集器和\n`up` 为\n零"
        );
        let list = "one:\n\n- two three\n  four\n- five\n\nsix";
        assert_eq!(reflowed(list, 11), list);
        let narrow = "one:\n\n- two\n  three\n  four\n- five\n\nsix";
        assert_eq!(reflowed(list, 8), narrow);
    }
}
