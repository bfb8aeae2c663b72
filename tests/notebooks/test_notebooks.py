"""Every chapter runs from first to last cell with the preset ``smoke``."""

import json

import pytest

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]


def test_every_chapter_runs(built_book):
    assert built_book.chapters()
    for chapter in built_book.chapters():
        executed = built_book.executed / chapter.relative_to(built_book.root)
        cells = json.loads(executed.read_text())["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"]]
        assert all(cell["execution_count"] for cell in code), chapter.stem
        errors = [o for cell in code for o in cell["outputs"] if o["output_type"] == "error"]
        assert not errors, chapter.stem
