"""Builds the pages as a site in target/site, a book in each language.

    cargo install mdbook --locked
    python3 docs/site/build.py

mdBook builds the books. This adds the switch between the languages and a copy of each file of
the repository that a page links to, and fails if a link leads nowhere. Then open
target/site/index.html.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
SITE = REPOSITORY / "target" / "site"
COPIES = SITE / "source"
# Each language, with the name of the other one in that one's own words.
LANGUAGES = {"en": ("zh", "中文"), "zh": ("en", "English")}

# The menu of mdBook's pages, where the link to the other language goes.
MENU = '<div class="right-buttons">'
LINK = re.compile(r'(<(?:a|img)\b[^>]*?\s(?:href|src)=")([^"]*)"')
CHINESE = "[\u3001-\u3011\u4e00-\u9fff\uff00-\uffef]"
LINE_END = re.compile(f"(?<={CHINESE})\n(?={CHINESE})")
ID = re.compile(r'\sid="([^"]*)"')


def run(*command):
    """Runs a command, and shows its output only if it fails."""
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}failed: {' '.join(command)}")


def with_switch(page, text):
    """Adds a link to the same page, and the same section, in the other language."""
    language = page.relative_to(SITE).parts[0]
    other, name = LANGUAGES[language]
    twin = SITE / other / page.relative_to(SITE / language)
    if MENU not in text:
        sys.exit(f"{page}: mdBook has changed its menu: there is no {MENU}")
    switch = (
        f'<a class="twin" lang="{other}" hreflang="{other}" '
        f'href="{os.path.relpath(twin, page.parent)}" '
        f'onclick="this.hash = location.hash">{name}</a>'
    )
    return text.replace(MENU, MENU + switch, 1)


def with_joined_lines(text):
    """Joins the lines of Chinese text: browsers show the end of a line as a space."""
    parts = re.split(r"(<pre.*?</pre>)", text, flags=re.DOTALL)
    parts[::2] = [LINE_END.sub("", part) for part in parts[::2]]
    return "".join(parts)


def copied(source):
    """The page that shows a file of the repository, which is no page of a book."""
    name = source.relative_to(REPOSITORY)
    page = COPIES / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        '<!doctype html>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{name}</title>\n<h1>{name}</h1>\n"
        f"<pre>{html.escape(source.read_text(encoding='utf-8'))}</pre>\n",
        encoding="utf-8",
    )
    return page


def target(page, path):
    """The file of the site that a link leads to, None if there is none."""
    there = Path(os.path.normpath(page.parent / path))
    # mdBook renames the page, and not the links to it.
    if there.name == "README.html":
        there = there.with_name("index.html")
    if there.is_relative_to(SITE) and there.is_file():
        return there
    # The books are as deep in the site as their sources are in `docs`.
    source = Path(os.path.normpath(DOCS / page.parent.relative_to(SITE) / path))
    # mdBook renames the links to all Markdown.
    for source in (source, source.with_suffix(".md")):
        if source.is_relative_to(REPOSITORY) and source.is_file():
            return copied(source)
    return None


def with_links(page, text):
    """Leads the links to files of the repository to their copies."""

    def replace(match):
        before, link = match.groups()
        path, hash_, fragment = link.partition("#")
        if re.match(r"[a-z]+:", link) or not path:
            return match[0]
        there = target(page, unquote(path))
        if not there:
            return match[0]
        path = os.path.relpath(there, page.parent)
        # A copy is plain text, without a name to link to.
        is_copy = there.is_relative_to(COPIES)
        return f'{before}{path}"' if is_copy else f'{before}{path}{hash_}{fragment}"'

    return LINK.sub(replace, text)


def broken_links(pages):
    """Each link that leads nowhere, and the page that it is on."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    ids = {page: set(ID.findall(text)) for page, text in texts.items()}
    for page, text in texts.items():
        for _, link in LINK.findall(text):
            path, _, fragment = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            there = Path(os.path.normpath(page.parent / unquote(path)))
            there = there if path else page
            if not there.is_file():
                yield f"{page.relative_to(SITE)}: there is no {link}"
            elif fragment and unquote(fragment) not in ids.get(there, ()):
                yield f"{page.relative_to(SITE)}: {there.name} has no #{fragment}"


def main():
    if not shutil.which("mdbook"):
        sys.exit("there is no mdbook: cargo install mdbook --locked")
    shutil.rmtree(SITE, ignore_errors=True)
    for language in LANGUAGES:
        run("mdbook", "build", f"docs/{language}")
        (SITE / language / "book.toml").unlink()
    for folder in ("images", "pictures"):
        shutil.copytree(DOCS / folder, SITE / folder)
    shutil.copy(DOCS / "site" / "index.html", SITE)
    pages = [page for language in LANGUAGES for page in (SITE / language).rglob("*.html")]
    # The list of pages for browsers without scripts has no menu.
    pages = [page for page in pages if page.name != "toc.html"]
    for page in pages:
        text = with_joined_lines(page.read_text(encoding="utf-8"))
        page.write_text(with_links(page, with_switch(page, text)), encoding="utf-8")
    broken = list(broken_links(pages))
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
