//! Errors in the arguments, in the learner's language.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::messages as m;
use crate::words::say;

/// The error in our own words, or else in clap's.
pub fn in_words(error: &Error) -> String {
    let said = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(error),
        ErrorKind::UnknownArgument => unknown_argument(error),
        ErrorKind::InvalidValue => no_such_value(error),
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::MissingRequiredArgument => missing(error),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => {
            argument(error).map(|all| say(m::GIVEN_TWICE, [&all]))
        }
        _ => None,
    };
    let said = said.unwrap_or_else(|| {
        let plain = error.to_string();
        let first = plain.lines().next().unwrap_or_default();
        first.trim_start_matches("error: ").to_owned()
    });
    let more = say(m::SEE_HELP, []);
    format!("{said}\n{more}")
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(&say(m::COMMA, []))),
        _ => None,
    }
}

/// The argument it is about: `--language` of `--language <LANGUAGE>`.
fn argument(error: &Error) -> Option<String> {
    let argument = context(error, ContextKind::InvalidArg)?;
    Some(format!("`{argument}`"))
}

fn with_suggestion(said: String, suggested: Option<String>) -> String {
    match suggested {
        Some(suggested) => {
            format!("{said}{}", say(m::DID_YOU_MEAN, [&suggested]))
        }
        None => said,
    }
}

fn unknown_command(error: &Error) -> Option<String> {
    let typed = context(error, ContextKind::InvalidSubcommand)?;
    let said = say(m::NO_SUCH_COMMAND, [&typed]);
    Some(with_suggestion(
        said,
        context(error, ContextKind::SuggestedSubcommand),
    ))
}

fn unknown_argument(error: &Error) -> Option<String> {
    let typed = context(error, ContextKind::InvalidArg)?;
    let said = match typed.starts_with('-') {
        true => say(m::NO_SUCH_OPTION, [&typed]),
        false => say(m::WORD_TOO_MANY, [&typed]),
    };
    Some(with_suggestion(
        said,
        context(error, ContextKind::SuggestedArg),
    ))
}

fn no_such_value(error: &Error) -> Option<String> {
    let argument = argument(error)?;
    let value = context(error, ContextKind::InvalidValue)?;
    let valid = context(error, ContextKind::ValidValue).unwrap_or_default();
    Some(match (value.as_str(), valid.as_str()) {
        ("", "") => say(m::NEEDS_VALUE, [&argument]),
        ("", valid) => say(m::NEEDS_VALUE_OF, [&argument, &valid]),
        (value, valid) => say(m::NOT_A_VALUE_OF, [&value, &argument, &valid]),
    })
}

fn conflict(error: &Error) -> Option<String> {
    let (one, other) = (argument(error)?, context(error, ContextKind::PriorArg)?);
    // An option conflicts with itself.
    Some(match one.contains(&other) {
        true => say(m::GIVEN_TWICE, [&one]),
        false => say(m::EXCLUDE_EACH_OTHER, [&one, &other]),
    })
}

fn missing(error: &Error) -> Option<String> {
    let missing = context(error, ContextKind::InvalidArg)?;
    Some(say(m::IS_MISSING, [&format!("`{missing}`")]))
}
