//! The arguments of `cargo workbook`, and its help.
//!
//! They use clap's builder, not its derive macros: these enable features of `syn` that
//! nothing else here uses, so cargo would build the crate `prometheus` and the library
//! twice.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};

use crate::messages as m;
use crate::words::say;

/// The command line.
pub fn command() -> Command {
    let more = say(m::WITHOUT_COMMAND, []);
    let commands = [list(), task(), run(), check(), hint(), solution(), reset()];
    let commands = commands.into_iter().chain([next(), watch(), help()]);
    Command::new("cargo workbook")
        .bin_name("cargo workbook")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say(m::ABOUT_WORKBOOK, []))
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

/// The sections of a help text, with titles in the learner's language.
fn template(has_commands: bool) -> String {
    let usage = say(m::USAGE, [&"{usage}"]);
    let options = format!("{}\n{{options}}", say(m::OPTIONS, []));
    let parts = match has_commands {
        true => format!("{}\n{{subcommands}}", say(m::COMMANDS, [])),
        false => format!("{}\n{{positionals}}", say(m::ARGUMENTS, [])),
    };
    format!("{{about}}\n\n{usage}\n\n{parts}\n\n{options}{{after-help}}")
}

/// The help for all commands, or for the named one.
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
    let about = say(m::ABOUT_HELP, []);
    let command = Arg::new("of").value_name("COMMAND");
    let command = command.help(say(m::ABOUT_HELP_OF, []));
    Command::new("help").about(about).arg(command)
}

fn help_flag() -> Arg {
    let help = say(m::ABOUT_HELP_FLAG, []);
    let flag = Arg::new("help").long("help").short('h').help(help);
    flag.action(ArgAction::Help)
}

fn version() -> Arg {
    let help = say(m::ABOUT_VERSION, []);
    let flag = Arg::new("version").long("version").short('V').help(help);
    flag.action(ArgAction::Version)
}

/// For a check that is shown inside `watch`, whose output is not a terminal.
fn columns() -> Arg {
    let columns = Arg::new("columns").long("columns").hide(true);
    columns.value_parser(clap::value_parser!(u16).range(40..))
}

fn plain() -> Arg {
    let help = say(m::ABOUT_PLAIN, []);
    flag("plain", help)
}

fn language() -> Arg {
    let help = say(m::ABOUT_LANG, []);
    let language = Arg::new("language").long("language").help(help);
    let language = language.value_parser(["en", "zh"]);
    language.value_name("en|zh").hide_possible_values(true)
}

fn list() -> Command {
    Command::new("list").about(say(m::ABOUT_LIST, []))
}

fn task() -> Command {
    let about = say(m::ABOUT_TASK, []);
    Command::new("task").about(about).arg(lesson())
}

fn run() -> Command {
    let about = say(m::ABOUT_RUN, []);
    let address = say(m::ABOUT_ADDRESS, []);
    Command::new("run")
        .about(about)
        .arg(lesson())
        .arg(Arg::new("address").value_name("ADDRESS").help(address))
        .arg(flag("exercise", say(m::ABOUT_EXERCISE, [])))
}

fn check() -> Command {
    let about = say(m::ABOUT_CHECK, []);
    let all = say(m::ABOUT_CHECK_ALL, []);
    let program = say(m::ABOUT_PROGRAM, []);
    Command::new("check")
        .about(about)
        .arg(lesson())
        .arg(flag("all", all).conflicts_with("lesson"))
        .arg(path("program").requires("lesson").help(program))
        .arg(flag("watched", String::new()).hide(true))
}

fn hint() -> Command {
    Command::new("hint")
        .about(say(m::ABOUT_HINT, []))
        .arg(lesson())
        .arg(flag("all", say(m::ABOUT_HINT_ALL, [])))
}

fn solution() -> Command {
    let about = say(m::ABOUT_SOLUTION, []);
    Command::new("solution")
        .about(about)
        .arg(lesson())
        .arg(flag("anyway", say(m::ABOUT_ANYWAY, [])))
}

fn reset() -> Command {
    let about = say(m::ABOUT_RESET, []);
    let all = say(m::ABOUT_RESET_ALL, []);
    Command::new("reset")
        .about(about)
        .arg(lesson())
        .arg(flag("all", all).conflicts_with("lesson"))
        .arg(flag("yes", say(m::ABOUT_YES, [])))
}

fn next() -> Command {
    let about = say(m::ABOUT_NEXT, []);
    Command::new("next").about(about)
}

fn watch() -> Command {
    let about = say(m::ABOUT_WATCH, []);
    let poll = say(m::ABOUT_POLL, []);
    let watch = Command::new("watch").about(about).arg(lesson());
    watch.arg(flag("poll", poll))
}

/// The arguments with which the runner starts itself: see `guard.rs`.
fn hidden() -> [Command; 2] {
    let words = || {
        Arg::new("command")
            .value_parser(ValueParser::os_string())
            .num_args(1..)
            .last(true)
            .required(true)
    };
    [
        Command::new("guard")
            .arg(path("scratch"))
            .arg(flag("keep", String::new()))
            .arg(flag("full", String::new()))
            .arg(words()),
        Command::new("become")
            .arg(Arg::new("parent").long("parent").required(true))
            .arg(flag("limited", String::new()))
            .arg(flag("full", String::new()))
            .arg(words()),
    ]
    .map(|command| command.hide(true))
}

fn lesson() -> Arg {
    let help = say(m::ABOUT_NUMBER, []);
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

/// The arguments as typed. A lesson's number alone, or the path of its exercise, means
/// its task.
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

/// Read before the other arguments, since their help is in this language.
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
