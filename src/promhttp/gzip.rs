//! Negotiation of compression, and the compression itself.

use std::io::Write;
use std::mem;

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

/// Text in pieces, compressed at the fastest level: a scrape crosses a local network,
/// where time costs more than bytes. `benches/README.md` compares flate2's backends.
pub struct Gzip<T> {
    text: T,
    /// `None` once it is finished.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<T> Gzip<T> {
    pub fn new(text: T) -> Gzip<T> {
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Gzip {
            text,
            encoder: Some(encoder),
        }
    }
}

impl<T: Iterator<Item = Vec<u8>>> Iterator for Gzip<T> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        /// How long a piece is at least, unless it is the last one.
        const PIECE: usize = 16 * 1024;
        let encoder = self.encoder.as_mut()?;
        // Writing to memory doesn't fail.
        for text in &mut self.text {
            let _ = encoder.write_all(&text);
            if encoder.get_ref().len() >= PIECE {
                return Some(mem::take(encoder.get_mut()));
            }
        }
        self.encoder.take()?.finish().ok()
    }
}
