//! Problems of a family's metadata: the wrong help text, or a TYPE or HELP for a name
//! without samples.

use crate::course::Judge;
use crate::page::{Family, Page};
use crate::wanted::{Found, fails, family};

/// The first line of this kind for a name without samples: most likely it was meant for
/// the name that lacks one.
pub fn lost(page: &Page, line: fn(&Family) -> Option<String>) -> String {
    let lost = page.families.iter().filter(|all| all.samples.is_empty());
    let line = lost.filter_map(line).next();
    line.map_or_else(String::new, |line| format!("\n{line}"))
}

pub fn type_line(family: &Family) -> Option<String> {
    let line = format!("# TYPE {} {}", family.name, family.kind);
    (!family.kind.is_empty()).then_some(line)
}

pub fn help_line(family: &Family) -> Option<String> {
    let help = family.help.as_deref()?;
    Some(format!("# HELP {} {help}", family.name))
}

/// Checks that the family has this help text and no other.
///
/// # Errors
///
/// Returns the help text it has.
pub fn of_help_text(
    judge: &Judge,
    page: &Page,
    name: &str,
    text: Option<&str>,
) -> Found {
    let help = family(page, name).and_then(|found| found.help.as_deref());
    match text {
        Some(text) if help != Some(text) => {
            let seen = format!("# HELP {name} {}", help.unwrap_or_default());
            fails(judge, &seen, &format!("# HELP {name} {text}"))
        }
        _ => Ok(()),
    }
}
