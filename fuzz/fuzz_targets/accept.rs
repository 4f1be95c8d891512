//! For any Accept header, the response is in one of the formats, and in the text format
//! unless the header names another.

#![no_main]

use exporter_workbook::promhttp::{Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::{Gathered, gatherer_fn};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let opts = HandlerOpts {
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    let handler = handler_for(gatherer_fn(Gathered::default), opts).unwrap();
    let request = Request::builder().header("accept", value).body(()).unwrap();
    let (parts, body) = handler.handle(&request).into_parts();
    let body = body.into_bytes();
    assert_eq!(parts.status, 200);
    let content_type = parts.headers["content-type"].to_str().unwrap();
    let header = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let mut parts = content_type.splitn(2, "; escaping=");
    let format = parts.next().unwrap();
    if let Some(escaping) = parts.next() {
        let known = ["allow-utf-8", "underscores", "dots", "values"];
        assert!(known.contains(&escaping), "{content_type}");
        assert!(header.contains("escaping"));
    }
    match format {
        "text/plain; version=0.0.4; charset=utf-8" => {
            assert_eq!(body, b"");
        }
        "text/plain; version=1.0.0; charset=utf-8" => {
            assert!(header.contains("text/plain"));
            assert!(header.contains("1.0.0"));
            assert_eq!(body, b"");
        }
        "application/openmetrics-text; version=1.0.0; charset=utf-8" => {
            assert!(header.contains("application/openmetrics-text"));
            assert!(header.contains("1.0.0"));
            assert_eq!(body, b"# EOF\n");
        }
        "application/openmetrics-text; version=0.0.1; charset=utf-8" => {
            assert!(header.contains("application/openmetrics-text"));
            assert_eq!(body, b"# EOF\n");
        }
        other => panic!("{other}"),
    }
});
