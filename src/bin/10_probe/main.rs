//! Probe many targets
//!
//! Follows lesson 09: one exporter for many Redis servers.
//!
//! Run it: `cargo run --bin 10_probe`
//!
//! Expect `probe_success` on
//! <http://127.0.0.1:9121/probe?target=127.0.0.1:6379>: 1 if a Redis server runs on
//! this machine, otherwise 0. The flag `--redis.allow` names the servers that it may
//! ask.

mod allowed;
mod handler;
mod probe;

// Unchanged, but for the address: it's that of the request's target.
#[path = "../09_redis_exporter/collector.rs"]
mod collector;
#[path = "../09_redis_exporter/connection.rs"]
mod connection;
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

use allowed::Allowed;
use server::Login;

#[derive(clap::Args)]
struct Flags {
    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    login: Login,
}

fn main() -> Result<(), Box<dyn Error>> {
    let about = About {
        name: "redis_exporter",
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("GIT_REVISION"),
        description: "Reports on Redis servers.",
        address: ":9121",
    };
    let (exporter, Flags { allowed, login }) = Exporter::start(about)?;
    // If the password can't be read, say so now.
    login.command()?;
    let probe = handler::probe(allowed, login, exporter.handler_opts());
    exporter.route("/probe", probe).run()?;
    Ok(())
}
