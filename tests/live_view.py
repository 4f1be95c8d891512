"""Checks the live view in Chromium. `live_view.rs` starts the servers and calls

    python3 tests/live_view.py program|changing|format|many URL...

To take pictures of it, run with PYTHONPATH=target/python:

    python3 tests/live_view.py pictures URL FOLDER
"""

import http.server
import json
import re
import sys
import threading
import time
import unicodedata
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Well above what a loaded machine needs.
PATIENCE = 60

# Returns what is on screen, family by family.
READ = """() => [...document.querySelectorAll('.family')].map((family) => {
  const text = (element, query) => element.querySelector(query)?.textContent;
  const entries = (row, query) => [...row.querySelectorAll(query + ' li')].map((li) => ({
    key: text(li, '.key'), own: text(li, '.own'), total: text(li, '.total'),
    width: li.querySelector('i').style.width,
    changed: li.querySelector('.own').classList.contains('changed'),
  }));
  return {
    name: text(family, 'h2'), type: text(family, '.type'), help: text(family, '.help'),
    hidden: family.hidden,
    rows: [...family.querySelectorAll('.row')].map((row) => ({
      labels: [...row.querySelectorAll('.labels > span')].map((chip) => chip.textContent),
      titles: [...row.querySelectorAll('.labels > span')].map((chip) => chip.title),
      value: text(row, '.value'), change: text(row, '.change'), rate: text(row, '.rate'),
      time: text(row, 'time'), hidden: row.hidden,
      changed: row.querySelector('.value').classList.contains('changed'),
      buckets: entries(row, '.buckets'), facts: entries(row, '.facts'),
    })),
  };
})"""

# Returns the lowest contrast of the visible texts on the page.
CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const add = (what, color, back) => found.push([ratio(color, back), what, color, back]);
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility()) continue;
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const what = `${element.tagName}.${element.className}#${element.id}`;
    if (own) add(what, getComputedStyle(element).color, ground(element));
    for (const pseudo of ['::before', '::after', '::placeholder']) {
      const style = getComputedStyle(element, pseudo);
      const isText = /\\w/.test(style.content) && style.content !== 'none';
      const shown = pseudo === '::placeholder' ? element.placeholder : isText;
      if (shown) add(what + pseudo, style.color, ground(element));
    }
  }
  const texts = found.splice(0);
  const probe = document.body.appendChild(document.createElement('i'));
  const color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  for (const [front, back] of [['text', 'mark'], ['muted', 'mark']])
    texts.push([ratio(color(front), color(back)), `${front} on ${back}`]);
  for (const back of ['ground', 'raised'])
    for (const front of ['accent', 'failed'])
      found.push([ratio(color(front), color(back)), `${front} on ${back}`]);
  probe.remove();
  return [texts.sort((a, b) => a[0] - b[0]).slice(0, 3), found.sort((a, b) => a[0] - b[0])];
}"""

# Returns elements that are wider than the window; lays out those that the browser skips.
OVERFLOW = """() => {
  for (const element of document.querySelectorAll('.family, ul'))
    element.style.contentVisibility = 'visible';
  const width = document.documentElement.clientWidth;
  const isWide = (element) => element.getBoundingClientRect().right > width + 0.5;
  const elements = document.body.querySelectorAll('*:not(.labels span *)');
  const wide = [...elements].filter(isWide);
  return [document.documentElement.scrollWidth - width,
    ...wide.map((element) => `${element.tagName}.${element.className}`)];
}"""


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}: got\n{got!r}, expected\n{expected!r}")


def until(condition, what):
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > PATIENCE:
            raise AssertionError(f"still not so: {what}")
        time.sleep(0.02)


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return response.read().decode()


class View:
    """A landing page in a browser, and everything that must not happen there."""

    def __init__(self, browser, url, **options):
        self.url = url
        self.problems = []
        self.requests = []
        self.active = 0
        self.most_active = 0
        self.allowed = []
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("console", self.on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.problems.append("a dialog"))
        self.page.on("request", self.on_request)
        self.page.on("requestfinished", self.on_finished)
        self.page.on("requestfailed", self.on_finished)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) =>"
            " console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )
        self.page.goto(url)

    def on_console(self, message):
        if message.type not in ("error", "warning"):
            return
        if not any(part in message.text for part in self.allowed):
            self.problems.append(f"{message.type}: {message.text}")

    def on_request(self, request):
        self.requests.append(request)
        self.active += self.is_scrape(request)
        self.most_active = max(self.most_active, self.active)

    def on_finished(self, request):
        self.active -= self.is_scrape(request)

    @staticmethod
    def is_scrape(request):
        return urlsplit(request.url).path.endswith("/metrics")

    def scrapes(self):
        # Waits for pending events.
        self.page.evaluate("0")
        return sum(self.is_scrape(request) for request in self.requests)

    def text(self, identity):
        return self.page.locator(f"#{identity}").text_content()

    def read(self):
        return self.page.evaluate(READ)

    def becomes(self, state):
        until(lambda: self.text("state") == state, f"state {state}")

    def pause(self):
        if self.text("pause") == "Pause":
            self.page.click("#pause")
        self.becomes("paused")

    def fetch(self, state="live"):
        """Fetches once: ends the pause for as long as that takes."""
        self.pause()
        self.page.select_option("#interval", "30")
        before = self.scrapes()
        self.page.click("#pause")
        self.becomes(state)
        self.page.click("#pause")
        equal(self.scrapes(), before + 1, "scrapes")

    def end(self):
        origin = urlsplit(self.url).netloc.split("@")[-1]
        for request in self.requests:
            if request.url.startswith("data:"):
                continue
            equal(request.method, "GET", request.url)
            equal(urlsplit(request.url).netloc.split("@")[-1], origin, "where a request goes")
        equal(self.most_active, 1, "requests for metrics at once")
        equal(self.problems, [], "problems")
        self.context.close()


# An independent parser of the text format, character by character.


def read_labels(text):
    labels, at = [], 1
    while True:
        while text[at] in ", \t":
            at += 1
        if text[at] == "}":
            return labels, text[at + 1 :]
        end = text.index('"', at)
        name, value, at = text[at:end].strip(" \t="), "", end + 1
        while text[at] != '"':
            if text[at] == "\\":
                at += 1
                value += "\n" if text[at] == "n" else text[at]
            else:
                value += text[at]
            at += 1
        labels.append((name, value))
        at += 1


def visible(text):
    def shown(character):
        if character == "\n":
            return "↵"
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
            return f"⟨U+{ord(character):04X}⟩"
        return character

    return "".join(map(shown, text))


def chip(name, value):
    return f'{name}={visible(chr(34) + value + chr(34))}'


def expected_families(text):
    """Returns what the live view must show of each family: name, type, help and rows."""
    families, parts = {}, {}
    for line in text.split("\n"):
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            family = families.setdefault(name, {"type": "", "help": "", "rows": {}})
            rest = rest.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
            family["type" if kind == "TYPE" else "help"] = rest
            if kind == "TYPE" and rest in ("histogram", "summary"):
                for part in ("_bucket", "_sum", "_count", ""):
                    parts[name + part] = name
        elif line:
            name = re.match("[^{ ]+", line).group()
            labels, rest = [], line[len(name) :]
            if rest[0] == "{":
                labels, rest = read_labels(rest)
            add_sample(families, parts.get(name, name), name, labels, rest.split())
    return families


def add_sample(families, family, name, labels, rest):
    own = {"histogram": "le", "summary": "quantile"}.get(families[family]["type"])
    chips = tuple(chip(*label) for label in labels if label[0] != own)
    empty = {"value": "", "time": "", "points": []}
    row = families[family]["rows"].setdefault(chips, empty)
    bound = dict(labels).get(own)
    if bound is not None:
        row["points"].append((bound, rest[0]))
    elif own and name.endswith("_sum"):
        row["sum"] = rest[0]
    else:
        row["value"] = rest[0]
        row["time"] = f"at {rest[1]}" if rest[1:] else ""


def compare(view, text):
    """Asserts that the screen shows what the exposition `text` says, in its order."""
    expected = expected_families(text)
    got = view.read()
    equal([family["name"] for family in got], list(expected), "families")
    for family in got:
        want = expected[family["name"]]
        equal(family["type"], want["type"], family["name"])
        equal(family["help"], visible(want["help"]), family["name"])
        labels = [tuple(row["labels"]) for row in family["rows"]]
        equal(labels, list(want["rows"]), family["name"])
        for row, wanted in zip(family["rows"], want["rows"].values()):
            compare_row(family, row, wanted)
    series = sum(
        len(row["points"]) + 1 + ("sum" in row)
        for family in expected.values()
        for row in family["rows"].values()
    )
    equal(view.text("count"), f"{series} series")
    return got


def compare_row(family, row, want):
    equal((row["value"], row["time"]), (want["value"], want["time"]), family["name"])
    if "sum" not in want:
        return
    facts = {fact["key"]: fact["own"] for fact in row["facts"]}
    equal(facts.pop("sum"), want["sum"], family["name"])
    if family["type"] == "summary":
        equal(facts, {f"quantile {q}": value for q, value in want["points"]})
        return
    below, buckets = 0, []
    for bound, total in want["points"]:
        buckets.append((f"≤ {bound}", str(int(total) - below), total))
        below = int(total)
    got = [(bucket["key"], bucket["own"], bucket["total"]) for bucket in row["buckets"]]
    equal(got, buckets, family["name"])
    most = max(int(own) for _, own, _ in buckets) or 1
    widths = [float(bucket["width"].strip("%")) for bucket in row["buckets"]]
    equal(
        [round(width) for width in widths],
        [round(100 * int(own) / most) for _, own, _ in buckets],
        "widths of bars",
    )


def row_of(view, family, *labels):
    for shown in view.read():
        for row in shown["rows"]:
            if shown["name"] == family and row["labels"] == list(labels):
                return row
    raise AssertionError(f"there is no row {family} {labels}")


# The checks.


def check_program(browser, url):
    """Checks a program whose values change: the screen shows what the page received."""
    view = View(browser, url)
    bodies = []
    keep = lambda got: view.is_scrape(got.request) and bodies.append(got)
    view.page.on("response", keep)
    view.becomes("live")
    view.fetch()
    view.fetch()
    body = bodies[-1].text()
    equal(bodies[-1].request.headers["accept"], "text/plain;version=0.0.4")
    compare(view, body)
    size = len(body.encode())
    assert f" · {size / 1000:.1f} kB · " in view.text("last"), view.text("last")
    check_keyboard(browser, url)
    check_contrast(browser, url)
    check_widths(browser, url)
    check_scripts_off(browser, url)
    check_sub_path(browser, url)
    check_password_in_address(browser, url)
    check_hidden(view)
    view.end()


def check_keyboard(browser, url):
    view = View(browser, url)
    view.becomes("live")
    page = view.page
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => {
              const { activeElement: at } = document;
              return [at.id || at.getAttribute('href'), getComputedStyle(at).outlineStyle];
            }"""
        )
        if name is None:
            break
        equal(outline, "solid", f"the focus on {name}")
        reached.append(name)
    assert reached[-3:] == ["filter", "interval", "pause"], reached
    assert reached[0].endswith("metrics"), reached
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    equal(page.evaluate("document.activeElement.id"), "filter", "the key /")
    page.keyboard.type("rust_/x")
    equal(page.input_value("#filter"), "rust_/x")
    page.keyboard.press("Escape")
    equal(page.input_value("#filter"), "")
    view.end()


def check_contrast(browser, url):
    for scheme in ("light", "dark"):
        view = View(browser, url, color_scheme=scheme, reduced_motion="reduce")
        view.becomes("live")
        view.fetch()
        report_contrast(view, scheme)
        view.end()


def report_contrast(view, scheme):
    texts, graphics = view.page.evaluate(CONTRAST)
    print(f"contrast, {scheme}:", json.dumps([texts, graphics]))
    assert texts[0][0] >= 4.5, texts[0]
    assert graphics[0][0] >= 3, graphics[0]


def check_widths(browser, url):
    # 640 pixels is a window of 1280 pixels at 200% zoom.
    for width in (320, 375, 640, 832, 833, 1280, 2560):
        view = View(browser, url, viewport={"width": width, "height": 700})
        view.becomes("live")
        equal(view.page.evaluate(OVERFLOW), [0], f"too wide at {width} pixels")
        row = view.page.locator(".row").nth(1).bounding_box()
        assert row["width"] <= 1200, row
        view.end()


def check_scripts_off(browser, url):
    view = View(browser, url, java_script_enabled=False)
    assert view.page.is_visible("nav a[href$=metrics]")
    assert view.page.is_visible("h1")
    assert not view.page.is_visible("#live")
    # The browser requests an icon for what isn't a page.
    view.allowed = ["status of 404"]
    view.page.click("nav a[href$=metrics]")
    assert "# HELP" in view.page.inner_text("body")
    equal(view.problems, [])
    view.context.close()


def check_sub_path(browser, url):
    """Checks the page behind a proxy that serves the program under a sub-path."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith("/some/path/"):
                return self.send_error(404)
            with urllib.request.urlopen(url + self.path[len("/some/path/") :]) as response:
                self.send_response(response.status)
                for name in ("Content-Type", "Content-Security-Policy"):
                    if name in response.headers:
                        self.send_header(name, response.headers[name])
                self.end_headers()
                self.wfile.write(response.read())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    view = View(browser, f"http://127.0.0.1:{server.server_port}/some/path/")
    view.becomes("live")
    for request in view.requests:
        assert request.url.startswith((view.url, "data:")), request.url
    view.end()
    server.shutdown()


def check_password_in_address(browser, url):
    """Checks the page at an address with a password, which `fetch` refuses."""
    view = View(browser, url.replace("http://", "http://user:password@"))
    view.becomes("live")
    view.end()


def check_hidden(view):
    """Checks that a hidden tab fetches nothing, and fetches at once when it is shown."""
    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    view.page.select_option("#interval", "1")
    view.page.click("#pause")
    view.becomes("live")
    view.page.evaluate(hide, True)
    view.page.wait_for_timeout(300)
    before = view.scrapes()
    view.page.wait_for_timeout(2500)
    equal(view.scrapes(), before, "scrapes while hidden")
    view.page.select_option("#interval", "30")
    view.page.evaluate(hide, False)
    until(lambda: view.scrapes() == before + 1, "a scrape when shown")


def check_changing(browser, url):
    def set_to(**settings):
        for name, value in settings.items():
            get(f"{url}-/set?{name}={value}")

    set_to(gauge=1, counter=10, low=4, middle=3, high=3, temporary=60, quantile=20)
    view = View(browser, url)
    view.becomes("live")
    view.fetch()
    compare(view, get(url + "metrics"))
    check_landing(view)
    check_hostile(view)
    check_changes(view, set_to, url)
    check_histogram(view)
    check_come_and_go(view, set_to, url)
    check_filter(view, url)
    check_pause(view)
    check_failures(view, set_to, url)
    check_slow(view, set_to)
    view.end()
    check_widths(browser, url)
    check_marks_without_motion(browser, url, set_to)


def check_landing(view):
    page = view.page
    equal(page.title(), "Live <i>view</i>")
    equal(page.inner_text("h1"), "Live <i>view</i>")
    equal(page.inner_text(".version"), "1.2.3")
    assert "What the check & its reader see." in page.inner_text("header")


def check_hostile(view):
    page = view.page
    counts = page.evaluate(
        """() => [document.querySelectorAll('img, b, body script').length,
        document.querySelectorAll('.labels span *:not(i)').length, typeof window.hacked]"""
    )
    equal(counts, [0, 0, "undefined"], "elements that labels made")
    long = [row for row in row_titles(view) if len(row) > 3000]
    equal(len(long), 1)
    style = page.locator(".labels span").first.evaluate(
        "(chip) => getComputedStyle(chip).unicodeBidi"
    )
    equal(style, "isolate")


def row_titles(view):
    family = next(family for family in view.read() if family["name"] == "hostile")
    for row in family["rows"]:
        for title, label in zip(row["titles"], row["labels"]):
            assert title or len(label) < 80, label
            yield title


def changed_rows(view):
    return [
        (family["name"], *row["labels"])
        for family in view.read()
        for row in family["rows"]
        if row["changed"] or any(e["changed"] for e in row["buckets"] + row["facts"])
    ]


def check_changes(view, set_to, url):
    equal(changed_rows(view), [], "changed in the first fetches")
    code = 'code="200"'
    started = time.monotonic()
    view.fetch()
    least = time.monotonic()
    equal(row_of(view, "live_total", code)["rate"], "0/s")
    rows = view.page.locator("#families .row")
    rows.evaluate_all("(rows) => rows.forEach((row) => (row.kept = true))")
    set_to(gauge=7.5, counter=70)
    view.page.wait_for_timeout(2000)
    least = time.monotonic() - least
    view.fetch()
    most = time.monotonic() - started
    equal(changed_rows(view), [("live_gauge",), ("live_total", code)])
    gauge, counter = row_of(view, "live_gauge"), row_of(view, "live_total", code)
    equal((gauge["value"], gauge["change"], gauge["rate"]), ("7.5", "+6.5", ""))
    equal((counter["value"], counter["change"]), ("70", "+60"))
    rate = float(counter["rate"].removesuffix("/s"))
    assert 60 / most * 0.99 < rate < 60 / least * 1.01, (rate, least, most)
    assert rows.evaluate_all("(rows) => rows.every((row) => row.kept)"), "rows stay"
    set_to(gauge=7.25, counter=20, low=5, quantile=21)
    view.fetch()
    gauge, counter = row_of(view, "live_gauge"), row_of(view, "live_total", code)
    equal(gauge["change"], "−0.25")
    equal((counter["change"], counter["rate"]), ("−50", "reset"))
    histogram = row_of(view, "live_seconds", 'path="/a"')
    marks = [bucket["changed"] for bucket in histogram["buckets"]]
    equal(marks, [True, False, False, False])
    equal(histogram["change"], "+1")
    summary = row_of(view, "live_bytes", 'path="/a"')
    equal([fact["changed"] for fact in summary["facts"]], [False, False, True])
    compare(view, get(url + "metrics"))
    view.fetch()
    equal(changed_rows(view), [], "marks after one more fetch")
    check_lines(view)


def check_lines(view):
    """Checks six points for 1, 1, 1, 7.5, 7.25 and 7.25, the highest at the top."""
    row = view.page.locator(".family", has_text="A gauge that the check sets.")
    row.scroll_into_view_if_needed()
    path = row.locator("path").get_attribute("d")
    points = re.findall(r"[ML]([\d.]+) ([\d.]+)", path)
    heights = [float(y) for _, y in points]
    equal([float(x) for x, _ in points], [118 - 2 * n for n in range(len(points))][::-1])
    equal(heights[-3:], [2, 2.8, 2.8])
    equal(set(heights[:-3]), {22})


def check_histogram(view):
    """Checks 5, 3, 0 and 3 observations in buckets up to 0.5, 2, 10 and +Inf."""
    facts = row_of(view, "live_seconds", 'path="/a"')["facts"]
    equal(
        [(fact["key"], fact["own"]) for fact in facts],
        [
            ("sum", "13.75"),
            # The rank is 5.5 of 11: half an observation into the second bucket.
            ("quantile 0.5, estimated", "0.75"),
            ("quantile 0.9, estimated", "10"),
            ("quantile 0.99, estimated", "10"),
        ],
    )
    facts = row_of(view, "live_seconds", 'path="/b"')["facts"]
    equal([fact["own"] for fact in facts], ["0", "NaN", "NaN", "NaN"])


def check_come_and_go(view, set_to, url):
    for first, count in ((0, 130), (1, 3), (1, 100), (0, 102), (0, 0), (5, 60)):
        set_to(first=first, temporary=count)
        view.fetch()
        compare(view, get(url + "metrics"))
    new = row_of(view, "live_temporary", 'n="5"')
    equal((new["change"], new["changed"]), ("new", True))


def check_filter(view, url):
    page = view.page
    families = expected_families(get(url + "metrics"))
    everything = view.text("count")
    total = everything.split()[0]
    for words, names, count in (
        ("live_GAUGE", ["live_gauge"], 1),
        ('path="/b" live', ["live_seconds"], 5),
        ("TAKES how", ["live_seconds"], 11),
        ("live_seconds_bucket", ["live_seconds"], 11),
        ('le="2"', ["live_seconds"], 11),
        ('code="500"', ["live_total"], 1),
        ('tostring="b', ["hostile_names"], 2),
        ("live_gauge live_total", [], 0),
        ("one. counter", [], 0),
    ):
        page.fill("#filter", words)
        shown = [family for family in view.read() if not family["hidden"]]
        equal([family["name"] for family in shown], names, words)
        equal(view.text("count"), f"{count} of {total} series", words)
        visible_rows = page.locator("#families .row:visible").count()
        equal(visible_rows > 0, bool(names), words)
        rows = [row for family in shown for row in family["rows"] if not row["hidden"]]
        equal(len(rows), visible_rows, words)
    view.fetch()
    equal(page.locator(".row:visible").count(), 1, "rows after a fetch: the columns")
    page.focus("#filter")
    page.keyboard.press("Escape")
    equal(page.input_value("#filter"), "")
    equal(view.text("count"), everything)
    shown = [family["name"] for family in view.read() if not family["hidden"]]
    equal(shown, list(families))


def check_pause(view):
    page = view.page
    page.select_option("#interval", "1")
    page.click("#pause")
    equal(view.text("pause"), "Pause")
    before = view.scrapes()
    until(lambda: view.scrapes() >= before + 3, "a scrape each second")
    page.click("#pause")
    equal((view.text("pause"), view.text("state")), ("Resume", "paused"))
    page.wait_for_timeout(200)
    before = view.scrapes()
    page.wait_for_timeout(2500)
    equal(view.scrapes(), before, "scrapes while paused")
    status = page.locator("[role=status]")
    equal(status.inner_text().strip(), "paused")
    equal(status.locator("#last, .value").count(), 0, "values that are announced")


def check_failures(view, set_to, url):
    page = view.page
    values = [[row["value"] for row in family["rows"]] for family in view.read()]

    def fails(why, lines):
        view.fetch("failed")
        page.click("#pause")
        view.becomes("failed")
        equal((view.text("why"), view.text("body")), (why, lines))
        equal(page.is_visible("#body"), bool(lines))
        assert "stale" in page.get_attribute("#live", "class")
        kept = [[row["value"] for row in family["rows"]] for family in view.read()]
        equal(kept, values, "the values stay")

    view.allowed = ["status of 500", "ERR_INTERNET_DISCONNECTED"]
    set_to(fail=1)
    error = urllib_error(url + "metrics")
    fails("HTTP status 500 Internal Server Error", error)
    assert "<b>/dev/hwmon3</b>" in error, error
    report_contrast(view, "failed")
    set_to(fail=2)
    fails(
        "the response isn't an exposition: line 2 isn't a sample",
        "<b>not</b> an exposition",
    )
    set_to(fail=0)
    view.context.set_offline(True)
    fails("the program doesn't answer", "")
    view.context.set_offline(False)
    view.fetch()
    assert "stale" not in page.get_attribute("#live", "class").split()
    equal((view.text("why"), view.text("body")), ("", ""))
    compare(view, get(url + "metrics"))
    set_to(fail=3)
    view.fetch()
    equal(view.read(), [])
    equal(view.text("count"), "0 series")
    set_to(fail=0)
    view.fetch()
    compare(view, get(url + "metrics"))
    view.allowed = []


def urllib_error(url):
    try:
        get(url)
    except urllib.error.HTTPError as error:
        return error.read().decode()
    raise AssertionError("the scrape didn't fail")


def check_slow(view, set_to):
    """Checks that there is one request at a time, none longer than its timeout."""
    page = view.page
    set_to(sleep=2.5)
    page.select_option("#interval", "1")
    before = view.scrapes()
    page.click("#pause")
    page.wait_for_timeout(4500)
    assert view.scrapes() <= before + 2, "scrapes of 2.5 seconds in 4.5 seconds"
    set_to(sleep=12)
    view.becomes("failed")
    equal(view.text("why"), "no response within 10 s")
    set_to(sleep=0)
    view.becomes("live")
    view.pause()


def check_marks_without_motion(browser, url, set_to):
    """Checks that a change is always marked, and animated only if motion is wanted."""
    for motion, name in (("reduce", "none"), ("no-preference", "odd|even")):
        view = View(browser, url, reduced_motion=motion)
        set_to(gauge=1)
        view.becomes("live")
        view.fetch()
        for gauge in (2, 3):
            set_to(gauge=gauge)
            view.fetch()
            animation, edge = view.page.evaluate(
                """() => {
                  const style = getComputedStyle(document.querySelector('.changed'));
                  return [style.animationName, style.borderRightColor];
                }"""
            )
            assert re.fullmatch(name, animation), animation
            assert edge != "rgba(0, 0, 0, 0)", edge
        view.end()


# Expositions that the check itself responds with, each with the rows it must become.
WELL_FORMED = [
    ("", []),
    ("\n\n# a comment\n#HELP is one too\n# HELP\n", []),
    ("a 1", [("a", "untyped", "", [[], "1", ""])]),
    (
        '# HELP a Back\\\\slash \\n \\"quote.\n# TYPE a counter\na{b="c",} 2 -3\n',
        [("a", "counter", 'Back\\slash ↵ \\"quote.', [['b="c"'], "2", "at -3"])],
    ),
    (
        " \t# \t HELP \t a \t b  c\n"
        '  a \t{ __proto__ = "x" , b= "\\\\\\"\\n" , } \t+1e3 \t 5 \t\n'
        "a{}.5\na{b=\"} 1 # {,\"}-Inf\n",
        [
            (
                "a",
                "untyped",
                "b  c",
                [['__proto__="x"', 'b="\\"↵"'], "+1e3", "at 5"],
                [[], ".5", ""],
                [['b="} 1 # {,"'], "-Inf", ""],
            )
        ],
    ),
    (
        "# TYPE a gauge\na NaN\n__proto__ +Inf\na:b_sum 1E-7\n",
        [
            ("a", "gauge", "", [[], "NaN", ""]),
            ("__proto__", "untyped", "", [[], "+Inf", ""]),
            ("a:b_sum", "untyped", "", [[], "1E-7", ""]),
        ],
    ),
    (
        '# TYPE a summary\na_sum 3\na_count 2\na{quantile="1"} 2\na_bucket 5\n',
        [("a", "summary", "", [[], "2", ""]), ("a_bucket", "untyped", "", [[], "5", ""])],
    ),
    (
        '# TYPE a histogram\na_bucket{le="+Inf",x="1"} 2\na_bucket{x="1",le="1"} -1\n',
        [("a", "histogram", "", [['x="1"'], "", ""])],
    ),
]
MALFORMED = [
    ("a", 1, "isn't a sample"),
    ("a one", 1, "isn't a sample"),
    ("# TYPE a gauge\na 1\na{b=1} 1", 3, "isn't a sample"),
    ('a{b="c} 1', 1, "isn't a sample"),
    ('a{b="c" d="e"} 1', 1, "isn't a sample"),
    ('a{,} 1', 1, "isn't a sample"),
    ('a{b="\\t"} 1', 1, "isn't a sample"),
    ("a 1 2 3", 1, "isn't a sample"),
    ("a 1 2.5", 1, "isn't a sample"),
    ("1a 1", 1, "isn't a sample"),
    ("a1", 1, "isn't a sample"),
    ("a-b 1", 1, "isn't a sample"),
    ("a 1\r\n", 1, "isn't a sample"),
    ("a 1\nb 1\na 2", 3, "repeats a series"),
    ("# TYPE a metric\n", 1, "has an unknown type"),
    ("# TYPE a __proto__\n", 1, "has an unknown type"),
    ("<!doctype html>\n<p>a", 1, "isn't a sample"),
    # Each of these would take minutes if the parser backtracked.
    ("a " + "1" * 100_000 + "x", 1, "isn't a sample"),
    ('a{b="' + "\\n" * 100_000 + "x} 1", 1, "isn't a sample"),
    ('a{b="c"' + " " * 100_000 + "x} 1", 1, "isn't a sample"),
]


def check_format(browser, url):
    view = View(browser, url)
    view.becomes("live")
    answer = {}
    view.page.route("**/metrics", lambda route: route.fulfill(body=answer["body"]))
    for text, expected in WELL_FORMED:
        answer["body"] = text
        view.fetch()
        got = [
            (
                family["name"],
                family["type"],
                family["help"],
                *[[row["labels"], row["value"], row["time"]] for row in family["rows"]],
            )
            for family in view.read()
        ]
        equal(got, expected, text)
    for text, number, problem in MALFORMED:
        answer["body"] = text
        view.fetch("failed")
        view.page.click("#pause")
        view.becomes("failed")
        why = f"the response isn't an exposition: line {number} {problem}"
        equal(view.text("why"), why, text)
        line = text.split("\n")[number - 1]
        equal(view.text("body"), visible(line[:300]), text)
    for number in range(62):
        answer["body"] = f"a {number % 2}\n"
        view.fetch()
    path = view.page.locator("path").get_attribute("d")
    equal(len(re.findall("[ML]", path)), 60, "points of a line")
    view.end()


def check_many(browser, *urls):
    """Checks bounds of ten times what a slow machine needs, and prints the times."""
    for url in urls:
        started = time.monotonic()
        view = View(browser, url)
        bodies = []
        keep = lambda got: view.is_scrape(got.request) and bodies.append(got)
        view.page.on("response", keep)
        view.becomes("live")
        drawn = time.monotonic() - started
        view.page.evaluate(
            """() => { window.tasks = []; new PerformanceObserver((list) =>
            tasks.push(...list.getEntries().map((task) => Math.round(task.duration)))
            ).observe({ type: 'longtask' }); }"""
        )
        for _ in range(4):
            view.fetch()
        view.page.wait_for_timeout(200)
        tasks = view.page.evaluate("tasks.splice(0)")
        compare(view, bodies[-1].text())
        assert 20 < view.page.locator("path").count() < 500, "lines of rows in view"
        typing = time.monotonic()
        view.page.fill("#filter", 'path="/api/items/7"')
        assert view.text("count") in ("1 of 10000 series", "1000 of 10000 series")
        view.page.fill("#filter", "")
        equal(view.text("count"), "10000 series")
        view.page.evaluate("new Promise(requestAnimationFrame)")
        typing = time.monotonic() - typing
        scrolled = view.page.evaluate(
            """async () => { let [most, last] = [0, performance.now()];
            for (let step = 0; step < 60; step++) { scrollBy(0, 400);
              await new Promise(requestAnimationFrame);
              most = Math.max(most, performance.now() - last); last = performance.now(); }
            return most; }"""
        )
        print(f"10,000 series: drawn in {drawn:.2f} s, long tasks {tasks} ms, "
              f"filtered twice in {typing:.2f} s, longest frame {scrolled:.0f} ms")
        assert drawn < 20, drawn
        assert max(tasks, default=0) < 2000, tasks
        assert typing < 5 and scrolled < 2000, (typing, scrolled)
        view.end()


def pictures(browser, url, folder):
    views = {}
    for name, width, scheme in (
        ("light", 1280, "light"),
        ("dark", 1280, "dark"),
        ("narrow", 375, "light"),
        ("narrow_dark", 375, "dark"),
    ):
        options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        views[name] = View(browser, url, **options)
        views[name].page.select_option("#interval", "1")
    # Until there is a part of a line.
    views["light"].page.wait_for_timeout(45_000)
    for name, view in views.items():
        view.page.screenshot(path=f"{folder}/{name}.png")
        view.context.close()


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS
        )
        yield browser
        browser.close()


CHECKS = {
    "program": check_program,
    "changing": check_changing,
    "format": check_format,
    "many": check_many,
    "pictures": pictures,
}

if __name__ == "__main__":
    with chromium() as browser:
        CHECKS[sys.argv[1]](browser, *sys.argv[2:])
