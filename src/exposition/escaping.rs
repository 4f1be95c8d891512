//! Names for clients that read only classic ones; Go's `model.EscapeName`.

use crate::names::{is_label_name, is_metric_name};

/// How to write names that aren't classic, as a client asks for it in the parameter
/// `escaping` of Accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escaping {
    /// In quotes, as they are: `allow-utf-8`.
    AllowUtf8,
    /// With `_` for each character that isn't allowed: `underscores`, for clients that
    /// ask for nothing.
    #[default]
    Underscores,
    /// With `_dot_` for `.`, `__` for `_`, and `__` for all that isn't allowed: `dots`.
    Dots,
    /// With `U__` before the name, `__` for `_`, and a character's code point in
    /// hexadecimal between `_` for all that isn't allowed: `values`. Two names are
    /// never written alike.
    Values,
}

impl Escaping {
    const ALL: [Escaping; 4] = [
        Escaping::AllowUtf8,
        Escaping::Underscores,
        Escaping::Dots,
        Escaping::Values,
    ];

    /// Returns the scheme as Accept names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Escaping::AllowUtf8 => "allow-utf-8",
            Escaping::Underscores => "underscores",
            Escaping::Dots => "dots",
            Escaping::Values => "values",
        }
    }

    /// Returns the scheme that Accept names `name`; an unknown one means `underscores`.
    #[must_use]
    pub fn named(name: &str) -> Escaping {
        let mut all = Escaping::ALL.into_iter();
        all.find(|scheme| scheme.name() == name).unwrap_or_default()
    }

    /// Returns the name of a metric in this scheme.
    ///
    /// An exposition leaves classic names as they are, under `dots` too. Under `values`,
    /// this function also escapes a classic name that begins with `U__`.
    ///
    /// ```
    /// use exporter_workbook::exposition::Escaping;
    ///
    /// assert_eq!(Escaping::Values.escape("http.status:sum"), "U__http_2e_status:sum");
    /// ```
    #[must_use]
    pub fn escape(self, name: &str) -> String {
        self.escaped(name, true)
    }

    /// Returns the name of a label in this scheme; unlike a metric's, it can't have `:`.
    pub(crate) fn escape_label(self, name: &str) -> String {
        self.escaped(name, false)
    }

    fn escaped(self, name: &str, colons: bool) -> String {
        let is_classic = if colons {
            is_metric_name
        } else {
            is_label_name
        };
        let is_kept = match self {
            Escaping::AllowUtf8 => true,
            Escaping::Values => is_classic(name) && !name.starts_with(MARK),
            Escaping::Underscores | Escaping::Dots => false,
        };
        if is_kept {
            return name.to_owned();
        }
        let mut escaped = String::new();
        if self == Escaping::Values {
            escaped.push_str(MARK);
        }
        for (at, c) in name.char_indices() {
            let is_allowed = c == '_'
                || (colons && c == ':')
                || c.is_ascii_alphabetic()
                || (at > 0 && c.is_ascii_digit());
            self.push(&mut escaped, c, is_allowed);
        }
        escaped
    }

    fn push(self, escaped: &mut String, c: char, is_allowed: bool) {
        match (self, c) {
            (Escaping::Dots | Escaping::Values, '_') => escaped.push_str("__"),
            _ if is_allowed => escaped.push(c),
            (Escaping::Dots, '.') => escaped.push_str("_dot_"),
            (Escaping::Dots, _) => escaped.push_str("__"),
            (Escaping::Values, _) => {
                escaped.push_str(&format!("_{:x}_", u32::from(c)));
            }
            (Escaping::Underscores | Escaping::AllowUtf8, _) => escaped.push('_'),
        }
    }
}

/// How a name begins that `values` has escaped.
const MARK: &str = "U__";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Returns the name that `values` has escaped, by Go's `model.UnescapeName`.
    fn unescaped(escaped: &str) -> String {
        let Some(mut rest) = escaped.strip_prefix(MARK) else {
            return escaped.to_owned();
        };
        let mut name = String::new();
        while let Some(at) = rest.find('_') {
            name.push_str(&rest[..at]);
            let (code, after) = rest[at + 1..].split_once('_').unwrap();
            name.push(match code {
                "" => '_',
                code => char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap(),
            });
            rest = after;
        }
        name + rest
    }

    /// Pseudorandom names of characters that escaping uses itself, and of any others.
    fn random_names() -> impl Iterator<Item = String> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut below = move |bound: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % bound
        };
        std::iter::repeat_with(move || {
            let mark = if below(4) == 0 { MARK } else { "" };
            let length = below(7);
            let characters = (0..length).map(|_| match below(8) {
                0..3 => '_',
                3 => ['U', '2', 'e', 'f'][below(4) as usize],
                4 => ['.', ':', '"', '\\', '\n'][below(5) as usize],
                5 => char::from_u32(below(0x11_0000) as u32).unwrap_or('😱'),
                6 => char::from(below(128) as u8),
                _ => ['é', '花', 'a'][below(3) as usize],
            });
            mark.to_owned() + &characters.collect::<String>()
        })
    }

    #[test]
    fn values_can_be_undone_and_no_two_names_are_escaped_alike() {
        for escape in [
            (|name| Escaping::Values.escape(name)) as fn(&str) -> String,
            |name| Escaping::Values.escape_label(name),
        ] {
            let mut names: HashMap<String, String> = HashMap::new();
            for name in random_names().take(100_000).filter(|name| !name.is_empty()) {
                let escaped = escape(&name);
                assert!(is_metric_name(&escaped), "{name:?}: {escaped}");
                assert_eq!(unescaped(&escaped), name);
                let first = names.entry(escaped.clone()).or_insert(name.clone());
                assert_eq!(*first, name, "{escaped}");
            }
        }
    }

    #[test]
    fn a_label_is_escaped_like_a_metric_but_for_colons() {
        let schemes = [Escaping::Underscores, Escaping::Dots, Escaping::Values];
        assert_eq!(
            schemes.map(|scheme| scheme.escape_label("1a:b_c")),
            ["_a_b_c", "__a__b__c", "U___31_a_3a_b__c"]
        );
        assert_eq!(
            schemes.map(|scheme| scheme.escape("1a:b_c")),
            ["_a:b_c", "__a:b__c", "U___31_a:b__c"]
        );
    }
}
