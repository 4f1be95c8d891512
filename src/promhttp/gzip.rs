//! Negotiation of compression, and the compression itself.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::HandlerOpts;
use super::negotiate::elements;

/// Returns whether the handler compresses and the client prefers gzip to the plain
/// body; Go's `httputil.NegotiateContentEncoding`, in which `*` and a tie mean the
/// plain body.
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

/// Compresses `body` at the fastest level: a scrape crosses a local network, where time
/// costs more than bytes. `benches/README.md` compares flate2's backends.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let buffer = Vec::with_capacity(body.len() / 8);
    let mut encoder = GzEncoder::new(buffer, Compression::fast());
    // Writing to memory doesn't fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}
