//! The flags.

use std::fmt::Display;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, value_parser};

/// Copies a folder, and reports whether that succeeded
#[derive(Parser)]
#[command(name = "13_push", version)]
pub struct Flags {
    /// The folder to copy
    #[arg(long, value_name = "FOLDER", default_value = "docs")]
    pub source: PathBuf,

    /// Where to copy it
    #[arg(long, value_name = "FOLDER", default_value = "target/backup")]
    pub destination: PathBuf,

    /// The value of the label `backup`, which is different for each backup
    #[arg(long, value_name = "NAME", default_value = "docs")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub name: String,

    /// The Pushgateway to report to, such as http://127.0.0.1:9091
    #[arg(long = "pushgateway.url", value_name = "URL")]
    pub gateway: Option<String>,

    /// How many seconds each of up to three pushes may take, with its second attempt
    #[arg(long = "push.timeout", value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u64).range(2..=600))]
    pub timeout: u64,

    /// The folder of node exporter's textfile collector to report to
    #[arg(long = "textfile.directory", value_name = "FOLDER")]
    pub directory: Option<PathBuf>,
}

/// Ends the program as `clap` does for a wrong flag: with the usage, and code 2.
pub fn wrong(error: impl Display) -> ! {
    Flags::command()
        .error(ErrorKind::ValueValidation, error)
        .exit()
}
