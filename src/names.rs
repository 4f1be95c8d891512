//! Valid names of metrics and labels, by Prometheus's data model.

use std::borrow::Cow;

/// Which names a metric and its labels may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// ASCII letters, digits and `_`, as every Prometheus reads them.
    #[default]
    Classic,
    /// Any text that isn't empty and has no NUL, as Prometheus 3 reads it.
    Utf8,
}

impl Names {
    /// Returns the problem with `name` as the name of a metric, if there is one; Go's
    /// `model.IsValidMetricName`.
    pub fn metric_problem(self, name: &str) -> Option<String> {
        if self.allows(name, is_metric_name) {
            return None;
        }
        Some(match self {
            Names::Classic => format!(
                "`{}` isn't a metric name: use letters, digits, `_` and `:`, but no \
                 leading digit",
                shown(name)
            ),
            Names::Utf8 => utf8_problem("metric", name),
        })
    }

    /// Returns the problem with `names` as the label names of one metric, if there is
    /// one; Go's `checkLabelName`.
    pub fn labels_problem(self, mut names: Vec<&str>) -> Option<String> {
        names.sort_unstable();
        let invalid = names.iter().find_map(|name| self.label_problem(name));
        invalid.or_else(|| {
            let two = names.windows(2).find(|two| two[0] == two[1])?;
            let name = shown(two[0]);
            Some(format!("it has the label `{name}` twice, keep one"))
        })
    }

    fn label_problem(self, name: &str) -> Option<String> {
        if self.allows(name, is_label_name) {
            return reserved(name);
        }
        Some(match self {
            Names::Classic => format!(
                "`{}` isn't a label name: use letters, digits and `_`, but no leading \
                 digit",
                shown(name)
            ),
            Names::Utf8 => utf8_problem("label", name),
        })
    }

    fn allows(self, name: &str, is_classic: fn(&str) -> bool) -> bool {
        match self {
            Names::Classic => is_classic(name),
            // Prometheus takes a NUL for the end of the exposition and refuses all of it.
            Names::Utf8 => !name.is_empty() && !name.contains('\0'),
        }
    }
}

/// Returns whether `name` is a classic name of a metric, which needs no quotes.
pub fn is_metric_name(name: &str) -> bool {
    is_name(name, |byte| byte == b'_' || byte == b':')
}

/// Returns whether `name` is a classic name of a label, which needs no quotes.
pub fn is_label_name(name: &str) -> bool {
    is_name(name, |byte| byte == b'_')
}

/// Returns the problem with the name of a metric or a label that may be in UTF-8.
fn utf8_problem(of: &str, name: &str) -> String {
    if name.is_empty() {
        return format!("a {of} name can't be empty: name it");
    }
    format!("a {of} name can't have a NUL: rename {:?}", shown(name))
}

fn reserved(name: &str) -> Option<String> {
    name.starts_with("__").then(|| {
        format!(
            "label names that begin with `__` are reserved: rename `{}`",
            shown(name)
        )
    })
}

fn is_name(name: &str, other: impl Fn(u8) -> bool) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || other(byte);
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(allowed)
}

/// Formats a name with its labels, bounded in length.
pub fn series<'a>(
    name: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let labels = labels.take(20);
    let labels =
        labels.map(|(name, value)| format!("{}={:?}", shown(name), shown(value)));
    let labels: Vec<String> = labels.collect();
    match labels.as_slice() {
        [] => shown(name).into_owned(),
        labels => format!("{}{{{}}}", shown(name), shown_words(&labels.join(","))),
    }
}

/// Returns the first 100 characters of a name, a label value or a help text, with a
/// mark if there are more: a message must not grow with what it quotes.
pub fn shown(text: &str) -> Cow<'_, str> {
    cut(text, 100)
}

/// Returns names for a message, such as `["a", "b"]`, cut likewise.
pub fn listed(names: &[String]) -> String {
    shown(&format!("{names:?}")).into_owned()
}

/// Returns the first 500 characters of an error's message, with a mark likewise.
pub fn shown_words(text: &str) -> String {
    cut(text, 500).into_owned()
}

fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}
