//! The text of a web configuration file, whose paths are relative to the certificates of
//! the tests: it's accepted, or the error says why, and nothing is read that isn't a
//! file of a bounded size.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/certificates");
    if let Err(error) = exporter::check_web_config(text, Path::new(folder)) {
        assert!(!error.trim().is_empty());
    }
});
