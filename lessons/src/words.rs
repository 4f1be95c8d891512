//! The runner's messages in the learner's language.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_CHINESE: AtomicBool = AtomicBool::new(false);

/// A message with `PARTS` placeholders, each written as `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<const PARTS: usize> {
    english: &'static str,
    chinese: &'static str,
}

/// Creates a message in both languages.
///
/// # Panics
///
/// Panics if one of the two has another number of placeholders. Messages are constants,
/// so that is a compile error.
pub const fn message<const PARTS: usize>(
    english: &'static str,
    chinese: &'static str,
) -> Message<PARTS> {
    assert!(
        parts_of(english) == PARTS,
        "the English has other placeholders"
    );
    assert!(
        parts_of(chinese) == PARTS,
        "the Chinese has other placeholders"
    );
    assert!(!chinese.is_empty(), "the Chinese is missing");
    Message { english, chinese }
}

const fn parts_of(text: &str) -> usize {
    let (text, mut at, mut parts) = (text.as_bytes(), 1, 0);
    while at < text.len() {
        if text[at - 1] == b'{' && text[at] == b'}' {
            parts += 1;
        }
        at += 1;
    }
    parts
}

/// Switches to Chinese.
pub fn speak_chinese() {
    IS_CHINESE.store(true, Ordering::Relaxed);
}

/// Whether the messages are in Chinese.
pub fn is_chinese() -> bool {
    IS_CHINESE.load(Ordering::Relaxed)
}

/// Returns the message with each `{}` replaced by the next of `parts`.
pub fn say<const PARTS: usize>(
    message: Message<PARTS>,
    parts: [&dyn Display; PARTS],
) -> String {
    let text = if is_chinese() {
        message.chinese
    } else {
        message.english
    };
    let mut pieces = text.split("{}");
    let mut said = pieces.next().unwrap_or_default().to_owned();
    for (piece, part) in pieces.zip(parts) {
        said += &part.to_string();
        said += piece;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_in_order() {
        let done = message("{} of {} done", "{} / {}");
        assert_eq!(say(done, [&2, &"ten{}"]), "2 of ten{} done");
        assert_eq!(say(message("a } {", "a"), []), "a } {");
    }
}
