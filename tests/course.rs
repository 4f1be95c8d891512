//! The course checks itself: a lesson is one slug in each place, and a page shows nothing
//! but copies.
//!
//! `UPDATE_DOCS=1 cargo test --test course` rewrites the copies on the pages.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::PROGRAMS;

/// The names in `folder` that begin like a lesson, without their `ending`.
fn slugs(folder: &str, ending: &str) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // What insta leaves beside a snapshot that differs.
        .filter(|name| !name.ends_with(".snap.new"))
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .map(|name| match name.strip_suffix(ending) {
            Some(slug) => slug.to_owned(),
            None => panic!("{folder}/{name} does not end in {ending}"),
        })
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_lesson_is_one_slug_in_each_place() {
    let programs = slugs("src/bin", ".rs");
    assert_eq!(programs, slugs("docs/en", ".md"), "src/bin, docs/en");
    assert_eq!(programs, slugs("snapshots", ".snap"), "src/bin, snapshots");
    let tested = PROGRAMS.map(|(slug, _)| slug.to_owned()).into();
    assert_eq!(programs, tested, "src/bin, tests/support/mod.rs");
}

#[test]
fn a_program_says_what_it_is_in_its_first_lines() {
    for (slug, _) in PROGRAMS {
        let program = read(format!("src/bin/{slug}.rs"));
        let header: Vec<&str> = program
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .collect();
        let page = read(format!("docs/en/{slug}.md"));
        let title = page.lines().next().unwrap();
        assert_eq!(Some(header[0].trim()), title.strip_prefix("# "), "{slug}");
        assert!(header[2].starts_with(" Follows the section "), "{slug}");
        assert_eq!(header[4], format!(" Run it: `cargo run --bin {slug}`"));
        assert!(header[6].starts_with(" Expect "), "{slug}");
    }
}

#[test]
fn a_program_has_at_most_80_lines_of_at_most_88_columns() {
    for (slug, _) in PROGRAMS {
        let program = read(format!("src/bin/{slug}.rs"));
        assert!(program.lines().count() <= 80, "{slug}");
        for line in program.lines() {
            assert!(line.chars().count() <= 88, "{slug}: {line}");
        }
    }
}

#[test]
fn both_tables_of_lessons_name_each_lesson_with_its_title() {
    for (slug, _) in PROGRAMS {
        let page = read(format!("docs/en/{slug}.md"));
        let title = page
            .lines()
            .next()
            .unwrap()
            .trim_start_matches("# ")
            .to_owned();
        for (table, folder) in [("README.md", "docs/en/"), ("docs/en/README.md", "")] {
            let row = format!("| [`{slug}`]({folder}{slug}.md) | {title} |");
            assert!(read(table).contains(&row), "{table} lacks: {row}");
        }
    }
}

fn reference_pages() -> Vec<String> {
    let entries = fs::read_dir("docs/en/reference").unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<String> = paths
        .map(|path| path.into_os_string().into_string().unwrap())
        .filter(|path| path.ends_with(".md"))
        .collect();
    pages.sort();
    pages
}

#[test]
fn the_way_in_names_each_reference_page_with_its_title() {
    for path in reference_pages() {
        let page = read(&path);
        let title = page.lines().next().unwrap().trim_start_matches("# ");
        let link = format!("[{title}]({})", path.trim_start_matches("docs/en/"));
        let way_in = read("docs/en/README.md");
        assert!(way_in.contains(&link), "docs/en/README.md lacks: {link}");
    }
}

#[test]
fn the_page_from_go_to_rust_names_each_metric_of_the_collectors() {
    let page = read("docs/en/reference/go_to_rust.md");
    let snapshot = read("snapshots/04_process_runtime.snap");
    let types = snapshot
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.map(|line| line.split(' ').next().unwrap());
    let of_collectors =
        |name: &&str| name.starts_with("process_") || name.starts_with("rust_");
    for name in names.filter(of_collectors) {
        let named = [format!("`{name}`"), format!("`{name}{{version}}`")];
        assert!(
            named.iter().any(|name| page.contains(name)),
            "{name} is missing"
        );
    }
}

#[test]
fn a_block_on_a_page_is_what_its_source_says() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let lessons = slugs("docs/en", ".md").into_iter();
    let pages = lessons.map(|slug| format!("docs/en/{slug}.md"));
    let others = ["README.md", "docs/en/README.md"].map(str::to_owned);
    for path in pages.chain(others).chain(reference_pages()) {
        let page = read(&path);
        let mended = with_blocks_from_their_sources(&path, &page);
        if update {
            // Whole or not at all: other tests read the page meanwhile.
            let new = format!("{path}.new");
            fs::write(&new, mended).unwrap();
            fs::rename(&new, &path).unwrap();
            continue;
        }
        for (number, (is, should)) in page.lines().zip(mended.lines()).enumerate() {
            assert_eq!(
                is,
                should,
                "{path}:{} differs from its source: `git checkout src` takes an exercise \
                 back, `UPDATE_DOCS=1 cargo test --test course` copies a change to the \
                 page",
                number + 1
            );
        }
        assert_eq!(page.lines().count(), mended.lines().count(), "{path}");
    }
}

/// The page with every block that follows `<!-- from SOURCE -->` taken from its source.
fn with_blocks_from_their_sources(path: &str, page: &str) -> String {
    let mut mended = String::new();
    let mut lines = page.lines();
    let mut sourced = false;
    while let Some(line) = lines.next() {
        mended += &format!("{line}\n");
        let Some(source) = line
            .strip_prefix("<!-- from ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            assert!(
                sourced || !line.starts_with("```rust"),
                "{path}: a block of code without a source: {line}"
            );
            sourced = false;
            continue;
        };
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "{path}: no block follows {line}");
        let end = lines.find(|line| *line == "```");
        assert!(end.is_some(), "{path}: the block after {line} has no end");
        mended += &format!("{fence}\n{}```\n", block(source));
    }
    mended
}

/// What stands at `FILE#REGION` of a program, `FILE#FAMILY` of a snapshot, or in the
/// whole of a snapshot.
fn block(source: &str) -> String {
    let (file, part) = match source.split_once('#') {
        Some((file, part)) => (file, Some(part)),
        None => (source, None),
    };
    let text = read(file);
    match (file.strip_suffix(".snap"), part) {
        (Some(_), None) => format!("{}\n", snapshot_body(&text)),
        (Some(_), Some(family)) => family_of(snapshot_body(&text), family),
        (None, Some(region)) => region_of(file, &text, region),
        (None, None) => text,
    }
}

fn snapshot_body(snapshot: &str) -> &str {
    let (_, body) = snapshot.split_once("\n---\n").unwrap();
    body.trim_end()
}

/// The lines of one family: its HELP, its TYPE and its samples.
fn family_of(body: &str, family: &str) -> String {
    let belongs = |line: &&str| {
        let line = line
            .trim_start_matches("# HELP ")
            .trim_start_matches("# TYPE ");
        line.split([' ', '{']).next() == Some(family)
    };
    let lines: String = body
        .lines()
        .filter(belongs)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(!lines.is_empty(), "no family {family}");
    lines
}

/// The lines between `// ANCHOR: region` and its end, moved to the left margin.
fn region_of(file: &str, text: &str, region: &str) -> String {
    let is = |line: &str, mark: &str| line.trim() == format!("// {mark}: {region}");
    let start = text.lines().position(|line| is(line, "ANCHOR"));
    let end = text.lines().position(|line| is(line, "ANCHOR_END"));
    let (Some(start), Some(end)) = (start, end) else {
        panic!("{file} has no region {region}");
    };
    let lines: Vec<&str> = text.lines().collect();
    let lines = &lines[start + 1..end];
    let margin = |line: &&str| line.len() - line.trim_start().len();
    let filled = lines.iter().filter(|line| !line.is_empty());
    let margin = filled.map(margin).min().unwrap_or_default();
    lines
        .iter()
        .map(|line| format!("{}\n", line.get(margin..).unwrap_or_default()))
        .collect()
}
