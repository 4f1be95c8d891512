//! `cargo workbook`: shows the exercises of the lessons, and checks them.

mod answers;
mod arguments;
mod ask;
mod background;
mod changes;
mod channel;
mod check;
mod commands;
mod compile;
mod course;
mod finding;
mod folder;
mod growth;
mod guard;
mod guarded;
mod guessed;
mod hints;
mod html;
mod job;
mod judge;
#[cfg(unix)]
mod keys;
mod leak;
mod limits;
mod lint;
mod listening;
mod lost;
mod messages;
mod mutants;
#[cfg(not(unix))]
mod no_keys;
mod page;
mod place;
mod printed;
mod processes;
mod program;
mod progress;
mod reference;
mod refusal;
mod report;
mod reported;
mod reset;
mod rule;
mod rules;
mod saves;
mod scrape;
mod screen;
mod seen;
mod source;
mod spread;
mod starts;
mod steady;
#[cfg(test)]
#[path = "../../tests/tables/mod.rs"]
mod tables;
mod terminal;
#[cfg(test)]
#[path = "../../tests/versions/mod.rs"]
mod versions;
mod wanted;
mod watch;
mod words;
mod wrap;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use commands::Workbook;
use guard::Limits;
use screen::{Manner, Screen};

fn main() -> ExitCode {
    let typed = arguments::typed();
    if arguments::is_for_chinese(&typed) {
        words::speak_chinese();
    }
    let done = match arguments::command().try_get_matches_from(typed) {
        Ok(matches) => run(&matches),
        Err(error) => refuse(&error),
    };
    done.unwrap_or_else(|error| {
        screen::error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

/// Shows the requested help, or says what is wrong with the arguments.
fn refuse(error: &clap::Error) -> Result<ExitCode> {
    if !error.use_stderr() {
        return shown(&error.render().to_string());
    }
    screen::error(&refusal::in_words(error));
    Ok(ExitCode::from(2))
}

/// Shows a text by clap.
fn shown(text: &str) -> Result<ExitCode> {
    let mut screen = Screen::new(Manner::of_output(true, None));
    screen.columns_of_two(text);
    screen.show()?;
    Ok(ExitCode::SUCCESS)
}

fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("guard", of)) => {
            let scratch = of.get_one::<PathBuf>("scratch").cloned();
            let scratch = scratch.map(|folder| guard::Scratch {
                folder,
                is_kept: of.get_flag("keep"),
                is_full: of.get_flag("full"),
            });
            guard::guard(&words_of(of), scratch.as_ref())
        }
        Some(("become", of)) => {
            let parent = of.get_one::<String>("parent").map_or("", String::as_str);
            let limits = match (of.get_flag("limited"), of.get_flag("full")) {
                (_, true) => Limits::FullDisk,
                (true, false) => Limits::Usual,
                (false, false) => Limits::None,
            };
            guard::become_program(&words_of(of), parent, limits)
        }
        Some(("help", of)) => {
            let name = of.get_one::<String>("of").map(String::as_str);
            shown(&arguments::help_of(name))
        }
        command => {
            let columns = matches.get_one::<u16>("columns");
            let columns = columns.map(|columns| usize::from(*columns));
            let manner = Manner::of_output(matches.get_flag("plain"), columns);
            dispatch(&mut Workbook::open(&root()?, manner)?, command)
        }
    }
}

/// The command to start, with its arguments.
fn words_of(matches: &ArgMatches) -> Vec<OsString> {
    let words = matches.get_many::<OsString>("command");
    words.unwrap_or_default().cloned().collect()
}

fn dispatch(
    workbook: &mut Workbook,
    command: Option<(&str, &ArgMatches)>,
) -> Result<ExitCode> {
    let Some((name, of)) = command else {
        return workbook.where_you_are();
    };
    let value = |name: &str| of.get_one::<String>(name).map(String::as_str);
    // Not every command has every argument.
    let flag = |name: &str| {
        let given = of.try_get_one::<bool>(name);
        given.ok().flatten().is_some_and(|given| *given)
    };
    let lesson = match name {
        "list" | "next" => None,
        _ => value("lesson"),
    };
    match name {
        "list" => workbook.list(),
        "task" => workbook.show_task(lesson),
        "run" => workbook.run(lesson, value("address"), flag("exercise")),
        "check" if flag("all") => workbook.check_all(),
        "check" => {
            let program = of.get_one::<PathBuf>("program").map(PathBuf::as_path);
            workbook.is_watching = flag("watched");
            workbook.check(lesson, program)
        }
        "hint" => workbook.hint(lesson, flag("all")),
        "solution" => workbook.solution(lesson, flag("anyway")),
        "reset" => workbook.reset(lesson, flag("all"), flag("yes")),
        "next" => workbook.next(),
        "watch" => workbook.watch(lesson, flag("poll")),
        other => bail!("the command `{other}` is not implemented"),
    }
}

/// The repository's top folder: cargo sets this package's folder.
fn root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR");
    let package = package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package).parent();
    Ok(root
        .context("the package `lessons` has no folder")?
        .to_owned())
}
