"""The shipped weights: present, small, honest."""

import base64
import io

import pytest
import torch
from PIL import Image

from nbgan import zoo
from nbgan.data import open_dataset
from nbgan.errors import InputError
from nbgan.metrics import semantic_scores
from nbgan.zoo.build import whole_recipe
from nbgan.zoo.entries import ENTRIES


def test_zoo_holds_what_it_declares():
    assert set(zoo.names()) == set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_model_loads_and_its_card_is_complete(name):
    card = zoo.card(name)
    for field in ("steps", "seconds", "hardware", "scores", "failures", "licence", "parameters"):
        assert card[field], field
    assert card["megabytes"] < 16
    with Image.open(io.BytesIO(base64.b64decode(card["grid"]))) as picture:
        assert picture.width > 500
    model = zoo.load(name)
    assert not model.training
    assert model.recipe == type(model.recipe).from_dict(card["recipe"])
    # Built anew, as a recipe may name another model whose recipe is then written into it.
    anew = type(model)(whole_recipe(name), model.label_space)
    assert model.recipe == anew.recipe, "the weights were trained by another recipe"


def test_all_weights_stay_within_80_mb():
    assert sum(zoo.card(name)["megabytes"] for name in zoo.names()) < 80


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="no model 'x'; it has .*segmenter-landscapes"):
        zoo.load("x")


def batches(world, size, count):
    data = open_dataset(world, size=size, split="val")
    for first in range(0, count, 8):
        items = [data[i] for i in range(first, first + 8)]
        yield {k: torch.stack([item[k] for item in items]) for k in ("image", "label")}


@pytest.mark.parametrize("world", ["landscapes", "avatars"])
def test_segmenter_reads_pictures_it_has_not_seen(world):
    name = f"segmenter-{world}"
    model = zoo.load(name)
    scores = model.evaluate(batches(world, 128, 24))
    assert scores["accuracy"] > 0.9
    assert scores["miou"] == pytest.approx(zoo.card(name)["scores"]["miou"], abs=0.08)


def test_painted_landscapes_show_what_the_map_asks_for():
    """The bar: 85 % of the mIoU that the segmenter reaches on real pictures."""
    painter, judge = zoo.load("spade-landscapes"), zoo.load("segmenter-landscapes")
    held_out = list(batches("landscapes", 128, 48))
    space = painter.label_space

    def paint(batch):
        return painter.generate(batch["label"], style=painter.encode(batch["image"])[0])

    painted = semantic_scores(paint, judge.network, held_out, space).mean_iou
    real = semantic_scores(lambda batch: batch["image"], judge.network, held_out, space).mean_iou
    assert painted > 0.85 * real


def test_styles_of_different_moods_give_different_light():
    painter = zoo.load("spade-landscapes")
    label = open_dataset("landscapes", size=128, split="val")[0]["label"][None]
    pictures = []
    for mood in ("noon", "night"):
        data = open_dataset("landscapes", size=128, split="val", mood=mood)
        mu, _ = painter.encode(torch.stack([data[i]["image"] for i in range(4)]))
        pictures.append(painter.generate(label.expand(4, -1, -1), style=mu))
    noon, night = (p.mean().item() for p in pictures)
    assert noon - night > 0.3
