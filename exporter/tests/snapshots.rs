//! What the programs of this package serve and print, recorded from the built binary.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use fake_redis::{Behaviour, FakeRedis, REDIS_7_0};
use redis_exporter::{RedisExporter, SLUG, ends};
use support::snapshot;

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the metrics of /proc are missing")]
fn redis_exporter_serves_what_redis_7_replies() {
    let redis = FakeRedis::start(Behaviour::info(REDIS_7_0));
    let exporter = RedisExporter::start(redis.address);
    snapshot::assert_text_format(SLUG, &exporter.program);
}

#[test]
fn redis_exporter_prints_its_flags() {
    let ended = ends(&["--help"]);
    assert_eq!(ended.code, Some(0));
    snapshot::assert_printed("09_redis_exporter_help", &ended.stdout);
}

#[test]
fn redis_exporter_prints_its_version() {
    let ended = ends(&["--version"]);
    assert_eq!(ended.code, Some(0));
    let version = concat!("redis_exporter ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(ended.stdout, version);
}
