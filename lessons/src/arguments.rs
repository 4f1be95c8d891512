//! What can be typed behind `cargo workbook`, and its help.
//!
//! By clap's builder and not its derive, which asks for features of `syn` that nothing else
//! here has: with them cargo would build the crate `prometheus` and the library twice.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};

use crate::words::say;

/// The command line.
pub fn command() -> Command {
    let more = say(
        "Without a command: where you are, and what is next.\n\
         NN is a lesson's number, such as 02a; without it a command is about the lesson \
         where you are.\n\
         `cargo workbook 02a` is short for `cargo workbook task 02a`.",
        &[],
    );
    Command::new("cargo workbook")
        .bin_name("cargo workbook")
        .about(say("The exercises of the exporter workbook", &[]))
        .after_help(more)
        .disable_help_subcommand(true)
        .args([plain(), language()].map(|all| all.global(true)))
        .subcommands([list(), task(), run(), check(), hint(), solution(), reset()])
        .subcommands([next(), watch()])
        .subcommands(hidden())
}

fn plain() -> Arg {
    let help = say(
        "Leaves out the progress bar, which a screen reader would spell out",
        &[],
    );
    flag("plain", help)
}

fn language() -> Arg {
    let help = say(
        "The language to speak (without this: zh where LANG is a Chinese one)",
        &[],
    );
    let language = Arg::new("language").long("language").help(help);
    language.value_name("LANGUAGE").value_parser(["en", "zh"])
}

fn list() -> Command {
    Command::new("list").about(say("Lists the lessons, and what is done", &[]))
}

fn task() -> Command {
    let about = say(
        "Shows the task of a lesson, which is then where you are",
        &[],
    );
    Command::new("task").about(about).arg(lesson())
}

fn run() -> Command {
    let about = say(
        "Runs a lesson's own program, or with --exercise yours; Ctrl-C ends it",
        &[],
    );
    let address = say("HOST:PORT to listen on, in place of the lesson's", &[]);
    Command::new("run")
        .about(about)
        .arg(lesson())
        .arg(Arg::new("address").value_name("ADDRESS").help(address))
        .arg(flag("exercise", say("Runs your exercise instead", &[])))
}

fn check() -> Command {
    let about = say(
        "Builds your exercise, starts it, scrapes it, and says what is wrong",
        &[],
    );
    let all = say("Checks every lesson, a line each", &[]);
    let program = say(
        "Judges this program, already built, rather than your exercise",
        &[],
    );
    Command::new("check")
        .about(about)
        .arg(lesson())
        .arg(flag("all", all).conflicts_with("lesson"))
        .arg(path("program").requires("lesson").help(program))
}

fn hint() -> Command {
    Command::new("hint")
        .about(say("Shows one hint more each time", &[]))
        .arg(lesson())
        .arg(flag("all", say("Shows all of them", &[])))
}

fn solution() -> Command {
    let about = say(
        "Shows our solution, once your check has passed or with --anyway",
        &[],
    );
    Command::new("solution")
        .about(about)
        .arg(lesson())
        .arg(flag("anyway", say("Also before it has passed", &[])))
}

fn reset() -> Command {
    let about = say(
        "Puts an exercise back as it was at first, and keeps a copy of yours",
        &[],
    );
    let all = say("Puts every exercise back", &[]);
    Command::new("reset")
        .about(about)
        .arg(lesson())
        .arg(flag("all", all).conflicts_with("lesson"))
        .arg(flag("yes", say("Does not ask first", &[])))
}

fn next() -> Command {
    let about = say("Goes on to the next lesson that is not done", &[]);
    Command::new("next").about(about)
}

fn watch() -> Command {
    let about = say("Checks again each time you save; Ctrl-C ends it", &[]);
    Command::new("watch").about(about).arg(lesson())
}

/// What the runner starts itself by: `guard.rs`.
fn hidden() -> [Command; 2] {
    let words = || {
        Arg::new("command")
            .value_parser(ValueParser::os_string())
            .num_args(1..)
            .last(true)
            .required(true)
    };
    [
        Command::new("guard").arg(path("scratch")).arg(words()),
        Command::new("become")
            .arg(Arg::new("parent").long("parent").required(true))
            .arg(flag("limited", String::new()))
            .arg(words()),
    ]
    .map(|command| command.hide(true))
}

fn lesson() -> Arg {
    let help = say("A lesson's number", &[]);
    Arg::new("lesson").value_name("NN").help(help)
}

fn flag(name: &'static str, help: String) -> Arg {
    let flag = Arg::new(name).long(name).help(help);
    flag.action(ArgAction::SetTrue)
}

fn path(name: &'static str) -> Arg {
    let path = Arg::new(name).long(name).value_name("FILE");
    path.value_parser(clap::value_parser!(PathBuf))
}

/// What was typed; a lesson's number alone stands for its task.
pub fn typed() -> Vec<OsString> {
    let mut words: Vec<OsString> = env::args_os().collect();
    let first = words.get(1).map(|word| word.to_string_lossy().into_owned());
    if first.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        words.insert(1, "task".into());
    }
    words
}

/// Looked at before the arguments are read, since their help is to be in that language.
pub fn is_for_chinese(typed: &[OsString]) -> bool {
    let typed = typed.iter().map(|word| word.to_string_lossy());
    let typed: Vec<_> = typed.collect();
    let mut languages = typed.windows(2).filter(|two| two[0] == "--language");
    let asked = languages.next().map(|two| two[1].to_string());
    let joined = typed
        .iter()
        .find_map(|word| word.strip_prefix("--language="));
    match asked.or(joined.map(ToOwned::to_owned)) {
        Some(language) => language == "zh",
        None => is_the_user_chinese(),
    }
}

fn is_the_user_chinese() -> bool {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| locale.starts_with("zh"))
}
