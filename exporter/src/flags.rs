//! The flags of every exporter, with the names and meanings that they have in the
//! Prometheus ecosystem.

use std::path::PathBuf;

use clap::{Args, Command, ValueEnum};
use log::LevelFilter;

use crate::About;
use crate::log::Format;

/// Without a group and with the flags' names as ids, so that an exporter's own struct
/// and its fields may have any names.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every exporter")]
#[group(skip)]
pub struct Flags {
    /// Where to listen: HOST:PORT, or :PORT for every address; repeatable
    #[arg(id = "web.listen-address", long = "web.listen-address")]
    #[arg(value_name = "ADDRESS")]
    pub listen_address: Vec<String>,

    /// The path of the metrics
    #[arg(id = "web.telemetry-path", long = "web.telemetry-path")]
    #[arg(value_name = "PATH", default_value = "/metrics")]
    pub telemetry_path: String,

    /// The settings for TLS and authentication
    #[arg(id = "web.config.file", long = "web.config.file")]
    #[arg(value_name = "FILE")]
    pub config_file: Option<PathBuf>,

    /// How many scrapes may run at once; 0 means no limit
    #[arg(id = "web.max-requests", long = "web.max-requests")]
    #[arg(value_name = "NUMBER", default_value_t = 40)]
    pub max_requests: usize,

    /// Leaves out the metrics of the exporter itself: process_* and promhttp_*
    #[arg(
        id = "web.disable-exporter-metrics",
        long = "web.disable-exporter-metrics"
    )]
    pub disable_exporter_metrics: bool,

    /// The least severe messages that are logged
    #[arg(id = "log.level", long = "log.level")]
    #[arg(value_name = "LEVEL", default_value = "info")]
    pub log_level: Level,

    /// The format of the log
    #[arg(id = "log.format", long = "log.format")]
    #[arg(value_name = "FORMAT", default_value = "logfmt")]
    pub log_format: Format,
}

/// The levels of Prometheus's own programs: `log` has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> LevelFilter {
        match level {
            Level::Debug => LevelFilter::Debug,
            Level::Info => LevelFilter::Info,
            Level::Warn => LevelFilter::Warn,
            Level::Error => LevelFilter::Error,
        }
    }
}

/// Returns the command line of an exporter whose own flags are `F`.
pub fn command<F: Args>(about: &About) -> Command {
    let command = Command::new(about.name).version(about.version);
    Flags::augment_args(F::augment_args(command))
        .mut_arg("web.listen-address", |flag| {
            flag.default_value(about.address)
        })
        // Last, because clap also takes it from the comment above a struct of flags.
        .about(about.description)
        .long_about(None)
}

#[cfg(test)]
mod tests {
    use clap::{Error, FromArgMatches};

    use super::*;

    #[derive(Args)]
    struct Own {
        #[arg(long = "redis.addr", default_value = "127.0.0.1:6379")]
        addr: String,
    }

    const ABOUT: About = About {
        name: "redis_exporter",
        version: "1.2.3",
        revision: None,
        description: "Reports on a Redis server.",
        address: ":9121",
    };

    fn parse(arguments: &[&str]) -> Result<(Flags, Own), Error> {
        let arguments = [&["redis_exporter"], arguments].concat();
        let matches = command::<Own>(&ABOUT).try_get_matches_from(arguments)?;
        let own = Own::from_arg_matches(&matches)?;
        Flags::from_arg_matches(&matches).map(|flags| (flags, own))
    }

    #[test]
    fn without_flags_the_defaults_are_those_of_the_ecosystem() {
        let (flags, own) = parse(&[]).unwrap();
        assert_eq!(flags.listen_address, [":9121"]);
        assert_eq!(flags.telemetry_path, "/metrics");
        assert_eq!(flags.config_file, None);
        assert_eq!(flags.max_requests, 40);
        assert!(!flags.disable_exporter_metrics);
        assert_eq!(flags.log_level, Level::Info);
        assert_eq!(flags.log_format, Format::Logfmt);
        assert_eq!(own.addr, "127.0.0.1:6379");
    }

    #[test]
    fn flags_may_be_written_with_and_without_an_equals_sign() {
        let (flags, own) = parse(&[
            "--web.listen-address=127.0.0.1:1",
            "--web.listen-address",
            "[::1]:2",
            "--web.telemetry-path=/m",
            "--web.max-requests",
            "0",
            "--web.disable-exporter-metrics",
            "--log.level=error",
            "--log.format=json",
            "--redis.addr=redis:6380",
        ])
        .unwrap();
        assert_eq!(flags.listen_address, ["127.0.0.1:1", "[::1]:2"]);
        assert_eq!(flags.telemetry_path, "/m");
        assert_eq!(flags.max_requests, 0);
        assert!(flags.disable_exporter_metrics);
        assert_eq!(flags.log_level, Level::Error);
        assert_eq!(flags.log_format, Format::Json);
        assert_eq!(own.addr, "redis:6380");
    }

    #[test]
    fn an_exporters_own_flags_may_have_the_frames_names_of_rust_items() {
        #[derive(Args)]
        struct Flags {
            #[arg(long = "config.file")]
            config_file: Option<PathBuf>,
        }
        // Which clap only checks with debug assertions, as in a dependent package.
        let command = command::<Flags>(&ABOUT);
        let ids = command.get_arguments().map(|flag| flag.get_id().as_str());
        let groups = command.get_groups().map(|group| group.get_id().as_str());
        let mut ids: Vec<&str> = ids.chain(groups).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{ids:?}");
        let matches = command.get_matches_from(["test", "--config.file=a"]);
        let own = Flags::from_arg_matches(&matches).unwrap();
        assert_eq!(own.config_file, Some(PathBuf::from("a")));
    }

    #[test]
    fn a_wrong_flag_or_value_is_named_with_what_is_possible() {
        for (argument, expected) in [
            (
                "--web.listen-adress=:1",
                "a similar argument exists: '--web.listen-address'",
            ),
            (
                "--log.level=loud",
                "[possible values: debug, info, warn, error]",
            ),
            ("--log.format=xml", "[possible values: logfmt, json]"),
            ("--web.max-requests=-1", "'--web.max-requests"),
            (":9121", "unexpected argument ':9121' found"),
        ] {
            let error = parse(&[argument]).err().unwrap().to_string();
            assert!(error.contains(expected), "{argument}: {error}");
        }
    }

    #[test]
    fn help_describes_the_program_and_the_version_is_the_programs() {
        let help = parse(&["--help"]).err().unwrap().to_string();
        let start = "Reports on a Redis server.\n\nUsage: redis_exporter [OPTIONS]\n";
        assert!(help.starts_with(start), "{help}");
        let version = parse(&["--version"]).err().unwrap().to_string();
        assert_eq!(version, "redis_exporter 1.2.3\n");
    }
}
