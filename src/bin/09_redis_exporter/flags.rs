//! The flags of this exporter; those of every exporter are in the package `exporter`.

use crate::server::{Login, address};

#[derive(clap::Args)]
pub struct Flags {
    /// The address of the Redis server, as HOST:PORT
    #[arg(long = "redis.addr", value_name = "ADDRESS")]
    #[arg(default_value = "127.0.0.1:6379", value_parser = address)]
    pub addr: String,

    #[command(flatten)]
    pub login: Login,
}
