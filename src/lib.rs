//! The library that the numbered programs use and that your own exporter can build on.
//!
//! - [`desc`]: descriptors of metrics: name, help text, type, labels
//! - [`collect`]: collectors, which report metrics at each scrape
//! - [`registry`]: registries, which check collectors and gather what they report
//! - [`collectors`]: ready-made collectors for the process, the Rust runtime and the
//!   build
//! - [`buckets`]: bounds for the crate's histograms
//! - [`summary`]: the metric type that the `prometheus` crate lacks
//! - [`vector`]: metrics and metric vectors whose labels stay rendered
//! - [`exposition`]: families as text, in Prometheus's format and in OpenMetrics
//! - [`promhttp`]: handlers, which turn a registry into HTTP responses
//! - [`serve`]: the HTTP server
//! - [`testutil`]: helpers for a program's own tests
//!
//! The metric types are those of the [`prometheus`] crate, with or without its feature
//! `protobuf`. The library re-exports that crate and [`http`], whose types handlers
//! use.

// These macros panic if standard output or error can't be written, which would cost a
// scrape.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod buckets;
pub mod collect;
pub mod collectors;
pub mod desc;
pub mod exposition;
mod message;
mod names;
pub mod promhttp;
pub mod registry;
pub mod serve;
pub mod summary;
pub mod testutil;
pub mod vector;

pub use http;
pub use prometheus;
/// For [`Server::tls`](serve::Server::tls), whose settings are of this version.
#[cfg(feature = "tls")]
pub use rustls;
