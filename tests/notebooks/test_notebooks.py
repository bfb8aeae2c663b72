"""Every chapter runs from first to last cell with the preset ``smoke``."""

import pytest

from book.tools.build import Book, execute

pytestmark = [pytest.mark.book, pytest.mark.xdist_group("book"), pytest.mark.timeout(900)]


def test_every_chapter_runs():
    book = Book(preset="smoke")
    done = execute(book, cell_timeout=300)
    assert [result.path.stem for result in done] == [path.stem for path in book.chapters()]
