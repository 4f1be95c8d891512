//! Whether a response is compressed, and its compression.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::HandlerOpts;
use super::negotiate::elements;

/// Whether the client prefers gzip to the plain body, and the handler compresses; Go's
/// `httputil.NegotiateContentEncoding`, by which `*` and a tie mean the plain body.
pub fn is_gzipped(headers: &HeaderMap, opts: &HandlerOpts) -> bool {
    let accepted = elements(headers, &ACCEPT_ENCODING);
    let quality = |offer: &str| {
        let matching = accepted.iter().filter(|element| {
            element.value == "*" || element.value.eq_ignore_ascii_case(offer)
        });
        matching.map(|element| element.quality).fold(-1.0, f64::max)
    };
    let gzip = quality("gzip");
    !opts.disable_compression && gzip > 0.0 && gzip > quality("identity")
}

/// Compresses `body` at the fastest level: a scrape crosses a local network, where time is
/// dearer than bytes. `benches/README.md` has what flate2's backends need.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let buffer = Vec::with_capacity(body.len() / 8);
    let mut encoder = GzEncoder::new(buffer, Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}
