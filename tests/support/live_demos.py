"""The demos of the book's pages, as tests handle them: open one, paint with it, see it fail."""

import numpy as np
import pytest
from playwright.sync_api import TimeoutError as Late

PATIENCE = 300_000  # milliseconds; a busy machine is no reason to fail
PAINTER = "notebooks/02_spade"
AXES = "notebooks/01_normalization"
DEMO = "document.querySelector('.nbgan-live')"


def start(page):
    page.locator(".nbgan-live-open").click()
    wait_for_end(page)


def wait_for_end(page):
    """Wait until the demo is open or says that it failed; else fail with what the page shows."""
    try:
        page.locator(".nbgan-live[data-state]").wait_for(state="attached")
    except Late:
        shown = page.evaluate(
            f"""() => {{ const button = document.querySelector('.nbgan-live-open');
                return {{ status: document.querySelector('.nbgan-live-status').textContent,
                  clicked: button.disabled, top: button.getBoundingClientRect().top,
                  focus: document.activeElement?.className, visible: document.visibilityState,
                  assets: Object.keys(nbgan.assets), demo: Object.keys({DEMO}.nbganDemo) }}; }}"""
        )
        seen = page.seen
        under_way = [url for url in seen["requests"] if url not in seen["ended"]]
        pytest.fail(
            f"the demo neither opened nor failed: {shown}; requests under way: {under_way}; "
            f"errors: {seen['errors']}; console: {seen['console']}"
        )


def paint(page, mask, style):
    """The page's picture for a mask uint8 [H, W] and a style [z_dim], as [3, H, W]."""
    floats = page.evaluate(
        f"async ([mask, style]) => [...(await {DEMO}.nbganDemo.paint(mask, style)).picture]",
        [mask.ravel().tolist(), style.tolist()],
    )
    return np.float32(floats).reshape(3, *mask.shape)


def expect_painting(page):
    """From now on, ``await painted`` in the page waits for the next painting."""
    page.evaluate(
        f"""() => {{ globalThis.painted = new Promise(done => {DEMO}.addEventListener(
            'nbgan-painted', ({{ detail }}) => done(detail), {{ once: true }})); }}"""
    )


def failed(page, message):
    """The demo says what is wrong and the picture stays."""
    assert page.locator(".nbgan-live").get_attribute("data-state") == "failed"
    status = page.locator(".nbgan-live-status").inner_text()
    assert "could not start" in status and message in status
    picture = page.locator(".nbgan-live-cover img")
    assert picture.is_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.locator(".nbgan-painter").count() == 0
