//! A Redis server: where it is, and how to log in there.

use std::path::PathBuf;

use exporter::{SecretError, secret};

pub struct Server {
    /// As `HOST:PORT`.
    pub address: String,
    pub login: Login,
}

/// Checks that a flag is an address.
pub fn address(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:[]%".contains(c);
    let is_host = !host.is_empty() && host.chars().all(is_name);
    // Without its brackets, an IPv6 address has no end.
    let is_clear = host.starts_with('[') == host.contains(':');
    match port.parse() {
        Ok(1..=u16::MAX) if is_host && is_clear && !port.starts_with('+') => {
            Ok(text.to_owned())
        }
        _ => Err("expected HOST:PORT, such as redis-1:6379 or [::1]:6379"),
    }
}

// ANCHOR: login
/// The password is never a flag: everyone on the machine can read a command line.
#[derive(clap::Args, Clone)]
pub struct Login {
    /// The user, if Redis has users
    #[arg(long = "redis.user", value_name = "NAME")]
    user: Option<String>,

    /// The file with the password; by default it is in the variable REDIS_PASSWORD
    #[arg(long = "redis.password-file", value_name = "FILE")]
    password_file: Option<PathBuf>,
}
// ANCHOR_END: login

impl Login {
    /// Returns the command that logs in, if there is a password or a user, who may have
    /// none. Reads the password each time, so that a new one needs no restart.
    pub fn command(&self) -> Result<Option<Vec<String>>, SecretError> {
        let password = secret(self.password_file.as_deref(), "REDIS_PASSWORD")?;
        if password.is_none() && self.user.is_none() {
            return Ok(None);
        }
        let words = ["AUTH".to_owned()].into_iter().chain(self.user.clone());
        Ok(Some(words.chain([password.unwrap_or_default()]).collect()))
    }
}
