//! A page: its sections, blocks and links, and the names that can be linked to.

use super::read;

/// A page of Markdown.
pub struct Page {
    pub path: String,
    pub text: String,
    pub blocks: Vec<Block>,
    pub sections: Vec<Section>,
    /// Each line outside blocks, with its number.
    pub prose: Vec<(usize, String)>,
}

/// The content between two fences.
#[derive(PartialEq, Eq, Debug)]
pub struct Block {
    /// The line of the first fence.
    pub line: usize,
    /// The language after the fence.
    pub language: String,
    /// The source that the comment before the block names.
    pub source: Option<String>,
    pub content: String,
}

/// A section: from one heading of the second level, or the first, to the next.
pub struct Section {
    pub line: usize,
    pub title: String,
    /// For a translated section, the id and the hash of the original.
    pub translates: Option<(String, String)>,
    /// The prose, with the heading.
    pub text: String,
    /// The languages and contents of its blocks.
    pub blocks: Vec<(String, String)>,
}

impl Section {
    /// Returns the id of its heading; for the first section, `top`.
    pub fn id(&self) -> String {
        if self.line == 1 {
            return "top".to_owned();
        }
        slug(&self.title)
    }

    /// Returns a hash of the words, by which a translation states what it translates
    /// (FNV-1a).
    pub fn hash(&self) -> String {
        let words = self.text.split_whitespace().flat_map(|word| {
            let bytes = word.bytes();
            bytes.chain([b' '])
        });
        let hash = words.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("{hash:08x}")
    }
}

impl Page {
    pub fn read(path: &str) -> Page {
        Page::parse(path, read(path))
    }

    fn parse(path: &str, text: String) -> Page {
        let mut page = Page {
            path: path.to_owned(),
            blocks: Vec::new(),
            sections: Vec::new(),
            prose: Vec::new(),
            text: String::new(),
        };
        let mut lines = text.lines().zip(1..);
        let mut before = "";
        while let Some((line, number)) = lines.next() {
            if let Some(language) = line.strip_prefix("```") {
                let content = lines.by_ref().map(|(line, _)| line);
                page.add_block(Block {
                    line: number,
                    language: language.to_owned(),
                    source: comment(before, "from").map(ToOwned::to_owned),
                    content: up_to_fence(content),
                });
            } else {
                page.add_line(line, number, before);
                // The anchor of a section may be between its comment and its heading.
                if line.is_empty() || line.starts_with("<a id=") {
                    continue;
                }
            }
            before = line;
        }
        page.text = text;
        page
    }

    /// Adds a line outside blocks; `before` is the last line that was neither empty nor
    /// an anchor.
    fn add_line(&mut self, line: &str, number: usize, before: &str) {
        let level_two = line.strip_prefix("## ");
        let title =
            level_two.or_else(|| line.strip_prefix("# ").filter(|_| number == 1));
        if let Some(title) = title {
            self.sections.push(Section {
                line: number,
                title: title.to_owned(),
                translates: translates(before),
                text: String::new(),
                blocks: Vec::new(),
            });
        }
        if let Some(section) = self.sections.last_mut() {
            if number == 2 {
                section.translates = translates(line);
            }
            if comment(line, "en:").is_none() {
                section.text += &format!("{line}\n");
            }
        }
        self.prose.push((number, line.to_owned()));
    }

    fn add_block(&mut self, block: Block) {
        if let Some(section) = self.sections.last_mut() {
            let copy = (block.language.clone(), block.content.clone());
            section.blocks.push(copy);
        }
        self.blocks.push(block);
    }

    /// Returns the first line without its mark.
    pub fn title(&self) -> &str {
        self.text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("# ")
    }

    /// Returns every name that may follow `#` in a link to this page.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter_map(|(_, line)| {
            let title = line.trim_start_matches('#');
            (title.len() < line.len() && title.starts_with(' ')).then(|| slug(title))
        });
        let marks = self.prose.iter().filter_map(|(_, line)| {
            let id = line.trim().strip_prefix("<a id=\"")?;
            Some(id.split('"').next()?.to_owned())
        });
        headings.chain(marks).collect()
    }

    /// Returns the target of each link and image, with the line of its end.
    pub fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (number, line) in &self.prose {
            for part in without_code(line).split("](").skip(1) {
                if let Some((target, _)) = part.split_once(')') {
                    links.push((*number, target.to_owned()));
                }
            }
        }
        links
    }

    /// Returns the text between backticks, with its line.
    pub fn code_spans(&self) -> Vec<(usize, String)> {
        let mut spans = Vec::new();
        for (number, line) in &self.prose {
            for (at, part) in line.split('`').enumerate() {
                if at % 2 == 1 {
                    spans.push((*number, part.to_owned()));
                }
            }
        }
        spans
    }

    /// Returns the number of words outside blocks, tables and comments.
    pub fn words(&self) -> usize {
        let lines = self.prose.iter().map(|(_, line)| line.as_str());
        lines
            .filter(|line| !line.starts_with('|') && !line.starts_with("<!--"))
            .map(|line| line.split_whitespace().count())
            .sum()
    }

    /// How many Chinese characters there are outside of blocks, tables and comments, with
    /// each word of Latin letters as one.
    pub fn characters(&self) -> usize {
        let lines = self.prose.iter().map(|(_, line)| line.as_str());
        lines
            .filter(|line| !line.starts_with('|') && !line.starts_with('<'))
            .map(|line| {
                let is_chinese = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
                let words =
                    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let words = words.filter(|word| !word.is_empty());
                line.chars().filter(is_chinese).count() + words.count()
            })
            .sum()
    }
}

fn up_to_fence<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines = lines.take_while(|line| *line != "```");
    lines.map(|line| format!("{line}\n")).collect()
}

/// Returns the section that a comment names as the original, and the hash of its text.
fn translates(line: &str) -> Option<(String, String)> {
    let (id, hash) = comment(line, "en:")?.split_once(' ')?;
    Some((id.to_owned(), hash.to_owned()))
}

/// Returns the words in `<!-- kind WORDS -->`.
fn comment<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    let words = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    words.strip_prefix(kind)?.strip_prefix(' ')
}

/// Returns a line without code, which may look like a link.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 0 { part } else { "code" });
    parts.collect::<Vec<_>>().join("`")
}

/// Returns the id that Markdown renderers give a heading: lower case, digits, dashes.
pub fn slug(title: &str) -> String {
    let kept = title.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}
