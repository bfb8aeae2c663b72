"""A stroke in the page: from pointer-up to the new picture, in a real browser."""

from __future__ import annotations

import statistics

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import Row
from book.tools import browser
from book.tools.build import Book, build

STROKES = 20
PATIENCE = 120_000  # milliseconds

WATCH = """() => {
  let released = 0;
  globalThis.waits = [];
  addEventListener("pointerup", () => { released = performance.now(); }, true);
  document.querySelector(".nbgan-live").addEventListener("nbgan-painted", () =>
    requestAnimationFrame(() => waits.push(performance.now() - released)));
}"""


def run() -> list[Row]:
    """Strokes and whole maps in the demo of chapter 2."""
    book = Book(preset="smoke")
    if not (book.html / "index.html").exists():
        build(book)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(browser.ensure()), args=browser.FLAGS
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto((book.html / "notebooks" / "02_spade.html").as_uri())
        page.locator(".nbgan-live-open").click()
        page.locator(".nbgan-live[data-state]").wait_for(state="attached")
        page.evaluate(WATCH)
        strokes = [stroke(page, number) for number in range(STROKES + 2)][2:]
        chromium.close()
    return [
        {
            "claim": "In the page: pointer-up to new picture, 128 px",
            "ours": statistics.median(strokes),
            "unit": "ms",
            "target": "under 150",
        }
    ]


def stroke(page: Page, number: int) -> float:
    """Draw one short stroke; milliseconds from its end to the new picture."""
    stage = page.locator(".nbgan-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (0.15 + 0.6 * (number * 7 % 20) / 20)
    y = box["y"] + box["height"] * (0.3 + 0.6 * (number * 3 % 20) / 20)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 10, steps=3)
    page.mouse.up()
    page.wait_for_function(f"waits.length === {number + 1}")
    return float(page.evaluate("waits.at(-1)"))
