//! The servers that may be probed. Without such a list, whoever reaches the exporter
//! chooses what it connects to, and gets the password sent there.

use crate::server::address;

// ANCHOR: allowed
#[derive(clap::Args)]
pub struct Allowed {
    /// A server that may be probed, as HOST:PORT; repeatable, or separated by commas
    #[arg(long = "redis.allow", value_name = "ADDRESS", value_delimiter = ',')]
    #[arg(default_value = "127.0.0.1:6379", value_parser = address)]
    servers: Vec<String>,
}

impl Allowed {
    /// Returns the server that `target` names, if it may be probed: the whole address
    /// is compared, not a part of it.
    pub fn find(&self, target: &str) -> Option<&str> {
        let mut servers = self.servers.iter().map(String::as_str);
        servers.find(|server| server.eq_ignore_ascii_case(target))
    }
}
// ANCHOR_END: allowed
