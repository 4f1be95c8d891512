//! What `--web.config.file` sets: TLS, headers, a rate limit and passwords. The file
//! and those that it names are read again whenever they change; one that is wrong
//! changes nothing.

mod auth;
mod certificates;
mod clients;
mod config;
mod files;
mod headers;
mod layer;
mod limit;
mod metrics;
mod settings;
mod tls;

pub use self::config::WebConfigError;
pub use self::layer::apply;
pub use self::metrics::WebConfigCollector;
pub use self::settings::Web;
/// For the fuzz target, which is outside this crate.
#[cfg(fuzzing)]
#[doc(hidden)]
pub use self::settings::check;
