//! The targets of a page's links as a browser reads them: `<a href>` in any case and
//! quotes, relative to the page. Links in comments and scripts don't count.

/// The paths on this server that the links of `html` point to. `host` and `path` say
/// where the page was found.
pub fn links(host: &str, path: &str, html: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut base = path.to_owned();
    for tag in Tags(html) {
        let Some(href) = tag.href() else { continue };
        let to = resolved(host, &base, &href);
        match tag.name.as_str() {
            "a" => links.extend(to.filter(|to| !links.contains(to))),
            // A base on another server would lead all links away: no lesson has one.
            "base" => base = to.unwrap_or(base),
            _ => {}
        }
    }
    links
}

/// A start tag.
struct Tag<'a> {
    /// In lowercase.
    name: String,
    attributes: &'a str,
}

/// Iterates over the start tags of the rest of a page.
struct Tags<'a>(&'a str);

/// The elements that contain no tags.
const RAW: [&str; 6] = ["script", "style", "textarea", "title", "template", "xmp"];

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let rest = &self.0[self.0.find('<')? + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                self.0 = behind(comment, "-->");
                continue;
            }
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            self.0 = rest;
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                continue;
            }
            let (attributes, rest) = rest.split_at(end_of_tag(rest));
            let name = name.to_ascii_lowercase();
            self.0 = match RAW.contains(&name.as_str()) {
                true => from_end_tag(rest, &name),
                false => rest,
            };
            return Some(Tag { name, attributes });
        }
    }
}

fn behind<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, behind)| behind)
}

fn from_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}");
    let at = text.to_ascii_lowercase().find(&end);
    at.map_or("", |at| &text[at..])
}

/// The position of the first `>` outside quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') if text[..at].trim_end().ends_with('=') => {
                quote = Some(c)
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

impl Tag<'_> {
    /// The value of its first `href`.
    fn href(&self) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest =
                rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let end = rest.find(|c: char| c.is_ascii_whitespace() || "/=".contains(c));
            let (name, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if rest.is_empty() {
                return None;
            }
            let (value, behind) = match behind.trim_start().strip_prefix('=') {
                Some(value) => unquoted(value.trim_start()),
                None => ("", behind),
            };
            if name.eq_ignore_ascii_case("href") {
                return Some(decoded(value.trim()));
            }
            // A lone `=` isn't a name; it is skipped.
            rest = behind.get(usize::from(rest.len() == behind.len())..)?;
        }
    }
}

/// The value at the start of `text`, and the rest.
fn unquoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(value) = text.strip_prefix(quote) {
            return value.split_once(quote).unwrap_or((value, ""));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace());
    text.split_at(end.unwrap_or(text.len()))
}

/// Replaces the character references that a URL may contain.
fn decoded(value: &str) -> String {
    let mut pieces = value.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let reference = piece.split_once(';');
        match reference.and_then(|(name, rest)| Some((character(name)?, rest))) {
            Some((c, rest)) => text.extend([&c.to_string(), rest]),
            None => text.extend(["&", piece]),
        }
    }
    text
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "sol" => Some('/'),
        "period" => Some('.'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// The path on `host` that `href` on a page at `base` points to, without its fragment;
/// `None` if it points elsewhere or stays on the page.
fn resolved(host: &str, base: &str, href: &str) -> Option<String> {
    let href = href.split('#').next().filter(|href| !href.is_empty())?;
    let base = base.split('?').next().unwrap_or_default();
    let scheme = href.split_once(':').filter(|(scheme, _)| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(is_part)
    });
    let href = match scheme {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return None,
        None => href,
    };
    if let Some(rest) = href.strip_prefix("//") {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (other, path) = rest.split_at(end);
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        return is_host(host, other).then(|| without_dots(&path));
    }
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(match href.chars().next() {
        Some('/') => without_dots(href),
        Some('?') => format!("{base}{href}"),
        _ => without_dots(&format!("{folder}/{href}")),
    })
}

/// Whether `other` is `host`, a loopback address and a port, under any of its names.
fn is_host(host: &str, other: &str) -> bool {
    let port = |all: &str| all.rsplit_once(':').map(|(_, port)| port.to_owned());
    let is_localhost = other.to_ascii_lowercase().starts_with("localhost:");
    other.eq_ignore_ascii_case(host) || (is_localhost && port(other) == port(host))
}

/// RFC 3986, 5.2.4.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            ".." | "." => {
                if part == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, html: &str) -> Vec<String> {
        links("127.0.0.1:9", path, html)
    }

    #[test]
    fn a_link_is_found_however_it_is_written() {
        let written = [
            "<a href=\"/m\">",
            "<A HREF='/m'>",
            "<a\n class=x href = /m>",
            "<a title=\"a > b\" href=/m>x</a>",
            "<a title=\"href=/no\" href=\"/m\">",
            "<a download href=\" /m \">",
            "<p><a id=\"1\"href=\"/m#top\">",
            "<a href=\"m\">",
            "<a href=\"./m\">",
            "<a href=\"x/../m\">",
            "<a href=\"../../m\">",
            "<a href=\"//127.0.0.1:9/m\">",
            "<a href=\"HTTP://127.0.0.1:9/m\">",
            "<a href=\"&#x2F;m\">",
            "<base href=\"/\"><a href=m>",
        ];
        for html in written {
            assert_eq!(at("/", html), ["/m"], "{html}");
        }
    }

    #[test]
    fn other_texts_and_links_to_elsewhere_are_not_found() {
        let written = [
            "<!-- <a href=\"/m\"> -->",
            "<!-- <a href=\"/m\">",
            "<link href=\"/m\">",
            "<abbr href=\"/m\">",
            "<a data-href=\"/m\">",
            "<a>href=\"/m\"</a>",
            "&lt;a href=\"/m\"&gt;",
            "<script>'<a href=\"/m\">'</script>",
            "<STYLE><a href=\"/m\"></STYLE>",
            "<a href=\"https://127.0.0.1:9/m\">",
            "<a href=\"http://localhost:90/m\">",
            "<a href=\"//elsewhere/m\">",
            "<a href=\"mailto:a@b\">",
            "<a href=\"#top\">",
            "<a href=\"\">",
            "<a =",
            "<a / = / href",
        ];
        for html in written {
            assert_eq!(at("/", html), [""; 0], "{html}");
        }
    }

    #[test]
    fn a_relative_link_begins_where_the_page_is() {
        let html =
            "<a href=m><a href=../m><a href=/m><a href='?a=1&amp;b=2'><a href=..>";
        let found = ["/a/b/m", "/a/m", "/m", "/a/b/c?a=1&b=2", "/a/"];
        assert_eq!(at("/a/b/c", html), found);
    }

    #[test]
    fn links_after_a_script_or_a_comment_are_found() {
        let html = "<script>if (a < b) {}</script><!-- x --><a href=/m>";
        assert_eq!(at("/", html), ["/m"]);
    }

    #[test]
    fn no_page_is_read_beyond_its_end() {
        let html = "<!doctype html><a x='>' href=\"ü/é\" = '<script><a href=/n>";
        for end in (0..=html.len()).filter(|end| html.is_char_boundary(*end)) {
            at("/", &html[..end]);
        }
    }

    #[test]
    fn the_loopback_address_has_another_name() {
        let to = |href: &str| links("127.0.0.1:8050", "/", &format!("<a href={href}>"));
        assert_eq!(to("http://LocalHost:8050/a"), ["/a"]);
        assert_eq!(to("http://localhost:8051/a"), [""; 0]);
        assert_eq!(to("http://localhost/a"), [""; 0]);
    }
}
