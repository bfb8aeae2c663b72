"""The build refuses what would publish something else than was run."""

import base64
import io
import json

import nbformat
import pytest
from PIL import Image

from book.tools import BuildError, pages
from book.tools.build import Book, execute
from book.tools.notebooks import check_parameters, parameter_defaults


def make_book(folder, *sources, parameters="preset = 'cpu'\nseed = 0"):
    """A book of one chapter, ``01_tiny``, whose code cells after the parameters are given."""
    notebook = nbformat.v4.new_notebook()
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    title = nbformat.v4.new_markdown_cell("# Tiny")
    notebook.cells = [title, tagged, *map(nbformat.v4.new_code_cell, sources)]
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "notebooks/01_tiny.ipynb")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: notebooks/01_tiny\n")
    return Book(root=folder, preset="smoke")


def chapter(book):
    return book.chapters()[0]


def test_unknown_parameter_is_named(tmp_path):
    path = chapter(make_book(tmp_path))
    with pytest.raises(BuildError, match=r"unknown parameter sed; this notebook has: preset, seed"):
        check_parameters(path, {"sed": 1})


def test_only_changed_parameters_are_injected(tmp_path):
    path = chapter(make_book(tmp_path))
    assert check_parameters(path, {"preset": "cpu", "seed": 3}) == {"seed": 3}


def test_a_chapter_without_preset_is_refused(tmp_path):
    book = make_book(tmp_path, parameters="seed = 0")
    with pytest.raises(BuildError, match="unknown parameter preset"):
        execute(book, log=str)


def test_exactly_one_parameters_cell(tmp_path):
    path = chapter(make_book(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(notebook.cells[1].copy())
    notebook.cells[-1]["id"] = "another"
    nbformat.write(notebook, path)
    with pytest.raises(BuildError, match="2 cells are tagged 'parameters'"):
        parameter_defaults(path)


def test_parameters_cell_holds_values_only(tmp_path):
    path = chapter(make_book(tmp_path, parameters="preset = 'cpu'\nimport os"))
    with pytest.raises(BuildError, match="holds 'import os'"):
        parameter_defaults(path)


def test_outputs_in_git_stop_the_build(tmp_path):
    book = make_book(tmp_path, "1 + 1")
    notebook = nbformat.read(chapter(book), as_version=4)
    notebook.cells[2].execution_count = 1
    nbformat.write(notebook, chapter(book))
    with pytest.raises(BuildError, match="cell 3 holds an execution count"):
        execute(book, log=str)


def test_failing_cell_names_chapter_and_cell(tmp_path):
    book = make_book(tmp_path, "x = 1", "# the culprit\nprint(preset)\n1 / 0", "never = 'reached'")
    with pytest.raises(BuildError) as caught:
        execute(book, log=str)
    message = str(caught.value)
    assert "chapter 01_tiny failed in cell 4 of 5" in message
    assert "# the culprit" in message
    assert "ZeroDivisionError: division by zero" in message


def test_slow_cell_names_chapter_and_cell(tmp_path):
    book = make_book(tmp_path, "import time", "time.sleep(30)")
    with pytest.raises(BuildError, match=r"(?s)cell 4 of 4.*took longer than 1 s"):
        execute(book, cell_timeout=1, log=str)


def test_run_is_kept_until_something_changes(tmp_path):
    book = make_book(tmp_path, "print(preset, seed)")
    lines = []
    first = execute(book, log=lines.append)[0]
    assert not first.reused
    printed = nbformat.read(first.path, as_version=4).cells[-1].outputs[0].text
    assert printed == "smoke 0\n"
    assert execute(book, log=lines.append)[0].reused
    assert lines[1].startswith("[1/1] 01_tiny: executed in ")
    assert lines[3].startswith("[1/1] 01_tiny: nothing changed, kept the run of ")
    (tmp_path / "nbgan").mkdir()
    (tmp_path / "nbgan/new.py").write_text("x = 1")
    assert not execute(book, log=lines.append)[0].reused


def test_missing_chapter_is_named(tmp_path):
    book = make_book(tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: notebooks/02_gone\n")
    with pytest.raises(BuildError, match="notebooks/02_gone"):
        execute(book, log=str)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_model_zoo_page_from_cards(tmp_path, kind):
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(picture, kind)
    card = {
        "name": "spade-tiny",
        "system": "spade",
        "recipe": {"steps": 10},
        "megabytes": 1.5,
        "parameters": {"generator": 12345, "encoder": 678},
        "steps": 6000,
        "seconds": 7500,
        "hardware": "2 cores",
        "scores": {"mIoU": 0.51234},
        "failures": ["water | sand"],
        "licence": "MIT",
        "grid": base64.b64encode(picture.getvalue()).decode(),
    }
    text = pages.model_zoo([card], tmp_path / "zoo")
    assert (tmp_path / f"zoo/spade-tiny.{kind}").read_bytes() == picture.getvalue()
    assert f"zoo/spade-tiny.{kind}\n" in text
    assert "| trained for | 6,000 steps in 2 h 5 min |" in text
    assert "| parameters | generator 12,345, encoder 678 |" in text
    assert "| mIoU | 0.5123 |" in text
    assert "- water \\| sand" in text
    assert "## spade-tiny" in pages.model_zoo([{"name": "spade-tiny"}], tmp_path)
    assert "without weights" in pages.model_zoo([], tmp_path)


def test_performance_page_shows_used_columns_only_and_a_table_for_each_machine():
    rows = [
        {"claim": "a picture at 128 px", "ours": 41.25, "unit": "ms", "machine": "2 cores"},
        {"claim": "b", "machine": "8 cores"},
        {"claim": "c", "machine": "2 cores"},
    ]
    text = pages.performance({"results": rows})
    assert text.count("| what | here | unit |") == 2
    assert "| a picture at 128 px | 41.25 | ms |" in text
    found = [text.index(part) for part in ("2 cores", "| a pic", "| c |", "8 cores", "| b |")]
    assert found == sorted(found)


def test_results_that_are_no_json_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("nbgan.zoo.names", lambda: [])
    for folder in ("benchmarks", "tree/book"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / pages.RESULTS).write_text('{"results": [')
    with pytest.raises(BuildError, match=r"results\.json: not valid JSON"):
        pages.write(tmp_path, tmp_path / "tree", log=str)


def test_performance_page_is_listed_only_with_results(tmp_path):
    book = make_book(tmp_path)
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/introduction\nparts:\n"
        "- chapters:\n  - file: book/performance\n  - file: book/credits\n"
    )
    assert book.documents() == ["book/introduction", "book/credits"]
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/results.json").write_text(json.dumps({"results": []}))
    assert book.documents() == ["book/introduction", "book/performance", "book/credits"]
