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
         NN is a lesson's number, such as 02a, or the path of its exercise; without it a \
         command is about the lesson whose folder you are in, or else the one where you \
         are.\n\
         `cargo workbook 02a` is short for `cargo workbook task 02a`.",
        &[],
    );
    let commands = [list(), task(), run(), check(), hint(), solution(), reset()];
    let commands = commands.into_iter().chain([next(), watch(), help()]);
    Command::new("cargo workbook")
        .bin_name("cargo workbook")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say("The exercises of the exporter workbook", &[]))
        .after_help(more)
        .help_template(template(true))
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(version())
        .args([plain(), language(), help_flag(), columns()].map(|all| all.global(true)))
        .subcommands(commands.map(|all| all.help_template(template(false))))
        .subcommands(hidden())
}

/// The parts of a help, with their titles in the learner's language.
fn template(has_commands: bool) -> String {
    let usage = say("Usage: {}", &[&"{usage}"]);
    let options = format!("{}\n{{options}}", say("Options:", &[]));
    let parts = match has_commands {
        true => format!("{}\n{{subcommands}}", say("Commands:", &[])),
        false => format!("{}\n{{positionals}}", say("Arguments:", &[])),
    };
    format!("{{about}}\n\n{usage}\n\n{parts}\n\n{options}{{after-help}}")
}

/// The help of all commands, or of the one that is named.
pub fn help_of(name: Option<&str>) -> String {
    let mut all = command();
    all.build();
    let found = name.and_then(|name| all.find_subcommand_mut(name));
    let help = match found {
        Some(command) => command.render_help(),
        None => all.render_help(),
    };
    help.to_string()
}

fn help() -> Command {
    let about = say("Shows this, or what can be typed behind a command", &[]);
    let command = Arg::new("of").value_name("COMMAND");
    let command = command.help(say("A command, such as check", &[]));
    Command::new("help").about(about).arg(command)
}

fn help_flag() -> Arg {
    let help = say("Shows this", &[]);
    let flag = Arg::new("help").long("help").short('h').help(help);
    flag.action(ArgAction::Help)
}

fn version() -> Arg {
    let help = say("Shows the version", &[]);
    let flag = Arg::new("version").long("version").short('V').help(help);
    flag.action(ArgAction::Version)
}

/// For a check within a page, which is no terminal by itself.
fn columns() -> Arg {
    let columns = Arg::new("columns").long("columns").hide(true);
    columns.value_parser(clap::value_parser!(u16).range(40..))
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
    let language = language.value_parser(["en", "zh"]);
    language.value_name("en|zh").hide_possible_values(true)
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
        .arg(flag("watched", String::new()).hide(true))
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
    let poll = say(
        "Looks for changes twice a second, for a disk that does not tell of them",
        &[],
    );
    let watch = Command::new("watch").about(about).arg(lesson());
    watch.arg(flag("poll", poll))
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

/// What was typed; a lesson's number alone, or the path of its exercise, stands for its task.
pub fn typed() -> Vec<OsString> {
    let mut words: Vec<OsString> = env::args_os().collect();
    let mut at = 1;
    while let Some(word) = words.get(at).map(|word| word.to_string_lossy()) {
        match &*word {
            "--language" => at += 2,
            option if option.starts_with('-') => at += 1,
            word => {
                let is_path = word.contains(['/', '\\']) || word.ends_with(".rs");
                if is_path || word.starts_with(|c: char| c.is_ascii_digit()) {
                    words.insert(at, "task".into());
                }
                break;
            }
        }
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
