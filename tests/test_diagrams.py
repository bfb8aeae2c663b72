"""Diagrams, rows of pictures and tables of the chapters."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from nbgan.data.landscapes import LANDSCAPES
from nbgan.diagrams import Diagram
from nbgan.errors import InputError
from nbgan.figures import class_legend, instance_colors, picture_rows
from nbgan.tables import Table


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_coordinates_are_inches_even_after_a_picture():
    drawing = Diagram(width=4, height=2)
    drawing.picture(1, 1, LANDSCAPES.colorize(np.zeros((4, 8), int)), size=1)
    assert drawing.axes.get_xlim() == (0, 4)
    assert drawing.axes.get_ylim() == (0, 2)


def test_arrows_start_and_end_at_box_sides():
    box = Diagram(width=4, height=2).box(2, 1, "conv", width=1, height=0.5, note="[N, C, H, W]")
    assert box.left == (1.5, 1) and box.right == (2.5, 1)
    assert box.top == (2, 1.25) and box.bottom == (2, 0.75)


def test_unknown_kind_and_short_arrow_are_refused():
    drawing = Diagram(width=4, height=2)
    with pytest.raises(InputError, match="unknown 'convolution'; choose one of map"):
        drawing.box(1, 1, "conv", kind="convolution")
    with pytest.raises(InputError, match="needs a start and an end"):
        drawing.arrow((1, 1))


def test_legend_names_every_class():
    texts = {text.get_text() for text in class_legend(LANDSCAPES).axes[0].texts}
    assert texts == set(LANDSCAPES.classes)


def test_a_legend_in_rows_has_every_swatch_inside():
    figure = class_legend(LANDSCAPES, range(7), columns=3)
    (axis,) = figure.axes
    assert figure.get_size_inches()[1] == pytest.approx(3 * 0.42)
    places = [(round(text.get_position()[0], 2), text.get_position()[1]) for text in axis.texts]
    assert len(set(places)) == 7
    assert all(0 < y < 3 * 0.42 for _, y in places)


def test_instances_get_colours_that_differ_and_none_is_grey():
    ids = np.array([[0, 26000, 26001], [26002, 24000, 26000]])
    colors = instance_colors(torch.from_numpy(ids))
    assert colors.shape == (2, 3, 3) and colors.dtype == np.uint8
    assert colors[0, 0].tolist() == [235, 235, 235]
    assert (colors[0, 1] == colors[1, 2]).all()
    shown = np.unique(colors.reshape(-1, 3), axis=0).astype(int)
    assert len(shown) == 5
    apart = np.abs(shown[:, None] - shown[None]).sum(2) + 999 * np.eye(5, dtype=int)
    assert apart.min() > 30


def test_wide_pictures_make_low_rows():
    wide = np.zeros((4, 8, 3), np.uint8)
    square = picture_rows({"a": [wide[:, :4]] * 2}, size=2).get_size_inches()
    low = picture_rows({"a": [wide] * 2}, size=2).get_size_inches()
    assert low[0] == square[0] and low[1] == pytest.approx(square[1] / 2)


def test_rows_carry_names_and_columns_titles():
    picture = np.zeros((4, 4, 3), np.uint8)
    axes = picture_rows({"map": [None, picture], "real": [picture] * 2}, ["a", "b"]).axes
    assert [len(axis.images) for axis in axes] == [0, 1, 1, 1]
    assert [axis.get_ylabel() for axis in axes] == ["map", "", "real", ""]
    assert [axis.get_title() for axis in axes] == ["a", "b", "", ""]


def test_rows_that_do_not_fit_are_refused():
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(InputError, match="'real' has 1 pictures, the first row 2"):
        picture_rows({"map": [picture] * 2, "real": [picture]})
    with pytest.raises(InputError, match="1 titles for 2 columns"):
        picture_rows({"map": [picture] * 2}, ["a"])
    with pytest.raises(InputError, match="nothing to show"):
        picture_rows({})


def test_table_in_html_and_text():
    table = Table(["model", "mIoU"], [["a < b", 0.123456], ["c", 12345.6]])
    assert "<td>a &lt; b</td><td>0.123</td>" in table._repr_html_()
    assert repr(table).splitlines() == ["model  mIoU", "a < b  0.123", "c      12346"]


def test_table_with_a_short_row_is_refused():
    with pytest.raises(InputError, match="row 0 has 1 cells, the header 2"):
        Table(["a", "b"], [[1]])
