"""A page of its own for one demo, without the book around it."""

import html
import json

from live_demos import PATIENCE, start

from book.tools import scripts
from book.tools.build import ROOT
from nbgan.live import site

PAGE = """<!doctype html>
<html data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="live/live.css"></head><body><div class="bd-content">
<div class="nbgan-live" data-demo="%(name)s" data-open="%(open)s" data-scripts="%(scripts)s">
<div class="nbgan-live-cover"><img src="live/%(name)s.webp" alt="before"></div></div></div>
<script src="live/loader.js" defer></script></body></html>"""


def write_page(folder, demo):
    """A folder with ``page.html`` that holds the demo; returns the page's address."""
    runtime = ROOT / "nowhere"
    if demo.runtime:
        prepared = scripts.prepare(ROOT / "book", ROOT / "_build" / "scripts", log=str)
        runtime = prepared.with_name("runtime")
    site.prepare(
        folder / "live", runtime=runtime, cache=folder / "cache", demos={demo.name: demo}, log=str
    )
    entry = json.loads((folder / "live/demos.json").read_text())[demo.name]
    values = {
        "name": demo.name,
        "open": entry["open"],
        "scripts": json.dumps(entry["scripts"]),
    }
    page = PAGE % {key: html.escape(value) for key, value in values.items()}
    (folder / "page.html").write_text(page)
    return (folder / "page.html").as_uri()


def open_page(browser, address, *, width=1280, theme="light"):
    """The page in a new context, its demo started; ``page.errors`` collects script errors."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.errors = []
    page.seen = {"requests": [], "ended": [], "errors": page.errors, "console": []}
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    start(page)
    assert page.locator(".nbgan-live").get_attribute("data-state") == "open"
    return page
