//! `cargo workbook`: shows the exercises of the lessons, and checks them.

mod check;
mod commands;
mod compile;
mod course;
mod finding;
mod guard;
mod hints;
mod judge;
mod lint;
mod page;
mod program;
mod progress;
mod reset;
mod scrape;
mod screen;
#[cfg(test)]
#[path = "../../tests/tables/mod.rs"]
mod tables;
mod wanted;
mod watch;
mod words;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use commands::Workbook;
use words::say;

/// The exercises of the exporter workbook
#[derive(Parser)]
#[command(name = "cargo workbook", bin_name = "cargo workbook")]
#[command(after_help = "Without a command: where you are, and what is next.\n\
                        NN is a lesson's number, such as 02a; without it a command is \
                        about the lesson where you are.\n\
                        `cargo workbook 02a` is short for `cargo workbook task 02a`.")]
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Leaves out the progress bar, which a screen reader would spell out
    #[arg(long, global = true)]
    plain: bool,
    /// The language to speak (without this: zh where LANG is a Chinese one)
    #[arg(long, global = true, value_name = "LANGUAGE")]
    language: Option<Language>,
}

/// The languages that there are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    En,
    Zh,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the lessons, and what is done
    List,
    /// Shows the task of a lesson, which is then where you are
    Task {
        /// A lesson's number
        #[arg(value_name = "NN")]
        lesson: Option<String>,
    },
    /// Runs a lesson's own program, or with --exercise yours; Ctrl-C ends it
    Run {
        /// A lesson's number
        #[arg(value_name = "NN")]
        lesson: Option<String>,
        /// HOST:PORT to listen on, in place of the lesson's
        address: Option<String>,
        /// Runs your exercise instead
        #[arg(long)]
        exercise: bool,
    },
    /// Builds your exercise, starts it, scrapes it, and says what is wrong
    Check {
        /// A lesson's number
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
        /// A lesson's number
        #[arg(value_name = "NN")]
        lesson: Option<String>,
        /// Shows all of them
        #[arg(long)]
        all: bool,
    },
    /// Shows our solution, once your check has passed or with --anyway
    Solution {
        /// A lesson's number
        #[arg(value_name = "NN")]
        lesson: Option<String>,
        /// Also before it has passed
        #[arg(long)]
        anyway: bool,
    },
    /// Puts an exercise back as it was at first, and keeps a copy of yours
    Reset {
        /// A lesson's number
        #[arg(value_name = "NN")]
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
        /// A lesson's number
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
    let typed = typed();
    if is_for_chinese(&typed) {
        words::speak_chinese();
    }
    let matches = translated(Arguments::command()).get_matches_from(typed);
    let done = Arguments::from_arg_matches(&matches);
    let done = done.map_err(Into::into).and_then(run);
    done.unwrap_or_else(|error| {
        screen::error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

/// The help in the learner's language.
fn translated(mut command: clap::Command) -> clap::Command {
    if let Some(about) = command.get_about().map(ToString::to_string) {
        command = command.about(say(&about, &[]));
    }
    if let Some(more) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(say(&more, &[]));
    }
    let names = command
        .get_subcommands()
        .map(|all| all.get_name().to_owned());
    for name in names.collect::<Vec<_>>() {
        command = command.mut_subcommand(name, translated);
    }
    command.mut_args(|argument| match argument.get_help() {
        Some(help) => {
            let help = say(&help.to_string(), &[]);
            argument.help(help)
        }
        None => argument,
    })
}

/// What was typed; a lesson's number alone stands for its task.
fn typed() -> Vec<OsString> {
    let mut words: Vec<OsString> = env::args_os().collect();
    let first = words.get(1).map(|word| word.to_string_lossy().into_owned());
    if first.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        words.insert(1, "task".into());
    }
    words
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Some(Command::Guard { scratch, command }) => {
            return guard::guard(&command, scratch.as_ref());
        }
        Some(Command::Become { command }) => return guard::become_program(&command),
        _ => {}
    }
    let mut workbook = Workbook::open(&root()?, arguments.plain)?;
    match arguments.command {
        None => workbook.where_you_are(),
        Some(command) => dispatch(&mut workbook, command),
    }
}

fn dispatch(workbook: &mut Workbook, command: Command) -> Result<ExitCode> {
    match command {
        Command::List => workbook.list(),
        Command::Task { lesson } => workbook.show_task(lesson.as_deref()),
        Command::Run {
            lesson,
            address,
            exercise,
        } => workbook.run(lesson.as_deref(), address.as_deref(), exercise),
        Command::Check { all: true, .. } => workbook.check_all(),
        Command::Check {
            lesson, program, ..
        } => workbook.check(lesson.as_deref(), program.as_deref()),
        Command::Hint { lesson, all } => workbook.hint(lesson.as_deref(), all),
        Command::Solution { lesson, anyway } => {
            workbook.solution(lesson.as_deref(), anyway)
        }
        Command::Reset { lesson, all, yes } => {
            workbook.reset(lesson.as_deref(), all, yes)
        }
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

/// Looked at before the arguments are read, since their help is to be in that language.
fn is_for_chinese(typed: &[OsString]) -> bool {
    let typed = typed.iter().map(|word| word.to_string_lossy());
    let typed: Vec<_> = typed.collect();
    let mut languages = typed.windows(2).filter(|two| two[0] == "--language");
    let asked = languages.next().map(|two| two[1].to_string());
    let joined = typed
        .iter()
        .find_map(|word| word.strip_prefix("--language="));
    match asked.or(joined.map(ToOwned::to_owned)) {
        Some(language) => language == "zh",
        None => language_of_the_user() == Language::Zh,
    }
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

/// What the help says.
#[cfg(test)]
fn texts_of_the_help() -> Vec<String> {
    let command = Arguments::command();
    let all = [&command].into_iter().chain(command.get_subcommands());
    let shown = all.filter(|command| !command.is_hide_set());
    let texts = shown.flat_map(|command| {
        let own = [command.get_about(), command.get_after_help()];
        let of_arguments = command.get_arguments().map(clap::Arg::get_help);
        own.into_iter().chain(of_arguments)
    });
    texts.flatten().map(ToString::to_string).collect()
}
