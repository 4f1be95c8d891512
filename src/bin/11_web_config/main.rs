//! Web configuration
//!
//! Follows lesson 10: lesson 09's exporter, with TLS and a password for its clients.
//!
//! Run it: `cargo run --features tls --bin 11_web_config`
//!
//! Expect what lesson 09 serves. Run `prometheus/11_web_config.sh` and start it again
//! with `-- --web.config.file=prometheus/11_web_config.web.yml`: now
//! <https://127.0.0.1:9121> refuses clients without a certificate, and without the
//! password it responds with status 401.

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
