//! The frame of a stand-alone exporter: what every exporter has besides its collectors.
//!
//! That is the flags of the Prometheus ecosystem, a log in logfmt or JSON, the metric
//! `<name>_build_info`, a landing page, and `/-/healthy`. It stands on the library
//! [`exporter_workbook`], and is a package of its own because of the crates it needs.
//!
//! ```no_run
#![doc = include_str!("../../tests/pages/queue_exporter.rs")]
//! ```

mod flags;
mod log;
mod secret;
#[cfg(feature = "tls")]
mod web;

pub use self::secret::{SecretError, secret};
#[cfg(feature = "tls")]
pub use self::web::WebConfigError;

/// For the fuzz target, which is outside this crate.
#[cfg(all(fuzzing, feature = "tls"))]
#[doc(hidden)]
pub use self::web::check as check_web_config;

use std::net::TcpListener;
#[cfg(not(feature = "tls"))]
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, FromArgMatches};
use exporter_workbook::collectors::{BuildInfoCollector, ProcessCollector};
use exporter_workbook::debug_is_message;
use exporter_workbook::http::{Request, Response};
use exporter_workbook::promhttp::{
    self, BoxHandler, ErrorLog, Handler, HandlerErrorHandling, HandlerOpts, stderr_log,
};
use exporter_workbook::registry::{RegisterError, Registry};
use exporter_workbook::serve::{self, Landing, Limits, ServeError, Server};

use self::flags::Flags;
use self::log::Logger;

/// What an exporter is.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name, such as `redis_exporter`, with which `<name>_build_info` begins.
    pub name: &'static str,
    /// Its version, usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Its revision in version control, such as `option_env!("GIT_REVISION")`.
    pub revision: Option<&'static str>,
    /// A sentence on what it reports.
    pub description: &'static str,
    /// Where it listens without `--web.listen-address`, such as `:9121`. Prometheus's
    /// wiki lists the ports that other exporters have taken.
    pub address: &'static str,
}

/// Why an exporter can't start or serve.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// The file with the settings for TLS and authentication can't be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    WebConfig(#[from] WebConfigError),
    /// It was built without what the file sets.
    #[cfg(not(feature = "tls"))]
    #[error(
        "`--web.config.file={}` needs TLS, which this program was built without: lesson \
         11 adds the feature `tls`",
        .0.display()
    )]
    WithoutTls(PathBuf),
    /// It can't listen on an address.
    #[error("`--web.listen-address`: {0}")]
    Listen(ServeError),
    /// It can't serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A metric of the frame can't be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

debug_is_message!(ExporterError);

/// An exporter that holds its ports and doesn't serve yet.
pub struct Exporter {
    about: About,
    flags: Flags,
    listeners: Vec<TcpListener>,
    registry: Registry,
    routes: Vec<(String, BoxHandler)>,
    /// Waits for the signal that ends the exporter.
    stop: Box<dyn FnOnce() + Send>,
    #[cfg(feature = "tls")]
    web: Option<Arc<web::Web>>,
}

impl Exporter {
    /// Reads the command line, starts the log and opens the ports. Also returns the
    /// exporter's own flags: `F` is a struct that derives [`clap::Args`], or `()`.
    ///
    /// With `--help`, `--version` or a wrong flag, it prints the text and ends the
    /// program.
    ///
    /// # Errors
    ///
    /// Returns an error if a port can't be opened, if the name isn't the beginning of a
    /// metric name, or if the program was built without what a flag asks for.
    pub fn start<F: Args>(about: About) -> Result<(Exporter, F), ExporterError> {
        let command = flags::command::<F>(&about);
        let matches = command.get_matches();
        let own = F::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let flags =
            Flags::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        #[cfg(not(feature = "tls"))]
        if let Some(file) = flags.config_file {
            return Err(ExporterError::WithoutTls(file));
        }
        #[cfg(feature = "tls")]
        let web = flags.config_file.clone().map(web::Web::read).transpose()?;
        start_log(&flags);
        // Before the ports are open, because then somebody may know that it runs.
        let stop = Box::new(serve::stop_signal()?);
        let exporter = Exporter {
            listeners: listeners(&flags.listen_address)?,
            registry: Registry::new(),
            routes: Vec::new(),
            stop,
            about,
            flags,
            #[cfg(feature = "tls")]
            web: web.map(Arc::new),
        };
        exporter.register_own()?;
        Ok((exporter, own))
    }

    fn register_own(&self) -> Result<(), ExporterError> {
        let About { name, version, .. } = self.about;
        let build_info = BuildInfoCollector::new(name, version)
            .revision(self.about.revision.unwrap_or_default());
        self.registry.register(build_info)?;
        if !self.flags.disable_exporter_metrics {
            self.registry.register(ProcessCollector::new())?;
            #[cfg(feature = "tls")]
            if let Some(web) = &self.web {
                let web = web::WebConfigCollector::new(Arc::clone(web), name);
                self.registry.register(web)?;
            }
        }
        Ok(())
    }

    /// Returns the registry whose metrics are served.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the options for one more handler, such as that of `/probe`. All clones
    /// of what one call returns share one limit of concurrent scrapes,
    /// `--web.max-requests`, which the metrics' own path doesn't share.
    #[must_use]
    pub fn handler_opts(&self) -> HandlerOpts {
        HandlerOpts {
            error_log: Some(error_log()),
            error_handling: HandlerErrorHandling::ContinueOnError,
            max_requests_in_flight: self.flags.max_requests,
            enable_open_metrics: true,
            ..HandlerOpts::default()
        }
    }

    /// Adds a route, as [`Server::route`] does.
    #[must_use]
    pub fn route(mut self, path: &str, handler: impl Handler + 'static) -> Exporter {
        self.routes.push((path.to_owned(), Box::new(handler)));
        self
    }

    /// Serves until SIGINT or SIGTERM arrives and the responses in progress are sent.
    ///
    /// # Errors
    ///
    /// Returns an error if a route is invalid or defined twice, if a collector has a
    /// metric of the handler, or if the system refuses a thread.
    pub fn run(self) -> Result<(), ExporterError> {
        let metrics = self.metrics_handler()?;
        let landing = Landing::new(self.about.name)
            .description(self.about.description)
            .version(self.about.version);
        let healthy = format!("{} is healthy.\n", self.about.name);
        let mut listeners = self.listeners.into_iter();
        // The flag has a default, so there is one.
        let Some(first) = listeners.next() else {
            return Ok(());
        };
        let server = listeners.fold(Server::new(first), Server::listener);
        let server = server
            .landing(landing)
            .limits(limits(self.flags.max_requests))
            .log(error_log())
            .route(&self.flags.telemetry_path, metrics)
            .route("/-/healthy", move |_: &Request<()>| {
                Response::new(healthy.clone().into())
            });
        let routes = self.routes.into_iter();
        let server = routes.fold(server, |server, (path, handler)| {
            server.route(&path, handler)
        });
        #[cfg(feature = "tls")]
        let server = match self.web {
            Some(web) => web::apply(&web, server),
            None => server,
        };
        Ok(server.run_with(self.stop)?)
    }

    fn metrics_handler(&self) -> Result<BoxHandler, ExporterError> {
        let mut opts = self.handler_opts();
        if self.flags.disable_exporter_metrics {
            return Ok(promhttp::handler_for(&self.registry, opts)?);
        }
        opts.registry = Some(self.registry.clone());
        let handler = promhttp::handler_for(&self.registry, opts)?;
        let handler = promhttp::instrument_metric_handler(&self.registry, handler)?;
        Ok(Box::new(handler))
    }
}

/// Opens the ports, and those that systemd passes beyond their number.
fn listeners(addresses: &[String]) -> Result<Vec<TcpListener>, ExporterError> {
    let mut listeners = Vec::new();
    for address in addresses {
        listeners.push(serve::listen(address).map_err(ExporterError::Listen)?);
    }
    while let Some(listener) = serve::inherited()? {
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Returns limits with room for the scrapes of two paths and for other requests:
/// without it, probes that hang would keep Prometheus from `/metrics`.
fn limits(max_requests: usize) -> Limits {
    let defaults = Limits::default();
    let both = match max_requests {
        0 => 1024,
        limit => limit.saturating_mul(2).saturating_add(16),
    };
    Limits {
        connections: defaults.connections.max(both),
        ..defaults
    }
}

/// Starts the log of the `log` crate. A program that has one already keeps it.
fn start_log(flags: &Flags) {
    let level = flags.log_level.into();
    let logger = Logger::new(level, flags.log_format, stderr_log());
    if ::log::set_logger(Box::leak(Box::new(logger))).is_ok() {
        ::log::set_max_level(level);
    }
}

fn error_log() -> ErrorLog {
    Arc::new(|message: &str| ::log::error!("{message}"))
}
