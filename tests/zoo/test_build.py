"""Making a zoo entry from recipe to file, at toy size."""

import base64
import io

import pytest
from PIL import Image

from nbgan import zoo
from nbgan.errors import InputError
from nbgan.segmenter import SegmenterRecipe
from nbgan.spade import SpadeRecipe
from nbgan.zoo import build


@pytest.fixture
def toy_zoo(tmp_path, monkeypatch):
    entries = {
        "segmenter-landscapes": build.Entry(
            recipe=SegmenterRecipe.preset("smoke"), failures=("Everything.",)
        ),
        "spade-toy": build.Entry(
            recipe=SpadeRecipe.preset("smoke", perceptual=1.0), failures=("Everything.",)
        ),
    }
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "ENTRIES", entries)
    monkeypatch.setattr(build, "WEIGHTS", tmp_path)
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    zoo.card.cache_clear()
    yield tmp_path
    zoo.card.cache_clear()


def test_entries_are_trained_scored_and_packed(toy_zoo):
    build.make("segmenter-landscapes", runs=toy_zoo / "runs")
    build.make("spade-toy", runs=toy_zoo / "runs")
    assert zoo.names() == ["segmenter-landscapes", "spade-toy"]
    card = zoo.card("spade-toy")
    wanted = {"miou", "accuracy", "miou_real", "miou_sampled_styles", "diversity_over_styles"}
    assert wanted < set(card["scores"])
    assert any(name.startswith("Fréchet distance (segmenter") for name in card["scores"])
    assert not any("FID" in name for name in card["scores"])
    assert card["steps"] == 3 and card["pictures_seen"] == 6
    with Image.open(io.BytesIO(base64.b64decode(card["grid"]))) as picture:
        assert picture.format == "PNG"
    assert zoo.load("spade-toy").recipe.perceptual == 1.0


def test_building_again_does_not_train_again(toy_zoo):
    first = build.make("segmenter-landscapes", runs=toy_zoo / "runs")
    again = build.make("segmenter-landscapes", runs=toy_zoo / "runs")
    assert first["seconds"] == again["seconds"]
    assert first["scores"] == again["scores"]


def test_unknown_entry():
    with pytest.raises(InputError, match="no zoo entry x; known: segmenter"):
        build.main(["x"])
