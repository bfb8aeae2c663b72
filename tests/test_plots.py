"""The figure style of the book."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from nbgan.errors import InputError
from nbgan.plots import show_images, to_picture, use_style


def test_pictures_move_from_minus_one_one_to_zero_one():
    image = torch.stack([torch.full((2, 3), value) for value in (-1.0, 0.0, 2.0)])
    picture = to_picture(image)
    assert picture.shape == (2, 3, 3)
    assert picture[0, 0].tolist() == [0.0, 0.5, 1.0]


def test_maps_and_byte_pictures_pass_unchanged():
    heat = np.arange(6.0).reshape(2, 3)
    colours = np.zeros((2, 3, 3), dtype=np.uint8)
    assert to_picture(heat) is heat
    assert to_picture(heat[None]).shape == (2, 3)
    assert to_picture(colours) is colours


def test_grid_has_one_axis_per_place_and_titles():
    use_style()
    figure = show_images([torch.zeros(3, 4, 4)] * 3, ["a", "b", "c"], columns=2)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "c", ""]
    plt.close(figure)


def test_limit_fixes_the_range_of_maps():
    figure = show_images([torch.randn(4, 4)], limit=2.5)
    assert figure.axes[0].images[0].get_clim() == (-2.5, 2.5)
    plt.close(figure)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="the list is empty"):
        show_images([])
    with pytest.raises(InputError, match="1 titles for 2 images"):
        show_images([np.zeros((2, 2))] * 2, ["one"])
    with pytest.raises(InputError, match="cannot show"):
        to_picture(torch.zeros(2, 5, 4, 4))
