"""Pen drawings: black and white, the same faces, larger eyes, maps that agree."""

import numpy as np
import pytest
import torch

from nbgan.data.avatar_ink import ink_layers
from nbgan.data.avatar_parts import avatar_layers
from nbgan.data.avatar_styles import CLASSES
from nbgan.data.avatars import Avatars
from nbgan.data.layers import render
from nbgan.errors import InputError

INDICES = range(6)


@pytest.fixture(scope="module")
def plain():
    return Avatars(size=128, split="test", background="#ffffff")


@pytest.fixture(scope="module")
def inked():
    return Avatars(size=128, split="test", background="#ffffff", ink=True)


def test_black_and_white_only():
    faces = Avatars(size=512, split="test", ink=True)
    for index in range(2):
        image = faces[index]["image"]
        assert torch.equal(image[0], image[1]) and torch.equal(image[0], image[2])
        # What is grey is the smooth edge of a line.
        assert (image.abs() > 0.99).float().mean() > 0.9
        assert image.min() == -1 and image.max() == 1


def test_the_same_face_in_ink(plain, inked):
    eyes = CLASSES.index("eyes")
    grown, agreeing = [], []
    for index in INDICES:
        coloured, drawn = plain[index], inked[index]
        assert torch.equal(coloured["attributes"], drawn["attributes"])
        assert plain.look(index) == inked.look(index)
        agreeing.append((coloured["label"] == drawn["label"]).float().mean())
        shown = min(int((sample["label"] == eyes).sum()) for sample in (coloured, drawn))
        if shown > 40:
            grown.append(
                int((drawn["label"] == eyes).sum()) / int((coloured["label"] == eyes).sum())
            )
    assert min(agreeing) > 0.9
    assert np.median(grown) > 1.4


def test_same_arguments_same_drawing(inked):
    again = Avatars(size=128, split="test", background="#ffffff", ink=True)
    for name, value in inked[5].items():
        assert torch.equal(value.nan_to_num(-1), again[5][name].nan_to_num(-1))
    assert inked.cache_key == again.cache_key
    assert (
        inked.cache_key == Avatars(size=128, split="test", background="#ffffff").cache_key + "-ink"
    )


def test_taking_hair_away_changes_its_pixels_only(inked):
    hair = CLASSES.index("hair")
    for index in INDICES:
        layers = inked.layers(index)
        kept = [layer for layer in layers if layer.class_id != hair]
        whole = render(layers, 256, view_box=inked.sheet.view_box)
        less = render(kept, 256, view_box=inked.sheet.view_box)
        mask = whole.label == hair
        assert (less.label[~mask] == whole.label[~mask]).all()
        changed = np.abs(whole.image.astype(int) - less.image).max(axis=-1) > 100
        padded = np.pad(mask, 5)
        near = np.max([padded[y : y + 256, x : x + 256] for y in range(11) for x in range(11)], 0)
        # Further away only its shade on the skin goes too.
        assert changed[~near].mean() < 0.01


@pytest.mark.parametrize(("color", "low", "high"), [("#2c1b18", 0, 0.2), ("#a55728", 0.4, 0.9)])
def test_hair_is_inked_by_its_brightness_and_wholly_in_the_map(color, low, high):
    look = Avatars().look(0)
    variants = dict.fromkeys(look["variants"]) | {"top": "bob"}
    layers = avatar_layers("avataaars", variants, look["colors"] | {"hair": color})
    box = (0, 0, 280, 280)
    coloured, drawn = (render(each, 280, view_box=box) for each in (layers, ink_layers(layers)))
    hair = CLASSES.index("hair")
    assert (drawn.label == hair)[coloured.label == hair].all()
    assert low <= drawn.image[drawn.label == hair].mean() / 255 <= high


def test_skin_is_paper():
    look = Avatars().look(0)
    bare = dict.fromkeys(look["variants"])
    dark, light = (
        render(
            ink_layers(avatar_layers("avataaars", bare, look["colors"] | {"skin": color})),
            64,
            view_box=(0, 0, 280, 280),
        ).image
        for color in ("#614335", "#ffdbb4")
    )
    assert (dark == light).all() and (dark[28:32, 26:38] == 255).all()


def test_other_styles_are_refused():
    with pytest.raises(InputError, match="ink: style 'lorelei' cannot be drawn in ink; take style"):
        Avatars(style="lorelei", ink=True)
