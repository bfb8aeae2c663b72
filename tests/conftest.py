"""The built book: made once for all tests, whichever worker asks first."""

import pytest
from filelock import FileLock

from book.tools.build import ROOT, Book, build


@pytest.fixture(scope="session")
def built_book(tmp_path_factory, worker_id):
    """The book of this repository, from notebooks executed with the preset ``smoke``."""
    book = Book(preset="smoke", output=ROOT / "_build" / "html-smoke")
    folder = tmp_path_factory.getbasetemp()
    done = (folder if worker_id == "master" else folder.parent) / "book-is-built"
    with FileLock(f"{done}.lock"):
        if not done.exists():
            build(book)
            done.touch()
    return book
