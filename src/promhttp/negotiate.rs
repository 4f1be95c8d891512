//! What a request asks for: the format, the compression, the names.

use http::header::{ACCEPT, HeaderMap, HeaderName};
use http::{Request, Uri};

use super::HandlerOpts;
use super::gzip::is_gzipped;
use crate::exposition::{Escaping, Format};

/// Returns the first known format of the highest quality, as Go's `expfmt.Negotiate`
/// does; unlike there, quality 0 refuses a format, parameters may be quoted, and
/// `escaping` counts only for its own format. A client that accepts no known format
/// gets text, never status 406.
fn format(headers: &HeaderMap, opts: &HandlerOpts) -> Format {
    let mut accepted = elements(headers, &ACCEPT);
    accepted.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    let format = accepted
        .iter()
        .filter(|element| element.quality > 0.0)
        .find_map(|element| named(element, opts.enable_open_metrics))
        .unwrap_or(Format::TEXT);
    match opts.enable_open_metrics_text_created_samples {
        true => format.with_created_samples(),
        false => format,
    }
}

fn named(element: &Element<'_>, open_metrics: bool) -> Option<Format> {
    let is = |name: &str| element.value.eq_ignore_ascii_case(name);
    let version = element.parameter("version").unwrap_or_default();
    let format = match version {
        "" | "0.0.4" if is("text/plain") => Format::TEXT,
        "1.0.0" if is("text/plain") => Format::TEXT_1_0_0,
        _ if !open_metrics || !is("application/openmetrics-text") => return None,
        "1.0.0" => Format::OPEN_METRICS_1_0_0,
        "" | "0.0.1" => Format::OPEN_METRICS_0_0_1,
        _ => return None,
    };
    Some(match element.parameter("escaping") {
        Some(name) => format.with_escaping(Escaping::named(name)),
        // The response to clients that don't know escaping is as it always was.
        None => format,
    })
}

/// Returns the names in `?name[]=a&name[]=b`; none selects all families.
fn names(uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == "name[]")
        .map(|(_, name)| name.into_owned())
        .collect()
}

/// One element of a header such as Accept.
pub struct Element<'a> {
    pub value: &'a str,
    parameters: &'a str,
    pub quality: f64,
}

impl<'a> Element<'a> {
    fn parameter(&self, name: &str) -> Option<&'a str> {
        parameter(self.parameters, name)
    }
}

/// Returns the elements of a header in order, without those whose quality is invalid.
pub fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<Element<'a>> {
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .filter_map(|element| {
            let (value, parameters) = element.split_once(';').unwrap_or((element, ""));
            Some(Element {
                value: value.trim(),
                parameters,
                quality: quality(parameters)?,
            })
        })
        .collect()
}

/// Parses a quality (RFC 9110, section 12.4.2): a number from 0 to 1, by default 1.
fn quality(parameters: &str) -> Option<f64> {
    let Some(text) = parameter(parameters, "q") else {
        return Some(1.0);
    };
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    let quality = text.parse().ok().filter(|_| plain);
    quality.filter(|quality| (0.0..=1.0).contains(quality))
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// All that a request asks for.
pub struct Asked {
    pub format: Format,
    pub gzip: bool,
    names: Vec<String>,
}

impl Asked {
    pub fn by(request: &Request<()>, opts: &HandlerOpts) -> Asked {
        let headers = request.headers();
        Asked {
            format: format(headers, opts),
            gzip: is_gzipped(headers, opts),
            names: names(request.uri()),
        }
    }

    /// Returns whether the request asks for the family `name`.
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}
