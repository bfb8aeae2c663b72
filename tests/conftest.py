"""What several rooms of the tests share: the built book, and a browser."""

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from book.tools import browser as chromium
from book.tools.build import ROOT, Book, build


@pytest.fixture(scope="session")
def built_book(tmp_path_factory, worker_id):
    """The book of this repository, from notebooks executed with the preset ``smoke``.

    Made once for all tests, whichever worker asks first.
    """
    book = Book(preset="smoke", output=ROOT / "_build" / "html-smoke")
    folder = tmp_path_factory.getbasetemp()
    done = (folder if worker_id == "master" else folder.parent) / "book-is-built"
    with FileLock(f"{done}.lock"):
        if not done.exists():
            build(book)
            done.touch()
    return book


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    path = str(chromium.ensure())
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        yield found
        found.close()
