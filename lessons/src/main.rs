//! `cargo workbook`: shows the exercises of the lessons, and checks them.

mod answers;
mod arguments;
mod ask;
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
mod hints;
mod html;
mod judge;
mod leak;
mod limits;
mod lint;
mod listening;
mod page;
mod printed;
mod processes;
mod program;
mod progress;
mod reference;
mod report;
mod reported;
mod reset;
mod rules;
mod scrape;
mod screen;
mod seen;
mod spread;
mod steady;
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

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use commands::Workbook;

fn main() -> ExitCode {
    let typed = arguments::typed();
    if arguments::is_for_chinese(&typed) {
        words::speak_chinese();
    }
    let matches = arguments::command().get_matches_from(typed);
    run(&matches).unwrap_or_else(|error| {
        screen::error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("guard", of)) => {
            guard::guard(&words_of(of), of.get_one::<PathBuf>("scratch"))
        }
        Some(("become", of)) => {
            let parent = of.get_one::<String>("parent").map_or("", String::as_str);
            guard::become_program(&words_of(of), parent, of.get_flag("limited"))
        }
        command => {
            let mut workbook = Workbook::open(&root()?, matches.get_flag("plain"))?;
            dispatch(&mut workbook, command)
        }
    }
}

/// The words of a command to start.
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
            workbook.check(lesson, program)
        }
        "hint" => workbook.hint(lesson, flag("all")),
        "solution" => workbook.solution(lesson, flag("anyway")),
        "reset" => workbook.reset(lesson, flag("all"), flag("yes")),
        "next" => workbook.next(),
        "watch" => workbook.watch(lesson),
        other => bail!("nobody wrote the command `{other}`"),
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
