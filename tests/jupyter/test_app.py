"""The studio as an app: ``make app``, Voila in Chromium."""

import numpy as np
import pytest
from studio_page import StudioPage

from nbgan import zoo

pytestmark = [pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def opened(app, open_tab):
    """The app's page, and the requests that left this machine."""
    page, foreign = open_tab(), []
    local = (app.address, app.address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda r: r.url.startswith(local) or foreign.append(r.url))
    page.goto(app.address)
    studio = StudioPage(page, zoo.load("spade-landscapes"))
    studio.wait_for_picture()
    return studio, foreign


def test_app_asks_no_other_host_and_shows_no_prose_of_the_book(opened):
    studio, foreign = opened
    assert foreign == []
    words = studio.page.locator("body").inner_text()
    assert "Choose a class" in words
    assert "The same from Python" not in words
    assert "{glue" not in words
    assert "saved page" not in words


def test_a_stroke_is_answered_by_the_model(opened):
    studio, _ = opened
    mask, picture = studio.mask, studio.picture
    studio.choose("snow")
    studio.drag((30, 100), (100, 90))
    studio.wait_for_answer()
    assert (studio.mask != mask).sum() > 300
    assert np.abs(studio.picture.astype(int) - picture).max() > 8
    studio.assert_model_answered()


def test_phone_sized_app_does_not_scroll_sideways(opened):
    studio, _ = opened
    studio.page.set_viewport_size({"width": 390, "height": 844})
    overflow = studio.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
