//! A Redis exporter
//!
//! Follows lesson 07: an exporter of its own, for a system that you have.
//!
//! Run it: `cargo run --bin 09_redis_exporter`
//!
//! Expect `redis_up` on <http://127.0.0.1:9121/metrics>: 1 if a Redis server runs on
//! this machine, otherwise 0. The flag `--help` shows what else it can do.

mod collector;
mod connection;
mod flags;
mod info;
mod metrics;
mod protocol;
mod resolve;
mod server;

use std::error::Error;

use exporter::{About, Exporter};

use collector::RedisCollector;
use flags::Flags;
use server::Server;

fn main() -> Result<(), Box<dyn Error>> {
    let about = About {
        name: "redis_exporter",
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("GIT_REVISION"),
        description: "Reports on a Redis server.",
        address: ":9121",
    };
    let (exporter, Flags { addr, login }) = Exporter::start(about)?;
    // If the password can't be read, say so now.
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
