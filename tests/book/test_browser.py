"""Every page of the book in a real browser: served and from disk, desktop and phone."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from book.tools.build import Book

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]

PAGES = ["index", "search", "genindex", *Book().documents()]
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
PATIENCE = 120_000  # milliseconds; a busy machine is no reason to fail
LOCAL = ("data:", "blob:", "about:", "file:", "http://127.0.0.1:")

# Waits until formulas are set and widgets are drawn, so that their requests and errors count.
SETTLED = """async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const views = document.querySelectorAll('script[type$="widget-view+json"]').length;
  const end = Date.now() + 60000;
  while (views && document.querySelectorAll('.jupyter-widgets-view').length < views
         && !document.querySelector('.jupyter-widgets, .nbgan-painter') && Date.now() < end)
    await new Promise(done => setTimeout(done, 50));
  await Promise.all([...document.images].map(image => {
    image.loading = 'eager';
    return image.complete || new Promise(done => { image.onload = image.onerror = done; });
  }));
  await new Promise(done => setTimeout(done, 100));
}"""

LOOK = """() => ({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  images: [...document.images].map(image => ({
    source: image.getAttribute('src').slice(0, 120), alt: image.getAttribute('alt'),
    width: image.naturalWidth })),
  formulas: document.querySelectorAll('.math').length,
  typeset: document.querySelectorAll('mjx-container').length,
  badFormulas: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')]
    .map(node => node.textContent),
  views: document.querySelectorAll('script[type$="widget-view+json"]').length,
  widgets: document.querySelectorAll('.jupyter-widgets, .nbgan-painter').length,
})"""


@dataclass
class Visit:
    """What a browser met on one page."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seen: dict = field(default_factory=dict)


def visit(browser, address: str, width: str) -> Visit:
    """Open a page, wait until it is settled, and note requests, errors and what it shows."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    context = browser.new_context(viewport=size)
    context.set_default_timeout(PATIENCE)
    page, met = context.new_page(), Visit()
    page.on("request", lambda r: r.url.startswith(LOCAL) or met.foreign.append(r.url))
    page.on("requestfailed", lambda r: met.errors.append(f"failed: {r.url}"))
    page.on("response", lambda r: r.status < 400 or met.errors.append(f"{r.status}: {r.url}"))
    page.on("pageerror", lambda error: met.errors.append(f"script error: {error}"))
    page.on("console", lambda m: m.type != "error" or met.errors.append(f"console: {m.text}"))
    page.goto(address)
    # The first page only leads to the introduction.
    page.wait_for_url(lambda url: not url.endswith("/index.html"))
    page.wait_for_load_state("load")
    page.evaluate(SETTLED)
    met.seen = page.evaluate(LOOK)
    context.close()
    return met


class Links(HTMLParser):
    """Link targets and anchors of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors.update(given[key] for key in ("id", "name") if given.get(key))
        for key in ("href", "src"):
            if tag in ("a", "img", "link", "script") and given.get(key):
                self.links.append(given[key])


def broken_links(page: Path) -> list[str]:
    """Links of a page to files or anchors that the book does not have."""
    broken = []
    for link in Links(page).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not target.is_file() or (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in Links(target).anchors
        ):
            broken.append(link)
    return broken


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("opened", ["served", "from disk"])
@pytest.mark.parametrize("name", PAGES)
def test_page(built_book, served, browser, name, opened, width):
    root = served if opened == "served" else built_book.html.as_uri()
    met = visit(browser, f"{root}/{name}.html", width)
    assert met.foreign == []
    assert met.errors == []
    assert met.seen["overflow"] <= 0
    assert met.seen["badFormulas"] == []
    assert met.seen["typeset"] >= met.seen["formulas"]
    assert met.seen["widgets"] >= met.seen["views"]
    assert [image for image in met.seen["images"] if not image["width"]] == []
    nameless = [image for image in met.seen["images"] if not describes(image["alt"])]
    assert nameless == [], "give the picture alternative text (mystnb: image: alt)"


def describes(alt: str | None) -> bool:
    """Alternative text says what is to be seen; Sphinx falls back to the path of the file."""
    return bool(alt and alt.strip()) and "_images/" not in alt and not alt.endswith(".png")


@pytest.mark.parametrize("name", PAGES)
def test_links(built_book, name):
    assert broken_links(built_book.html / f"{name}.html") == []


def test_every_page_is_visited(built_book):
    found = {p.relative_to(built_book.html) for p in built_book.html.rglob("*.html")}
    built = {p.with_suffix("").as_posix() for p in found if p.parts[0] != "_static"}
    assert built == set(PAGES)


def test_search_finds_a_chapter(built_book, browser):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{built_book.html.as_uri()}/search.html?q=normalization")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 0
    context.close()


def test_a_broken_link_is_noticed(tmp_path):
    (tmp_path / "there.html").write_text('<p id="here"></p>')
    page = tmp_path / "page.html"
    page.write_text(
        '<a href="there.html#here"></a><a href="gone.html"></a><a href="there.html#gone"></a>'
        '<a href="https://example.org/"></a><img src="gone.png">'
    )
    assert broken_links(page) == ["gone.html", "there.html#gone", "gone.png"]


def test_trouble_on_a_page_is_noticed(tmp_path, browser):
    page = tmp_path / "page.html"
    page.write_text(
        '<script src="http://nowhere.invalid/x.js"></script><script>undefined_name()</script>'
        '<img src="gone.png"><div style="width: 2000px">wide</div>'
    )
    met = visit(browser, page.as_uri(), "phone")
    assert met.foreign == ["http://nowhere.invalid/x.js"]
    assert any("undefined_name" in error for error in met.errors)
    assert met.seen["overflow"] > 0
    assert met.seen["images"][0]["width"] == 0
    assert not describes(met.seen["images"][0]["alt"])
    assert not describes("../_images/0a1b.png")
    assert describes("loss surface before and after normalisation")
