//! `cargo workbook`: shows the exercises of the lessons, and checks them.

mod check;
mod commands;
mod compile;
mod course;
mod finding;
mod guard;
mod judge;
mod lint;
mod page;
mod program;
mod progress;
mod scrape;
mod screen;
#[cfg(test)]
#[path = "../../tests/tables/mod.rs"]
mod tables;
mod wanted;
mod watch;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use commands::Workbook;

/// The exercises of the exporter workbook. Without a command: where you are, and what is
/// next. NN is a lesson's number, such as 02a.
#[derive(Parser)]
#[command(name = "cargo workbook", bin_name = "cargo workbook")]
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Words instead of the bar: for a screen reader
    #[arg(long, global = true)]
    plain: bool,
    /// The language of tasks and hints (without this: zh where LANG is a Chinese one)
    #[arg(long, global = true, value_name = "LANGUAGE")]
    language: Option<Language>,
}

/// The languages that there are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the lessons, and what is done
    List,
    /// Runs a lesson's own program; Ctrl-C ends it
    Run {
        #[arg(value_name = "NN")]
        lesson: String,
        /// HOST:PORT to listen on, in place of the lesson's
        address: Option<String>,
        /// Runs your exercise instead
        #[arg(long)]
        exercise: bool,
    },
    /// Builds your exercise, starts it, scrapes it, and says what is wrong
    Check {
        #[arg(value_name = "NN")]
        lesson: Option<String>,
        /// Checks every lesson, a line each
        #[arg(long, conflicts_with = "lesson")]
        all: bool,
        /// Judges this program, already built, rather than your exercise
        #[arg(long, value_name = "FILE", requires = "lesson")]
        program: Option<PathBuf>,
    },
    /// Shows one hint more each time
    Hint {
        #[arg(value_name = "NN")]
        lesson: Option<String>,
    },
    /// Shows the solution, once your check has passed
    Solution {
        #[arg(value_name = "NN")]
        lesson: Option<String>,
        /// Also before it has passed
        #[arg(long)]
        anyway: bool,
    },
    /// Puts an exercise back as it was at first, and keeps a copy of yours
    Reset {
        #[arg(value_name = "NN", required_unless_present = "all")]
        lesson: Option<String>,
        /// Puts every exercise back
        #[arg(long, conflicts_with = "lesson")]
        all: bool,
        /// Does not ask first
        #[arg(long)]
        yes: bool,
    },
    /// Goes on to the next lesson that is not done
    Next,
    /// Checks again each time you save; Ctrl-C ends it
    Watch {
        #[arg(value_name = "NN")]
        lesson: Option<String>,
    },
    /// Runs a command until standard input ends
    #[command(hide = true)]
    Guard {
        #[arg(long)]
        scratch: Option<PathBuf>,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Becomes a command that ends with its parent
    #[command(hide = true)]
    Become {
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let done = run(Arguments::parse());
    done.unwrap_or_else(|error| {
        anstream::eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Some(Command::Guard { scratch, command }) => {
            return guard::guard(&command, scratch.as_ref());
        }
        Some(Command::Become { command }) => return guard::become_program(&command),
        _ => {}
    }
    let language = arguments.language.unwrap_or_else(language_of_the_user);
    let mut workbook = Workbook::open(&root()?, arguments.plain, language)?;
    match arguments.command {
        None => workbook.where_you_are(),
        Some(command) => dispatch(&mut workbook, command),
    }
}

fn dispatch(workbook: &mut Workbook, command: Command) -> Result<ExitCode> {
    match command {
        Command::List => workbook.list(),
        Command::Run {
            lesson,
            address,
            exercise,
        } => workbook.run(&lesson, address.as_deref(), exercise),
        Command::Check { all: true, .. } => workbook.check_all(),
        Command::Check {
            lesson, program, ..
        } => workbook.check(lesson.as_deref(), program.as_deref()),
        Command::Hint { lesson } => workbook.hint(lesson.as_deref()),
        Command::Solution { lesson, anyway } => {
            workbook.solution(lesson.as_deref(), anyway)
        }
        Command::Reset { lesson, yes, .. } => workbook.reset(lesson.as_deref(), yes),
        Command::Next => workbook.next(),
        Command::Watch { lesson } => workbook.watch(lesson.as_deref()),
        Command::Guard { .. } | Command::Become { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// The repository's top folder: cargo says where this package is.
fn root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR");
    let package = package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package).parent();
    Ok(root
        .context("the package `lessons` has no folder")?
        .to_owned())
}

fn language_of_the_user() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    match locale {
        Some(locale) if locale.starts_with("zh") => Language::Zh,
        _ => Language::En,
    }
}
