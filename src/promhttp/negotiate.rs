//! What a request asks for: the format, the compression, the names, the time it waits.

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName};
use http::{Request, Uri};

/// A format that a scrape can be answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    OpenMetrics1,
    /// What clients older than OpenMetrics 1.0.0 ask for: the same under another name.
    OpenMetrics0,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics1 => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
            Format::OpenMetrics0 => {
                "application/openmetrics-text; version=0.0.1; charset=utf-8"
            }
        }
    }

    /// The first known one of the highest quality, as Go's `expfmt.Negotiate` chooses;
    /// unlike there, quality 0 refuses, and a parameter may be quoted. A client that
    /// takes neither gets text, and never status 406.
    pub fn negotiate(headers: &HeaderMap, open_metrics: bool) -> Format {
        let mut accepted = elements(headers, &ACCEPT);
        accepted.sort_by(|a, b| b.quality.total_cmp(&a.quality));
        accepted
            .iter()
            .filter(|element| element.quality > 0.0)
            .find_map(|element| Format::named(element, open_metrics))
            .unwrap_or(Format::Text)
    }

    fn named(element: &Element<'_>, open_metrics: bool) -> Option<Format> {
        let is = |name: &str| element.value.eq_ignore_ascii_case(name);
        let version = element.parameter("version").unwrap_or_default();
        if is("text/plain") && matches!(version, "" | "0.0.4") {
            return Some(Format::Text);
        }
        if !open_metrics || !is("application/openmetrics-text") {
            return None;
        }
        match version {
            "1.0.0" => Some(Format::OpenMetrics1),
            "" | "0.0.1" => Some(Format::OpenMetrics0),
            _ => None,
        }
    }
}

/// Whether the client would rather have gzip than the plain body; Go's
/// `httputil.NegotiateContentEncoding`, by which `*` and a tie are for the plain body.
pub fn wants_gzip(headers: &HeaderMap) -> bool {
    let accepted = elements(headers, &ACCEPT_ENCODING);
    let quality = |offer: &str| {
        let matching = accepted.iter().filter(|element| {
            element.value == "*" || element.value.eq_ignore_ascii_case(offer)
        });
        matching.map(|element| element.quality).fold(-1.0, f64::max)
    };
    let gzip = quality("gzip");
    gzip > 0.0 && gzip > quality("identity")
}

/// The names that `?name[]=a&name[]=b` asks for; none is all.
pub fn names(uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == "name[]")
        .map(|(_, name)| name.into_owned())
        .collect()
}

/// How long Prometheus waits for this scrape, if it says so.
pub fn scrape_timeout(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("x-prometheus-scrape-timeout-seconds")?;
    let seconds: f64 = seconds.to_str().ok()?.trim().parse().ok()?;
    let timeout = Duration::try_from_secs_f64(seconds).ok()?;
    (!timeout.is_zero()).then_some(timeout)
}

/// One element of a header such as Accept.
struct Element<'a> {
    value: &'a str,
    parameters: &'a str,
    quality: f64,
}

impl<'a> Element<'a> {
    fn parameter(&self, name: &str) -> Option<&'a str> {
        parameter(self.parameters, name)
    }
}

/// The elements of a header in their order, without those whose quality is none.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<Element<'a>> {
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

/// RFC 9110, section 12.4.2: a number from 0 to 1, and 1 where it is missing.
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
    pub names: Vec<String>,
}

impl Asked {
    pub fn by(request: &Request<()>, open_metrics: bool, gzip: bool) -> Asked {
        let headers = request.headers();
        Asked {
            format: Format::negotiate(headers, open_metrics),
            gzip: gzip && wants_gzip(headers),
            names: names(request.uri()),
        }
    }
}
