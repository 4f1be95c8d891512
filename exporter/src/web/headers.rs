//! The headers of `http_server_config`, which every response has.

use std::collections::BTreeMap;

use exporter_workbook::http::{HeaderName, HeaderValue};
use serde_saphyr::Spanned;

use super::config::at;

/// The headers that may be set, with their values if only these are possible.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

/// Returns the headers. One without a value isn't set.
///
/// # Errors
///
/// Returns an error if one can't be set, or not to its value.
pub fn headers(
    config: &BTreeMap<String, Spanned<Option<String>>>,
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = Vec::new();
    for (name, value) in config {
        let header = header(name, value.value.as_deref().unwrap_or_default());
        headers.extend(header.map_err(|message| at(value.defined, message))?);
    }
    Ok(headers)
}

fn header(
    name: &str,
    value: &str,
) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let mut known = HEADERS.iter();
    let Some((_, values)) = known.find(|(known, _)| known.eq_ignore_ascii_case(name))
    else {
        let names = HEADERS.map(|(name, _)| name).join(", ");
        return Err(format!("the header {name:?} can't be set, only {names}"));
    };
    if value.is_empty() {
        return Ok(None);
    }
    let is_known = values.iter().any(|known| known.eq_ignore_ascii_case(value));
    if !values.is_empty() && !is_known {
        let values = values.join(" or ");
        return Err(format!("the header {name} must be {values}, not {value:?}"));
    }
    match (name.parse(), value.parse()) {
        (Ok(name), Ok(value)) => Ok(Some((name, value))),
        _ => Err(format!("the header {name} can't have the value {value:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(yaml: &str) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        headers(&serde_saphyr::from_str(yaml).unwrap())
    }

    #[test]
    fn the_known_headers_are_set_and_one_without_a_value_is_not() {
        let yaml = "x-frame-options: DENY\nX-XSS-Protection:\nContent-Security-Policy: \
                    \"default-src 'self'\"\n";
        let headers = parsed(yaml).unwrap();
        let texts = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                ("content-security-policy", "default-src 'self'"),
                ("x-frame-options", "DENY"),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (yaml, expected) in [
            (
                "\nServer: a\n",
                "line 2, column 9: the header \"Server\" can't be set, only \
                 Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, \
                 X-XSS-Protection, Content-Security-Policy",
            ),
            (
                "X-Frame-Options: allow\n",
                "line 1, column 18: the header X-Frame-Options must be deny or \
                 sameorigin, not \"allow\"",
            ),
            (
                "X-XSS-Protection: \"a\\nb\"\n",
                "line 1, column 19: the header X-XSS-Protection can't have the value \
                 \"a\\nb\"",
            ),
        ] {
            assert_eq!(parsed(yaml).err().unwrap(), expected);
        }
    }
}
