//! The library that the numbered programs stand on, and that an exporter can build on.
//!
//! - [`desc`]: what a metric is: name, help text, type, labels
//! - [`collect`]: what reports metrics at each scrape
//! - [`registry`]: collectors that agree with each other, and what they report
//! - [`collectors`]: the process, the Rust runtime and the build as metrics
//! - [`buckets`]: bounds for the crate's histograms
//! - [`summary`]: the metric type that the `prometheus` crate lacks
//! - [`exposition`]: families as text, in Prometheus's format and in OpenMetrics
//! - [`promhttp`]: from a registry to an HTTP response
//! - [`serve`]: the listener that carries it
//! - [`testutil`]: what a program's own tests ask of its metrics
//!
//! The metric types are those of the [`prometheus`] crate, with its feature `protobuf` or
//! without. It and [`http`], whose types handlers use, are re-exported.

// They panic if standard output or error cannot be written, which would cost a scrape.
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

pub use http;
pub use prometheus;
