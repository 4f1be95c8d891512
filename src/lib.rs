//! The small library that the numbered programs stand on, and that an exporter may copy.
//!
//! - [`gather`]: families from a registry, plus the errors met on the way
//! - [`register`]: putting collectors into a registry
//! - [`const_metric`]: metrics made anew at each scrape
//! - [`collectors`]: the process and the Rust runtime as metrics
//! - [`summary`]: the metric type that the SDK lacks
//! - [`exposition`]: families as text, in Prometheus's format and in OpenMetrics
//! - [`promhttp`]: from a registry to an HTTP response
//! - [`serve`]: the listener that carries it
//!
//! The package `prometheus` is used without its default feature `protobuf`, with which its
//! types are others: a program that builds on this library turns it off as well, by
//! `default-features = false`.

pub mod collectors;
pub mod const_metric;
pub mod exposition;
pub mod gather;
mod names;
mod numbers;
pub mod promhttp;
pub mod register;
pub mod serve;
mod short;
pub mod summary;
