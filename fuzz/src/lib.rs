//! What the targets share: inputs that the fuzzer makes, and a reader that checks what the
//! library makes of them.
//!
//! - [`number`]: numbers that can be compared
//! - [`reader`]: a strict reader of both formats
//! - [`served`]: what must hold of everything that is served
//! - [`parts`]: names, texts, numbers and times, often ones that are allowed
//! - [`families`]: families of the `prometheus` crate
//! - [`scripts`]: what a collector is told to do
//! - [`collectors`]: collectors that do it

pub mod collectors;
pub mod families;
pub mod number;
pub mod parts;
pub mod reader;
pub mod scripts;
pub mod served;
