//! Web configuration
//!
//! Follows lesson 10: the exporter of lesson 09, which serves its metrics over TLS, to
//! clients with a certificate and a password.
//!
//! Run it: `prometheus/11_web_config.sh` makes the certificates, then
//! `cargo run --features tls --bin 11_web_config --
//! --web.config.file=prometheus/11_web_config.web.yml`
//!
//! Expect status 401 on <https://127.0.0.1:9121/metrics> without the password, and no
//! connection at all without the certificate.

// All of it is unchanged: neither TLS nor the password is a matter of the collector.
#[path = "../09_redis_exporter/collector.rs"]
mod collector;
#[path = "../09_redis_exporter/connection.rs"]
mod connection;
#[path = "../09_redis_exporter/flags.rs"]
mod flags;
#[path = "../09_redis_exporter/info.rs"]
mod info;
#[path = "../09_redis_exporter/metrics.rs"]
mod metrics;
#[path = "../09_redis_exporter/protocol.rs"]
mod protocol;
#[path = "../09_redis_exporter/resolve.rs"]
mod resolve;
#[path = "../09_redis_exporter/server.rs"]
mod server;

use std::error::Error;

use exporter::{About, Exporter};

use collector::RedisCollector;
use flags::Flags;
use server::Server;

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let about = About {
        name: "redis_exporter",
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("GIT_REVISION"),
        description: "Reports on a Redis server.",
        address: ":9121",
    };
    // Reads the file that `--web.config.file` names, because of the feature `tls`.
    let (exporter, Flags { addr, login }) = Exporter::start(about)?;
    // If the password of Redis can't be read, say so now.
    login.command()?;
    let redis = Server {
        address: addr,
        login,
    };
    exporter
        .registry()
        .must_register(RedisCollector::new(redis));
    exporter.run()?;
    Ok(())
}
// ANCHOR_END: main
