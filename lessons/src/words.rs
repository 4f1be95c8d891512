//! Says the runner's messages in the learner's language.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_CHINESE: AtomicBool = AtomicBool::new(false);

/// What the runner says, with room for `PARTS` parts, each written as `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<const PARTS: usize> {
    english: &'static str,
    chinese: &'static str,
}

/// A message in both languages.
///
/// # Panics
///
/// When one of the two has room for another number of parts. A message is a constant, so
/// that is an error of the compiler's.
pub const fn message<const PARTS: usize>(
    english: &'static str,
    chinese: &'static str,
) -> Message<PARTS> {
    assert!(parts_of(english) == PARTS, "the English has other parts");
    assert!(parts_of(chinese) == PARTS, "the Chinese has other parts");
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

/// From now on the Chinese is said.
pub fn speak_chinese() {
    IS_CHINESE.store(true, Ordering::Relaxed);
}

/// Whether Chinese is spoken.
pub fn is_chinese() -> bool {
    IS_CHINESE.load(Ordering::Relaxed)
}

/// The message with each `{}` replaced by the next of `parts`.
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
    fn parts_stand_where_the_message_has_room_for_them() {
        let done = message("{} of {} done", "{} / {}");
        assert_eq!(say(done, [&2, &"ten{}"]), "2 of ten{} done");
        assert_eq!(say(message("a } {", "a"), []), "a } {");
    }
}
