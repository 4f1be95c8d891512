//! For any Accept-Encoding header, the exposition is the same, and is compressed only
//! if the header names gzip.

#![no_main]

use std::io::Read;

use exporter_workbook::promhttp::{Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::{Gathered, gatherer_fn};
use flate2::read::GzDecoder;
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use prometheus::Gauge;
use prometheus::core::Collector;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let gauge = Gauge::new("queue_length", "Items.").unwrap();
    let gatherer = gatherer_fn(move || Gathered::from(gauge.collect()));
    let handler = handler_for(gatherer, HandlerOpts::default()).unwrap();
    let request = Request::builder();
    let request = request.header("accept-encoding", value).body(()).unwrap();
    let (parts, body) = handler.handle(&request).into_parts();
    assert_eq!(parts.status, 200);
    let mut body = body.into_bytes();
    if let Some(encoding) = parts.headers.get("content-encoding") {
        assert_eq!(encoding, "gzip");
        assert!(
            String::from_utf8_lossy(bytes)
                .to_ascii_lowercase()
                .contains("gzip")
        );
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    let text =
        "# HELP queue_length Items.\n# TYPE queue_length gauge\nqueue_length 0\n";
    assert_eq!(body, text.as_bytes());
});
