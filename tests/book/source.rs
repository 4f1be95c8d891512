//! The sources of the blocks on the pages.

use similar::{ChangeTag, TextDiff};

use super::page::Page;

/// Returns the page with every block that names a source copied from there.
///
/// # Errors
///
/// Returns an error if a source doesn't exist, with the line of its block.
pub fn with_blocks_from_their_sources(page: &Page) -> Result<String, (usize, String)> {
    let mut updated = String::new();
    let mut blocks = page.blocks.iter();
    let mut lines = page.text.lines().zip(1..);
    while let Some((line, _)) = lines.next() {
        updated += &format!("{line}\n");
        if !line.starts_with("```") {
            continue;
        }
        let Some(block) = blocks.next() else { break };
        match &block.source {
            Some(source) => {
                updated += &content_of(source).map_err(|error| (block.line, error))?;
            }
            None => updated += &block.content,
        }
        updated += "```\n";
        lines.find(|(line, _)| *line == "```");
    }
    Ok(updated)
}

/// Returns the content of `FILE#REGION` of a program, of `FILE#FAMILY` of a snapshot,
/// of a whole file, or of `diff FILE FILE`.
fn content_of(source: &str) -> Result<String, String> {
    if let Some(files) = source.strip_prefix("diff ") {
        let (old, new) = files.split_once(' ').ok_or("a diff is of two files")?;
        return Ok(step(&existing(old)?, &existing(new)?));
    }
    let (file, part) = match source.split_once('#') {
        Some((file, part)) => (file, Some(part)),
        None => (source, None),
    };
    let text = existing(file)?;
    match (file.strip_suffix(".snap"), part) {
        (Some(_), None) => Ok(format!("{}\n", snapshot_body(&text))),
        (Some(_), Some(family)) => family_of(snapshot_body(&text), family),
        (None, Some(region)) => region_of(file, &text, region),
        (None, None) => Ok(text),
    }
}

fn existing(file: &str) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))
}

fn snapshot_body(snapshot: &str) -> &str {
    let (_, body) = snapshot.split_once("\n---\n").unwrap_or_default();
    body.trim_end()
}

/// Returns the lines of one family: its HELP, its TYPE and its samples.
fn family_of(body: &str, family: &str) -> Result<String, String> {
    let belongs = |line: &&str| {
        let line = line
            .trim_start_matches("# HELP ")
            .trim_start_matches("# TYPE ");
        line.split([' ', '{']).next() == Some(family)
    };
    let lines = body.lines().filter(belongs);
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    if lines.is_empty() {
        return Err(format!("there is no family {family}"));
    }
    Ok(lines)
}

/// Returns the lines between `// ANCHOR: region` and its end, moved to the left margin.
/// In YAML the marks begin with `#`.
fn region_of(file: &str, text: &str, region: &str) -> Result<String, String> {
    let is = |line: &str, mark: &str| {
        let line = line.trim();
        ["//", "#"]
            .iter()
            .any(|sign| line == format!("{sign} {mark}: {region}"))
    };
    let start = text.lines().position(|line| is(line, "ANCHOR"));
    let end = text.lines().position(|line| is(line, "ANCHOR_END"));
    let (Some(start), Some(end)) = (start, end) else {
        return Err(format!(
            "{file} has no `// ANCHOR: {region}` with its `// ANCHOR_END: {region}`"
        ));
    };
    let lines: Vec<&str> = text.lines().collect();
    let lines = &lines[start + 1..end];
    let margin = |line: &&str| line.len() - line.trim_start().len();
    let filled = lines.iter().filter(|line| !line.is_empty());
    let margin = filled.map(margin).min().unwrap_or_default();
    let moved = lines
        .iter()
        .map(|line| format!("{}\n", line.get(margin..).unwrap_or_default()));
    Ok(moved.collect())
}

/// Returns the lines that differ, each with one line around it, without comments and
/// empty lines.
fn step(old: &str, new: &str) -> String {
    let (old, new) = (code_of(old), code_of(new));
    let diff = TextDiff::from_lines(&old, &new);
    let mut shown = String::new();
    for group in diff.grouped_ops(1) {
        if !shown.is_empty() {
            shown += "@@\n";
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            shown += &format!("{sign}{change}");
        }
    }
    shown
}

fn code_of(program: &str) -> String {
    let is_code =
        |line: &&str| !line.is_empty() && !line.trim_start().starts_with("//");
    let lines = program.lines().filter(is_code);
    lines.map(|line| format!("{line}\n")).collect()
}
