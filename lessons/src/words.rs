//! The runner's own words, in the learner's language.
//!
//! They stand in the source in English. `zh.toml` has the Chinese of each, by the English
//! text itself: one that was changed and not translated again is shown in English, and a
//! test names it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::OnceLock;

static CHINESE: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// From now on what has a translation is said in Chinese.
pub fn speak_chinese() {
    let _ = CHINESE.set(chinese());
}

fn chinese() -> BTreeMap<String, String> {
    toml::from_str(include_str!("zh.toml")).unwrap_or_default()
}

/// Whether Chinese is spoken.
pub fn is_chinese() -> bool {
    CHINESE.get().is_some()
}

/// Marks a text that is said later.
pub const fn text(text: &'static str) -> &'static str {
    text
}

/// The text with each `{}` replaced by the next of `parts`.
pub fn say(text: &str, parts: &[&dyn Display]) -> String {
    let translated = CHINESE.get().and_then(|words| words.get(text));
    filled(translated.map_or(text, String::as_str), parts)
}

fn filled(text: &str, parts: &[&dyn Display]) -> String {
    let mut pieces = text.split("{}");
    let mut said = pieces.next().unwrap_or_default().to_owned();
    let mut parts = parts.iter();
    for piece in pieces {
        match parts.next() {
            Some(part) => said += &part.to_string(),
            None => said += "{}",
        }
        said += piece;
    }
    said
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn parts_stand_where_the_text_has_room_for_them() {
        assert_eq!(filled("{} of {} done", &[&2, &"ten"]), "2 of ten done");
        assert_eq!(filled("none", &[]), "none");
        assert_eq!(filled("a page's own a{} 1", &[]), "a page's own a{} 1");
    }

    /// Those of this program but for this file.
    fn sources() -> String {
        sources_in(Path::new("src"))
    }

    fn sources_in(folder: &Path) -> String {
        let files = fs::read_dir(folder).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let texts = paths.map(|path| {
            if path.is_dir() {
                return sources_in(&path);
            }
            let is_source = path.extension().is_some_and(|end| end == "rs")
                && !path.ends_with("words.rs");
            if is_source {
                fs::read_to_string(path).unwrap()
            } else {
                String::new()
            }
        });
        texts.collect()
    }

    /// The texts in the sources that are said, as the compiler reads them.
    fn texts() -> Vec<String> {
        let source = sources();
        let mut texts = Vec::new();
        for call in ["say(", "text("] {
            for (at, _) in source.match_indices(call) {
                let is_other = source[..at].ends_with(|c: char| c.is_alphanumeric());
                let argument = source[at + call.len()..].trim_start();
                if let Some(text) = argument.strip_prefix('"').filter(|_| !is_other) {
                    texts.push(literal(text));
                }
            }
        }
        texts
    }

    fn literal(text: &str) -> String {
        let mut read = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('"', _) => break,
                ('\\', Some('\n')) => {
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                }
                ('\\', _) => match chars.next() {
                    Some('n') => read.push('\n'),
                    Some(c) => read.push(c),
                    None => break,
                },
                _ => read.push(c),
            }
        }
        read
    }

    #[test]
    fn what_is_said_has_its_chinese_with_the_same_parts() {
        let chinese = chinese();
        let texts = texts();
        assert!(texts.len() > 50, "{texts:?}");
        let parts = |text: &str| text.matches("{}").count();
        let is_good = |text: &&String| {
            let translated = chinese.get(*text);
            translated.is_some_and(|all| parts(all) == parts(text))
        };
        let bad: BTreeSet<_> = texts.iter().filter(|text| !is_good(text)).collect();
        assert!(bad.is_empty(), "lessons/src/zh.toml: translate {bad:#?}");
        let unsaid: Vec<_> = chinese
            .keys()
            .filter(|text| !texts.contains(text))
            .collect();
        assert!(
            unsaid.is_empty(),
            "lessons/src/zh.toml: nobody says {unsaid:#?}"
        );
    }
}
