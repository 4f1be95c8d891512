"""Checks in Chromium what docs/site adds to mdBook, after docs/site/build.py:

    PYTHONPATH=target/python python3 tests/site.py
"""

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

SITE = (Path(__file__).parents[1] / "target" / "site").as_uri()
# The page that must be among the first results, and what has no space around it in its source.
SEARCHES = [
    ("en", "promhttp", "reference/promhttp.html"),
    ("en", "must_register", "02a_gauge_ops.html"),
    ("zh", "promhttp", "reference/promhttp.html"),
    ("zh", "暴露", "reference/glossary.html"),
    ("zh", "自定义采集器", "05_custom_collector.html"),
]


def search(page, language, words, found):
    page.goto(f"{SITE}/{language}/reference/naming.html")
    page.locator("#mdbook-search-toggle").click()
    # As from an input method: no key is pressed.
    page.locator("#mdbook-searchbar").fill(words)
    results = page.locator("#mdbook-searchresults")
    expect(results.locator(f'a[href*="{found}"]').first).to_be_visible()
    expect(results.locator("em").first).to_have_text(words)


def switch(page):
    page.goto(f"{SITE}/en/reference/listener.html#the-landing-page")
    for language in ("zh", "en"):
        page.locator(".twin").click()
        page.wait_for_url(f"{SITE}/{language}/reference/listener.html#the-landing-page")
        expect(page.locator("html")).to_have_attribute("lang", language)


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 375, "height": 800})
        for language, words, found in SEARCHES:
            search(page, language, words, found)
        switch(page)
        browser.close()


if __name__ == "__main__":
    main()
