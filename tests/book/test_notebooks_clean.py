"""Notebooks in git hold no outputs, and each has its parameters."""

import nbformat
import pytest

from book.tools.build import ROOT, Book
from book.tools.notebooks import parameter_defaults, unclean_cells

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs(path):
    assert unclean_cells(path) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_parameters(path):
    defaults = parameter_defaults(path)
    assert defaults["preset"] == "cpu"
    assert isinstance(defaults["seed"], int)


def test_the_book_lists_exactly_the_notebooks_there_are():
    assert sorted(Book().chapters()) == NOTEBOOKS
    documents = Book().documents()
    assert len(documents) == len(set(documents))


def test_outputs_and_counts_are_found(tmp_path):
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("stream", text="hello")
    notebook.cells = [
        nbformat.v4.new_markdown_cell("words"),
        nbformat.v4.new_code_cell("1", execution_count=4),
        nbformat.v4.new_code_cell("print('hello')", outputs=[output]),
    ]
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook, path)
    assert unclean_cells(path) == [
        f"{path}: cell 2 holds an execution count",
        f"{path}: cell 3 holds outputs",
    ]
