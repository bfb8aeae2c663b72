"""The comparison of chapter 4 at toy size, and the data that its models learn from."""

import numpy as np
import pytest

from nbgan import zoo
from nbgan.data import open_dataset
from nbgan.data.avatar_keypoints import KEYPOINT_NAMES, keypoints_in_map
from nbgan.datasetgan import DatasetGANRecipe, DeepLabRecipe
from nbgan.errors import InputError
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.train import save_model
from nbgan.zoo import experiments
from nbgan.zoo.experiments import EXPERIMENTS, Experiment
from nbgan.zoo.few_labels import FewLabels
from nbgan.zoo.labelled import avatar_records, avatar_shards


@pytest.fixture
def painter(tmp_path, monkeypatch):
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))
    space = zoo.load_segmenter("segmenter-avatars").label_space
    path = tmp_path / "stylegan.safetensors"
    save_model(path, StyleGANSystem(StyleGANRecipe.preset("smoke"), space).eval())
    return path


@pytest.fixture
def toy(painter):
    return FewLabels(
        deeplab=DeepLabRecipe.preset("smoke", steps=2),
        interpreter=DatasetGANRecipe.preset("smoke", generator=str(painter), steps=2),
        pictures=3,
        tested=4,
        folds=2,
        checkpoints=2,
    )


def test_every_arm_is_scored_on_real_pictures_and_not_run_twice(toy, tmp_path, monkeypatch):
    names = [
        "factory, 5 labels",
        "labelled pictures alone, 1 labels",
        "transfer, 5 labels",
        "full supervision",
    ]
    trials = {name: trial for name, trial in toy.trials().items() if name in names}
    assert set(trials) == set(names)
    monkeypatch.setitem(EXPERIMENTS, "toy", Experiment(trials=trials, seeds=(0,)))
    monkeypatch.setattr(experiments, "RESULTS", tmp_path / "results")
    recorded = experiments.run("toy", runs=tmp_path / "runs")
    assert {r["variant"] for r in recorded} == set(names)
    for record in recorded:
        scores = record["scores"]
        folds = [scores["fold_1"], scores["fold_2"]]
        assert scores["miou"] == pytest.approx(sum(folds) / 2, abs=1e-3)
        assert record["steps"] == 2
    assert experiments.run("toy", runs=tmp_path / "runs") == recorded


def test_keypoints_of_a_factory_are_scored_by_pck(toy, tmp_path):
    outcome = toy.keypoints(16, 0, tmp_path)
    assert set(outcome.scores) == {"pck", "pck_of_picture"}
    assert 0 <= outcome.scores["pck"] <= outcome.scores["pck_of_picture"] <= 1


def test_records_are_annotated_by_the_stand_in(painter, tmp_path):
    avatar_records(tmp_path / "records", n=2, held_out=1, generator=str(painter))
    data = open_dataset("latents", path=tmp_path / "records")
    judge = zoo.load_judge("segmenter-avatars")
    # The stand-in saw the picture before it was rounded to bytes.
    same = judge(data[0]["image"][None]).argmax(dim=1)[0] == data[0]["label"]
    assert same.float().mean() > 0.95
    assert data[0]["keypoints"].shape == (8, 2)
    assert len(open_dataset("latents", path=tmp_path / "records", split="val")) == 1
    with pytest.raises(InputError, match="a factory needs datasetgan"):
        avatar_shards(tmp_path / "shards", model=str(painter))


def test_keypoints_of_maps_are_close_to_those_of_drawings():
    world = open_dataset("avatars", size=128, split="test")
    for i in range(6):
        found, true = (
            keypoints_in_map(world[i]["label"].numpy()),
            world[i]["keypoints"].numpy()[:-1],
        )
        assert len(found) == len(KEYPOINT_NAMES) - 1
        both = ~np.isnan(found + true).any(axis=1)
        assert both.sum() >= 4
        assert np.linalg.norm(found - true, axis=1)[both].mean() < 6


def test_parts_that_are_absent_have_no_keypoints():
    label = np.zeros((16, 16), int)
    label[10, 4:9] = 6
    found = dict(zip(KEYPOINT_NAMES[:-1], keypoints_in_map(label).tolist(), strict=True))
    assert found["mouth"] == [6, 10]
    assert found["mouth_left"] == [4, 10]
    assert found["mouth_right"] == [8, 10]
    assert all(np.isnan(p).all() for name, p in found.items() if not name.startswith("mouth"))
