//! The course checks itself: a lesson has one slug in each place, a page shows only
//! copies, its translation is up to date, and its commands and links work.
//!
//! `UPDATE_DOCS=1 cargo test --test course` rewrites the copies on the pages.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod book;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use book::page::{Page, Section};
use book::source::with_blocks_from_their_sources;
use book::{Problems, is_update, pages_in, read, replace};
use support::{PROGRAMS, files_of, main_of};

/// The headings of the two documents that a program may follow.
const SECTIONS: [&str; 13] = [
    "简单粗暴",
    "使用SDK",
    "默认指标",
    "自定义指标",
    "指标采集",
    "Gauges",
    "Counters",
    "Histograms",
    "Summaries",
    "指标注册",
    "默认注册表",
    "自定义注册表",
    "采集器",
];

/// The sections of a lesson's page, in order.
const OF_A_LESSON: [&str; 7] = [
    "What you will see",
    "How it works",
    "Go beside Rust",
    "What to watch out for",
    "In Prometheus",
    "Exercise",
    "Further reading",
];

/// The sections of a lesson that the Go documents don't have: those from 06 on.
fn sections_of(slug: &str) -> Vec<&'static str> {
    let is_of_ours = |title: &&str| slug < "06" || *title != "Go beside Rust";
    OF_A_LESSON.into_iter().filter(is_of_ours).collect()
}

/// The lessons whose program isn't a step from another one.
const NO_STEP: [&str; 6] = [
    "00_raw_handler",
    "01_default_registry",
    "02e_registration",
    "12_service",
    "13_push",
    "14_million_series",
];

/// The programs that need a feature, with what cargo is passed for it.
const FEATURES: [(&str, &str); 2] = [
    ("11_web_config", "--features tls "),
    ("12_service", "--features axum "),
];

const LANGUAGES: [&str; 2] = ["en", "zh"];

/// Returns the names in `folder` that begin like a lesson, without their `ending`.
fn slugs(folder: &str, ending: &str) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // Left by insta beside a snapshot that differs.
        .filter(|name| !name.ends_with(".snap.new"))
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .map(|name| match name.strip_suffix(ending) {
            Some(slug) => slug.to_owned(),
            // A program of several files is a folder.
            None if folder == "src/bin" => name,
            None => panic!("{folder}/{name} does not end in {ending}"),
        })
        .collect()
}

fn lesson(language: &str, slug: &str) -> Page {
    Page::read(&format!("docs/{language}/{slug}.md"))
}

fn pages(folder: &str) -> Vec<Page> {
    pages_in(folder)
        .iter()
        .map(|path| Page::read(path))
        .collect()
}

/// Returns every page of the repository.
fn all_pages() -> Vec<Page> {
    let others = [
        "README.md",
        "README.zh.md",
        "CONTRIBUTING.md",
        "benches/README.md",
        "fuzz/README.md",
    ];
    let mut all = pages("docs");
    all.extend(others.map(Page::read));
    all
}

#[test]
fn a_lesson_is_one_slug_in_each_place() {
    let mut problems = Problems::default();
    let programs = slugs("src/bin", ".rs");
    let tested = PROGRAMS.map(|(slug, _)| slug.to_owned()).into();
    for (place, ending, there) in [
        ("docs/en", ".md", slugs("docs/en", ".md")),
        ("docs/zh", ".md", slugs("docs/zh", ".md")),
        ("snapshots", ".snap", slugs("snapshots", ".snap")),
        ("lessons", "/", slugs("lessons", "")),
        ("tests/support/mod.rs", "", tested),
    ] {
        for slug in programs.difference(&there) {
            let what = format!("src/bin/{slug} has no {slug}{ending} here");
            problems.add(place, 0, &what, "add it, or remove the program");
        }
        for slug in there.difference(&programs) {
            let what = format!("there is no src/bin/{slug} for this {slug}{ending}");
            problems.add(place, 0, &what, "`git mv` it to the program's name");
        }
    }
    problems.assert_none();
}

#[test]
fn a_program_says_what_it_is_in_its_first_lines() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        let path = main_of(slug);
        let program = read(&path);
        let header = program.lines().map_while(|line| line.strip_prefix("//!"));
        let header: Vec<&str> = header.map(str::trim).collect();
        for (at, holds, fix) in header_rules(slug) {
            let line = header.get(at).copied().unwrap_or_default();
            let what = format!("the header says {line:?}");
            problems.unless(holds(line), &path, at + 1, [&what, &fix]);
        }
    }
    problems.assert_none();
}

type Rule = Box<dyn Fn(&str) -> bool>;

/// Returns the lines of a header that have a form, each with its check and the expected
/// text.
fn header_rules(slug: &str) -> [(usize, Rule, String); 4] {
    let title = lesson("en", slug).title().to_owned();
    let feature = FEATURES.iter().find(|(name, _)| *name == slug);
    let feature = feature.map_or("", |(_, feature)| feature);
    let run = format!("Run it: `cargo run {feature}--bin {slug}`");
    let is_of_ours = slug >= "06";
    let follows = move |line: &str| {
        if is_of_ours {
            return line.starts_with("Follows lesson ");
        }
        let followed = line.strip_prefix("Follows the section ");
        let first = followed.and_then(|named| named.split([':', ',', ' ']).next());
        first.is_some_and(|first| SECTIONS.contains(&first))
    };
    let fix = |line: &str| format!("write `//! {line}`");
    let title_line = fix(&title) + ", the title of its page";
    let section_line = fix("Follows the section …, or from 06 on Follows lesson …")
        + ", with one of: ";
    let run_line = fix(&run);
    [
        (0, Box::new(move |line| line == title), title_line),
        (2, Box::new(follows), section_line + &SECTIONS.join(" ")),
        (4, Box::new(move |line| line == run), run_line),
        (
            6,
            Box::new(|line| line.starts_with("Expect ")),
            fix("Expect …"),
        ),
    ]
}

#[test]
fn a_program_has_at_most_80_lines_a_file_of_at_most_88_columns() {
    let mut problems = Problems::default();
    for path in PROGRAMS.iter().flat_map(|(slug, _)| files_of(slug)) {
        let program = read(&path);
        let count = program.lines().count();
        let what = format!("the file has {count} lines");
        let fix = "show less: 80 at most";
        problems.unless(count <= 80, &path, count, [&what, fix]);
        for (number, line) in (1..).zip(program.lines()) {
            let width = line.chars().count();
            let what = format!("this line has {width} columns");
            let fix = "`cargo fmt`, and break comments: 88 at most";
            problems.unless(width <= 88, &path, number, [&what, fix]);
        }
    }
    problems.assert_none();
}

#[test]
fn the_tables_of_lessons_name_each_lesson_with_its_title() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        for (table, folder, language) in [
            ("README.md", "docs/en/", "en"),
            ("README.zh.md", "docs/zh/", "zh"),
            ("docs/en/README.md", "", "en"),
            ("docs/zh/README.md", "", "zh"),
        ] {
            let page = lesson(language, slug);
            let row = format!("| [`{slug}`]({folder}{slug}.md) | {} |", page.title());
            let what = format!("the table lacks the row of {slug}");
            let holds = read(table).contains(&row);
            problems.unless(holds, table, 0, [&what, &format!("begin it {row}")]);
        }
    }
    problems.assert_none();
}

/// The entries of a book's contents: the line, the title and the path of each.
fn contents(summary: &str) -> Vec<(usize, String, String)> {
    let text = read(summary);
    let entries = text.lines().zip(1..).filter_map(|(line, number)| {
        let entry = line.trim_start_matches("- ").strip_prefix('[')?;
        let (title, path) = entry.strip_suffix(')')?.split_once("](")?;
        Some((number, title.to_owned(), path.to_owned()))
    });
    entries.collect()
}

#[test]
fn the_contents_of_a_book_list_each_page_once_by_its_title() {
    let mut problems = Problems::default();
    for language in LANGUAGES {
        let folder = format!("docs/{language}/");
        let summary = format!("{folder}SUMMARY.md");
        let contents = contents(&summary);
        let mut unlisted: BTreeSet<String> = pages_in(&folder[..folder.len() - 1])
            .iter()
            .map(|page| page[folder.len()..].to_owned())
            .collect();
        for (line, title, path) in &contents {
            if !unlisted.remove(path) {
                let what = format!("{path} is listed twice, or isn't there");
                problems.add(&summary, *line, &what, "remove the line");
                continue;
            }
            let should = title_in_contents(&folder, path);
            let what = format!("{path} has the title {title:?}");
            let fix = format!("write [{should}]({path})");
            problems.unless(*title == should, &summary, *line, [&what, &fix]);
        }
        for path in unlisted {
            let title = title_in_contents(&folder, &path);
            let what = format!("{path} is missing");
            let fix = format!("write - [{title}]({path})");
            problems.add(&summary, 0, &what, &fix);
        }
    }
    problems.assert_none();
}

/// The title of a page, after the number of its lesson if it has one.
fn title_in_contents(folder: &str, path: &str) -> String {
    let page = Page::read(&format!("{folder}{path}"));
    match path.split_once('_') {
        Some((number, _))
            if number.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            format!("{number} {}", page.title())
        }
        _ => page.title().to_owned(),
    }
}

#[test]
fn the_contents_have_the_lessons_in_order_and_the_same_order_in_both_languages() {
    let mut problems = Problems::default();
    let (in_english, in_chinese) = ("docs/en/SUMMARY.md", "docs/zh/SUMMARY.md");
    let english = contents(in_english);
    let is_lesson = |path: &str| path.starts_with(|first: char| first.is_ascii_digit());
    let lessons = english.iter().filter(|(_, _, path)| is_lesson(path));
    for ((line, _, path), (slug, _)) in lessons.zip(PROGRAMS) {
        let what = format!("{path} comes before {slug}.md");
        let fix = "put the lessons in the order of the programs";
        let holds = *path == format!("{slug}.md");
        problems.unless(holds, in_english, *line, [&what, fix]);
    }
    for ((line, _, path), (_, _, original)) in contents(in_chinese).iter().zip(&english)
    {
        let what = format!("{path} is where {in_english} has {original}");
        let fix = "put the pages in the same order";
        problems.unless(path == original, in_chinese, *line, [&what, fix]);
    }
    problems.assert_none();
}

#[test]
fn the_books_are_built_alike() {
    let mut problems = Problems::default();
    let english = read("docs/en/book.toml");
    let chinese = read("docs/zh/book.toml");
    let is_own = |line: &str| line.starts_with("title = ");
    let here = |line: &str| line.replace("\"en\"", "\"zh\"").replace("/en\"", "/zh\"");
    for (number, (line, should)) in (1..).zip(chinese.lines().zip(english.lines())) {
        let should = here(should);
        let holds = line == should || is_own(line) && is_own(&should);
        let what = format!("is {line:?}");
        let fix = format!("write {should:?}, as in docs/en/book.toml");
        problems.unless(holds, "docs/zh/book.toml", number, [&what, &fix]);
    }
    let (many, of) = (chinese.lines().count(), english.lines().count());
    let what = format!("{many} lines, and docs/en/book.toml has {of}");
    let fix = "give both books the same settings";
    problems.unless(many == of, "docs/zh/book.toml", many, [&what, fix]);
    problems.assert_none();
}

#[test]
fn the_tables_of_lessons_say_how_long_each_page_takes_to_read() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        for (language, counted, per_minute) in [
            ("en", Page::words as fn(&Page) -> usize, 100),
            ("zh", Page::characters, 300),
        ] {
            let table = format!("docs/{language}/README.md");
            let text = read(&table);
            let begin = format!("| [`{slug}`]");
            let row = text.lines().find(|line| line.starts_with(&begin));
            let row = row.unwrap_or_default();
            // Rounded, and three more for the commands.
            let minutes =
                (counted(&lesson(language, slug)) + per_minute / 2) / per_minute + 3;
            let what = format!("the row of {slug} is {row:?}");
            let fix = format!("end it `| {minutes} |`");
            let holds = row.ends_with(&format!(" {minutes} |"));
            problems.unless(holds, &table, 0, [&what, &fix]);
        }
    }
    problems.assert_none();
}

#[test]
fn the_exercise_of_a_lesson_is_linked_where_its_reader_is() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        // The runner creates the exercise itself, which is the learner's.
        let exercise = format!("lessons/{slug}/start.rs");
        let number = slug.split('_').next().unwrap();
        let row = format!("[{number}]({exercise})");
        let what = format!("no link to the exercise of {slug}");
        for table in ["README.md", "README.zh.md"] {
            let holds = read(table).contains(&row);
            problems.unless(holds, table, 0, [&what, &format!("write {row}")]);
        }
        for language in LANGUAGES {
            let page = lesson(language, slug);
            let text = if language == "en" {
                "The starter code"
            } else {
                "起始代码"
            };
            let link = format!("[{text}](../../{exercise})");
            let check = format!("`cargo workbook check {number}`");
            for words in [link, check] {
                let fix = format!("write {words} in the section about the exercise");
                let holds = page.text.contains(&words);
                problems.unless(holds, &page.path, 0, [&what, &fix]);
            }
        }
    }
    problems.assert_none();
}

#[test]
fn the_way_in_names_each_reference_page_with_its_title() {
    let mut problems = Problems::default();
    for language in LANGUAGES {
        let folder = format!("docs/{language}/");
        let way_in = format!("{folder}README.md");
        let own = [
            "from_zero.md",
            "metric_types.md",
            "exercises.md",
            "prometheus.md",
        ];
        let own = own.map(|name| Page::read(&format!("{folder}{name}")));
        for page in pages(&format!("{folder}reference")).into_iter().chain(own) {
            let path = page.path.trim_start_matches(&folder);
            let link = format!("[{}]({path})", page.title());
            let what = format!("no link to {path} by its title");
            let holds = read(&way_in).contains(&link);
            problems.unless(holds, &way_in, 0, [&what, &format!("write {link}")]);
        }
    }
    problems.assert_none();
}

#[test]
fn the_page_from_go_to_rust_names_each_metric_of_the_collectors() {
    let mut problems = Problems::default();
    let path = "docs/en/reference/go_to_rust.md";
    let page = read(path);
    let snapshot = read("snapshots/04_process_runtime.snap");
    let types = snapshot
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.map(|line| line.split(' ').next().unwrap());
    let of_collectors =
        |name: &&str| name.starts_with("process_") || name.starts_with("rust_");
    for name in names.filter(of_collectors) {
        let named = [format!("`{name}`"), format!("`{name}{{version}}`")];
        let holds = named.iter().any(|name| page.contains(name));
        let what = format!("{name} is missing");
        problems.unless(holds, path, 0, [&what, "add a row for it"]);
    }
    problems.assert_none();
}

#[test]
fn a_block_on_a_page_is_what_its_source_says() {
    let mut problems = Problems::default();
    let fix = "`git checkout src snapshots` reverts the source, \
               `UPDATE_DOCS=1 cargo test --test course` copies it to the pages";
    for page in all_pages() {
        let updated = match with_blocks_from_their_sources(&page) {
            Ok(updated) => updated,
            Err((line, what)) => {
                let fix =
                    "name a source that exists, in one of the forms in CONTRIBUTING.md";
                problems.add(&page.path, line, &what, fix);
                continue;
            }
        };
        if is_update() {
            replace(&page.path, &updated);
            continue;
        }
        let lines = page.text.lines().zip(updated.lines()).zip(1..);
        if let Some(((is, should), number)) = lines.clone().find(|((a, b), _)| a != b) {
            let what = format!("is {is:?}, but its source says {should:?}");
            problems.add(&page.path, number, &what, fix);
        } else if page.text.lines().count() != updated.lines().count() {
            let end = lines.count();
            let what = "the block and its source differ in length";
            problems.add(&page.path, end, what, fix);
        }
    }
    problems.assert_none();
}

/// A block must not show what nobody has run. `tests/recorded.rs` runs the commands in the
/// console blocks of a lesson's page again.
#[test]
fn a_block_of_code_or_output_names_its_source() {
    let mut problems = Problems::default();
    let lessons = PROGRAMS.map(|(slug, _)| format!("{slug}.md"));
    for page in all_pages() {
        let is_lesson = lessons.iter().any(|lesson| page.path.ends_with(lesson));
        for block in &page.blocks {
            let is_command = |line: &str| line.starts_with("$ ");
            let shown = match block.language.as_str() {
                "rust" | "text" | "diff" => true,
                "console" => !is_lesson && !block.content.lines().all(is_command),
                _ => false,
            };
            let what = format!("a block of {} without a source", block.language);
            let fix = "put `<!-- from FILE#region -->` before it (CONTRIBUTING.md)";
            let holds = !shown || block.source.is_some();
            problems.unless(holds, &page.path, block.line, [&what, fix]);
        }
    }
    problems.assert_none();
}

#[test]
fn a_lesson_has_its_sections_in_order_and_300_to_700_words() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        let page = lesson("en", slug);
        let titles = page.sections.iter().skip(1);
        let titles: Vec<&str> = titles.map(|all| all.title.as_str()).collect();
        let what = format!("the sections are {titles:?}");
        let expected = sections_of(slug);
        let fix = format!("make them {expected:?}");
        problems.unless(titles == expected, &page.path, 0, [&what, &fix]);
        let words = page.words();
        let what = format!("the page has {words} words outside its blocks and tables");
        let holds = (300..=700).contains(&words);
        problems.unless(holds, &page.path, 0, [&what, "make it 300 to 700"]);
    }
    problems.assert_none();
}

#[test]
fn a_page_shows_the_step_from_the_lesson_that_it_follows() {
    let mut problems = Problems::default();
    for (slug, _) in PROGRAMS {
        let page = lesson("en", slug);
        let program = main_of(slug);
        let sources = page.blocks.iter().filter_map(|all| all.source.as_deref());
        let mut steps = sources.filter_map(|source| source.strip_prefix("diff "));
        let is_step = |files: &str| {
            let (old, new) = files.split_once(' ').unwrap_or_default();
            new == program && old < new
        };
        let fix = format!("show `<!-- from diff src/bin/EARLIER.rs {program} -->`");
        let holds = NO_STEP.contains(&slug) || steps.any(is_step);
        problems.unless(holds, &page.path, 0, ["no step to this program", &fix]);
    }
    problems.assert_none();
}

#[test]
fn a_translation_has_the_same_pages_sections_and_blocks() {
    let mut problems = Problems::default();
    let name = |path: &String| path[8..].to_owned();
    let english: BTreeSet<String> = pages_in("docs/en").iter().map(name).collect();
    let chinese: BTreeSet<String> = pages_in("docs/zh").iter().map(name).collect();
    for page in english.symmetric_difference(&chinese) {
        problems.add(
            "docs",
            0,
            &format!("{page} exists in only one language"),
            "translate it",
        );
    }
    for page in english.intersection(&chinese) {
        let original = Page::read(&format!("docs/en/{page}"));
        compare(
            &original,
            &Page::read(&format!("docs/zh/{page}")),
            &mut problems,
        );
    }
    let twin = Page::read("README.zh.md");
    compare(&Page::read("README.md"), &twin, &mut problems);
    problems.assert_none();
}

fn compare(original: &Page, page: &Page, problems: &mut Problems) {
    for (at, section) in original.sections.iter().enumerate() {
        match page.sections.get(at) {
            Some(translated) => {
                compare_sections(original, section, page, translated, problems);
            }
            None => {
                let what = format!("the section `{}` is missing", section.title);
                problems.add(&page.path, 0, &what, "translate it");
            }
        }
    }
    let (many, of) = (page.sections.len(), original.sections.len());
    let what = format!("{many} sections, but the English page has {of}");
    problems.unless(many <= of, &page.path, 0, [&what, "remove one"]);
}

fn compare_sections(
    original: &Page,
    section: &Section,
    page: &Page,
    translated: &Section,
    problems: &mut Problems,
) {
    let (id, hash) = (section.id(), section.hash());
    let english = format!("{}:{}", original.path, section.line);
    let (of, when) = translated.translates.clone().unwrap_or_default();
    let mark = format!("<a id=\"{id}\"></a>");
    for (holds, what, fix) in [
        (
            of == id,
            format!("translates the section {of:?}, but `{id}` should be here"),
            format!("put `<!-- en: {id} {hash} -->` before it"),
        ),
        (
            of != id || when == hash,
            format!("{english} has changed since this was translated"),
            format!("translate the change, then write {hash} for {when}"),
        ),
        (
            id == "top" || page.text.contains(&mark),
            "nobody can link to this section".to_owned(),
            format!("put {mark} before it"),
        ),
        (
            translated.blocks == section.blocks,
            "its blocks differ from those of the English section".to_owned(),
            format!("copy them from {english}"),
        ),
    ] {
        problems.unless(holds, &page.path, translated.line, [&what, &fix]);
    }
}

#[test]
fn a_page_links_the_same_page_in_the_other_language_below_its_title() {
    let mut problems = Problems::default();
    for (language, other, word) in [("en", "zh", "中文"), ("zh", "en", "English")] {
        let folder = format!("docs/{language}/");
        for page in pages(&folder[..folder.len() - 1]) {
            let path = page.path.trim_start_matches(&folder);
            let up = "../".repeat(path.matches('/').count() + 1);
            let link = format!("[{word}]({up}{other}/{path})");
            // The second line of a translated page says what it translates.
            let mut below = page.text.lines().skip(1);
            let first =
                below.find(|line| !line.is_empty() && !line.starts_with("<!--"));
            let what = "no link to the other language below the title";
            let holds = first == Some(&link);
            problems.unless(holds, &page.path, 3, [what, &format!("write {link}")]);
        }
    }
    problems.assert_none();
}

#[test]
fn chinese_text_has_its_own_punctuation() {
    let mut problems = Problems::default();
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for page in pages("docs/zh") {
        for (number, line) in &page.prose {
            let two: Vec<char> = line.chars().collect();
            let found = two.windows(2).find(|two| {
                is_chinese(two[0]) && matches!(two[1], ',' | ';' | '?' | '!')
            });
            if let Some(two) = found {
                let what = format!("`{}` after `{}`", two[1], two[0]);
                problems.add(
                    &page.path,
                    *number,
                    &what,
                    "use the full-width character",
                );
            }
        }
    }
    problems.assert_none();
}

#[test]
fn every_link_leads_somewhere() {
    let mut problems = Problems::default();
    for page in all_pages() {
        for (number, link) in page.links() {
            if link.starts_with("http://") || link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = Path::new(&page.path).parent().unwrap();
            let target = match file {
                "" => PathBuf::from(&page.path),
                file => folder.join(file),
            };
            let what = format!("there is no {link}");
            let fix = "give the path from this page's folder";
            problems.unless(target.exists(), &page.path, number, [&what, fix]);
            if anchor.is_empty() || !target.exists() {
                continue;
            }
            let anchors = Page::read(target.to_str().unwrap()).anchors();
            let fix = format!("one of: {}", anchors.join(" "));
            let holds = anchors.iter().any(|all| all == anchor);
            problems.unless(holds, &page.path, number, [&what, &fix]);
        }
    }
    problems.assert_none();
}

/// The row of the glossary, and the page and the name behind its `#` that it says to
/// explain the term; nothing where that is another site's.
fn explained_at(glossary: &Page, row: &str) -> Option<(Page, String)> {
    let (_, link) = row.rsplit_once("](")?;
    let link = link.split(')').next()?;
    if link.starts_with("https://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, "top"));
    let folder = Path::new(&glossary.path).parent()?;
    let page = folder.join(file);
    Some((Page::read(page.to_str()?), anchor.to_owned()))
}

/// The prose of the section that `anchor` leads to, in a page of either language.
fn section_at<'a>(page: &'a Page, anchor: &str) -> &'a str {
    let is_it = |section: &&Section| match &section.translates {
        Some((id, _)) => id == anchor,
        None => section.id() == anchor,
    };
    let section = page.sections.iter().find(is_it);
    section.map_or("", |section| &section.text)
}

#[test]
fn a_term_of_the_glossary_is_used_where_it_is_said_to_be_explained() {
    let mut problems = Problems::default();
    for (language, column) in [("en", 1), ("zh", 2)] {
        let glossary = Page::read(&format!("docs/{language}/reference/glossary.md"));
        let rows = glossary
            .prose
            .iter()
            .skip_while(|(_, line)| !line.starts_with("|---"));
        for (number, row) in rows.skip(1).filter(|(_, line)| line.starts_with('|')) {
            let Some((page, anchor)) = explained_at(&glossary, row) else {
                continue;
            };
            let words = section_at(&page, &anchor).to_lowercase();
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let terms = row
                .split('|')
                .nth(column)
                .unwrap_or_default()
                .to_lowercase();
            for term in terms.split([',', '、']).map(str::trim) {
                let what = format!("`{term}` is not in {}#{anchor}", page.path);
                let fix = "name the section that explains it, or explain it there";
                let holds = !term.is_empty() && words.contains(term);
                problems.unless(holds, &glossary.path, *number, [&what, fix]);
            }
        }
    }
    problems.assert_none();
}

#[test]
fn every_command_on_a_page_exists() {
    let mut problems = Problems::default();
    for page in all_pages() {
        let of_blocks = page
            .blocks
            .iter()
            .filter(|block| block.language == "console")
            .flat_map(|block| {
                let lines = (block.line + 1..).zip(block.content.lines());
                lines.filter_map(|(number, line)| {
                    Some((number, line.strip_prefix("$ ")?))
                })
            })
            .map(|(number, line)| (number, line.to_owned()));
        let of_spans = page
            .code_spans()
            .into_iter()
            .filter(|(_, span)| span.starts_with("cargo "));
        for (number, command) in of_blocks.chain(of_spans) {
            if let Err(fix) = exists(&command) {
                let what = format!("`{command}` cannot be run");
                problems.add(&page.path, number, &what, &fix);
            }
        }
    }
    problems.assert_none();
}

/// Where an argument of a command leads.
const NAMED_BY: [(&str, &str); 4] = [
    ("--bin", "src/bin/{}.rs"),
    ("--test", "tests/{}.rs"),
    ("--bench", "benches/{}.rs"),
    ("fuzz run", "fuzz/fuzz_targets/{}.rs"),
];

/// Tools that a reader has, or is told how to get.
const TOOLS: [&str; 16] = [
    "cp",
    "curl",
    "echo",
    "git",
    "htpasswd",
    "kill",
    "mkdir",
    "prometheus",
    "prometheus-node-exporter",
    "prometheus-pushgateway",
    "promtool",
    "python3",
    "redis-cli",
    "redis-server",
    "rustup",
    "sed",
];

const OF_CARGO: [&str; 11] = [
    "add", "bench", "build", "fuzz", "insta", "install", "new", "run", "test", "tree",
    "workbook",
];

/// The ports of the programs on the pages.
const PORTS: [&str; 10] = [
    "0", "6379", "6380", "8050", "8080", "9000", "9090", "9091", "9100", "9121",
];

/// Returns an error if what `command` names doesn't exist.
fn exists(command: &str) -> Result<(), String> {
    for (flag, place) in NAMED_BY {
        // Some are placeholders.
        let name = after(&format!("{flag} "), command);
        if let Some(name) = name.filter(|name| !["NN_name", "*"].contains(name)) {
            is_there(&place.replace("{}", name))?;
        }
    }
    if let Some(file) = after("--config.file=", command) {
        is_there(file)?;
    }
    if let Some(port) =
        after("127.0.0.1:", command).filter(|port| !PORTS.contains(port))
    {
        return Err(format!("none of our programs listens on {port}"));
    }
    let words = command.split_whitespace();
    // Variables for the command come first.
    let words = words.skip_while(|word| word.contains('=') && !word.starts_with('-'));
    let mut words = words.filter(|word| !word.starts_with('+'));
    let (first, sub) = (words.next().unwrap_or_default(), words.next());
    match first {
        "cargo" if OF_CARGO.contains(&sub.unwrap_or_default()) => Ok(()),
        "cargo" => Err(format!(
            "use one of cargo's commands: {}",
            OF_CARGO.join(" ")
        )),
        path if path.contains('/') => is_there(path),
        tool if TOOLS.contains(&tool) => Ok(()),
        other => Err(format!(
            "a reader may not have `{other}`: say how to get it"
        )),
    }
}

/// Returns the argument that follows `before`.
fn after<'a>(before: &str, command: &'a str) -> Option<&'a str> {
    let (_, rest) = command.split_once(before)?;
    rest.trim_start_matches('\'')
        .split([' ', '/', ',', '\'', '`'])
        .next()
}

fn is_there(path: &str) -> Result<(), String> {
    // A program of several files is a folder.
    let there =
        [path, &path.replace(".rs", "/main.rs")].map(|all| Path::new(all).exists());
    let there = there.contains(&true);
    there.then_some(()).ok_or(format!("there is no {path}"))
}

/// Tells a test from a metric by the length of its name and its first characters.
#[test]
fn every_test_named_on_a_page_exists() {
    let mut problems = Problems::default();
    let sources: String = rust_files("tests").chain(rust_files("src")).collect();
    let others = [
        "magedu_",
        "promhttp_",
        "process_",
        "rust_",
        "go_",
        "nginx_",
        "enable_",
    ];
    for page in all_pages() {
        for (number, span) in page.code_spans() {
            let is_name = span.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let words = span.split('_').filter(|word| !word.is_empty());
            let is_long = words.count() > 5;
            if !is_name || !is_long || others.iter().any(|all| span.starts_with(all)) {
                continue;
            }
            let what = format!("no test has the name `{span}`");
            let fix = "name one that `cargo test -- --list` lists";
            let holds = sources.contains(&format!("fn {span}("));
            problems.unless(holds, &page.path, number, [&what, fix]);
        }
    }
    problems.assert_none();
}

/// Returns the text of each Rust file in `folder` and one folder below it.
fn rust_files(folder: &str) -> impl Iterator<Item = String> {
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path())
    };
    let files: Vec<PathBuf> = entries(Path::new(folder))
        .flat_map(|path| {
            let below: Vec<PathBuf> = entries(&path).collect();
            std::iter::once(path).chain(below)
        })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    files.into_iter().map(read)
}

/// Returns the names that programs import from the library, each with its first
/// program.
fn introduced() -> BTreeMap<String, &'static str> {
    let mut first = BTreeMap::new();
    for (slug, _) in PROGRAMS {
        for name in files_of(slug).iter().flat_map(|file| imported(&read(file))) {
            first.entry(name).or_insert(slug);
        }
    }
    first
}

/// Returns the names that a program's `use exporter_workbook::…` imports.
fn imported(program: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for used in program.split("use exporter_workbook::").skip(1) {
        let used = used.split(';').next().unwrap();
        let (module, items) = used.split_once("::").unwrap_or((used, "self"));
        for item in items.trim_matches(['{', '}', '\n', ' ']).split(',') {
            match item.trim() {
                "" => {}
                "self" => drop(names.insert(module.to_owned())),
                item => drop(names.insert(item.to_owned())),
            }
        }
    }
    names
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|part| part == word)
}

#[test]
fn a_page_uses_what_its_lesson_or_an_earlier_one_introduces() {
    let mut problems = Problems::default();
    for (name, slug) in introduced() {
        let page = lesson("en", slug);
        let what = format!("`{name}` is first used by this lesson, and not explained");
        let fix = format!("name it in the prose, as `{name}`");
        let spans = page.code_spans();
        let holds = spans.iter().any(|(_, span)| has_word(span, &name));
        problems.unless(holds, &page.path, 0, [&what, &fix]);
        for (earlier, _) in PROGRAMS.iter().take_while(|(earlier, _)| *earlier != slug)
        {
            let page = lesson("en", earlier);
            let own: String = files_of(earlier).iter().map(read).collect();
            for (number, span) in page.code_spans() {
                // Another item of that name, or one that a link explains.
                let is_other = has_word(&own, &name);
                let near = page.text.lines().skip(number.saturating_sub(3)).take(5);
                let is_linked = near
                    .into_iter()
                    .any(|line| line.contains(&format!("({slug}.md")));
                let used = has_word(&span, &name) && !is_other && !is_linked;
                let what = format!("`{name}` comes with {slug}, which is later");
                let fix = format!("link [lesson …]({slug}.md) beside it");
                problems.unless(!used, &page.path, number, [&what, &fix]);
            }
        }
    }
    problems.assert_none();
}

/// Returns the line of each macro that prints, with the first line of the item around
/// it.
fn printing(program: &str) -> Vec<(usize, &str)> {
    let mut item = "";
    let mut found = Vec::new();
    for (number, line) in program.lines().enumerate() {
        if line.starts_with(|first: char| first.is_ascii_lowercase()) {
            item = line;
        }
        if ["print!(", "println!("]
            .iter()
            .any(|name| line.contains(name))
        {
            found.push((number + 1, item));
        }
    }
    found
}

/// These macros panic if nobody can read the output, as with `2>/dev/full` or after a
/// reader exits. Code that runs before a program serves may use them.
#[test]
fn nothing_that_runs_during_a_scrape_prints_by_a_macro() {
    let mut problems = Problems::default();
    let lessons = fs::read_dir("lessons").unwrap();
    let lessons = lessons.map(|entry| entry.unwrap().path());
    let folders = lessons.filter(|path| path.join("lesson.toml").exists());
    let own = ["src/bin", "tests/pages", "tests/stranger"].map(PathBuf::from);
    let programs = fs::read_dir("src/bin").unwrap();
    let programs = programs.map(|entry| entry.unwrap().path());
    let several = programs.filter(|path| path.is_dir());
    for folder in folders.chain(own).chain(several) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_learners = path.ends_with("exercise.rs");
            if is_learners || path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let path = path.to_str().unwrap();
            for (line, item) in printing(&read(path)) {
                let is_handler = item.starts_with("impl") || item.contains("Request");
                let what = format!("prints in `{item}`, which a scrape may call");
                let fix = "write `let _ = writeln!(io::stderr(), …)`";
                problems.unless(!is_handler, path, line, [&what, fix]);
            }
        }
    }
    problems.assert_none();
}
