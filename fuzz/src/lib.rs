//! What the targets share: inputs that the fuzzer generates, and a reader that checks
//! the library's output.
//!
//! - [`number`]: numbers that can be compared
//! - [`reader`]: a strict reader of both formats
//! - [`served`]: properties of everything that is served
//! - [`parts`]: names, texts, numbers and times, often valid ones
//! - [`families`]: families of the `prometheus` crate
//! - [`scripts`]: scripts for collectors
//! - [`collectors`]: collectors that follow them

pub mod collectors;
pub mod families;
pub mod number;
pub mod parts;
pub mod reader;
pub mod scripts;
pub mod served;
