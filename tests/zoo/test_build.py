"""Making a zoo entry from recipe to file, at toy size."""

import base64
import io
import shutil
from functools import partial

import pytest
from PIL import Image

from nbgan import zoo
from nbgan.datasetgan import DatasetGANRecipe, DeepLabRecipe
from nbgan.errors import InputError
from nbgan.segmenter import SegmenterRecipe
from nbgan.spade import SpadeRecipe
from nbgan.stylegan import StyleGANRecipe
from nbgan.zoo import WEIGHTS as SHIPPED
from nbgan.zoo import build
from nbgan.zoo.entries import Entry
from nbgan.zoo.labelled import avatar_records, avatar_shards


@pytest.fixture
def toy_zoo(tmp_path, monkeypatch):
    entries = {
        "segmenter-landscapes": Entry(
            recipe=SegmenterRecipe.preset("smoke"), failures=("Everything.",)
        ),
        "spade-toy": Entry(
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
        assert picture.format == "WEBP"
    assert zoo.load("spade-toy").recipe.perceptual == 1.0


def test_building_again_does_not_train_again(toy_zoo):
    first = build.make("segmenter-landscapes", runs=toy_zoo / "runs")
    again = build.make("segmenter-landscapes", runs=toy_zoo / "runs")
    assert first["seconds"] == again["seconds"]
    assert first["scores"] == again["scores"]


def test_generator_interpreter_and_downstream_network_are_made_one_from_another(
    toy_zoo, monkeypatch
):
    shutil.copy(SHIPPED / "segmenter-avatars.safetensors", toy_zoo)
    painter = StyleGANRecipe.preset("smoke", evaluate_pictures=16)
    entries = {
        "stylegan2-avatars": Entry(
            before=(painter,), recipe=painter.replace(size=32), failures=("Everything.",)
        ),
        "datasetgan-avatars": Entry(
            data=partial(avatar_records, n=2, held_out=8),
            recipe=DatasetGANRecipe.preset("smoke", size=32, keypoints=8),
            failures=("Everything.",),
        ),
        "deeplab-avatars": Entry(
            data=partial(avatar_shards, n=2),
            before=(DeepLabRecipe.preset("smoke"),),
            recipe=DeepLabRecipe.preset("smoke", evaluate_pictures=8),
            scored_on="avatars",
            failures=("Everything.",),
        ),
    }
    monkeypatch.setattr(build, "ENTRIES", entries)
    for name in entries:
        build.make(name, runs=toy_zoo / "runs")
    card = zoo.card("stylegan2-avatars")
    assert {"precision", "recall"} < set(card["scores"])
    assert card["steps"] == 4
    assert set(zoo.card("datasetgan-avatars")["scores"]) >= {"miou", "uncertainty"}
    card = zoo.card("deeplab-avatars")
    assert card["scored_on"] == "8 validation pictures of avatars"
    assert 0 <= card["scores"]["miou"] <= 1
    sampled = zoo.load("datasetgan-avatars").sample(1)
    assert sampled.label.shape == (1, 32, 32)
    assert sampled.keypoints.shape == (1, 8, 2)
    whole = build.whole_recipe("datasetgan-avatars", runs=toy_zoo / "runs")
    assert zoo.card("datasetgan-avatars")["recipe"]["data_path"] == whole.data_path


def test_each_training_starts_from_the_one_before(monkeypatch, tmp_path):
    recipe = StyleGANRecipe.preset("smoke")
    sizes = [recipe.replace(size=size) for size in (16, 32, 64)]
    entry = Entry(before=tuple(sizes[:2]), recipe=sizes[2], failures=())
    monkeypatch.setattr(build, "ENTRIES", {"faces": entry})
    first, second, last = (tmp_path / f"faces{end}" for end in ("-start-start", "-start", ""))
    assert build.trainings("faces", runs=tmp_path) == {
        first: sizes[0],
        second: sizes[1].replace(start_from=str(first)),
        last: sizes[2].replace(start_from=str(second)),
    }
    assert build.whole_recipe("faces", runs=tmp_path).start_from == str(second)


def test_unknown_entry():
    with pytest.raises(InputError, match="no zoo entry x; known: segmenter"):
        build.main(["x"])
