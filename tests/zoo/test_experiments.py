"""Recorded comparisons: variants differ in what they say, and runs are trained and written down."""

import pytest

from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe
from nbgan.zoo import experiments
from nbgan.zoo.experiments import EXPERIMENTS, Experiment, results, run

BUDGET = (
    "data",
    "mood",
    "train_pictures",
    "size",
    "aspect_ratio",
    "batch_size",
    "steps",
    "decay_from",
)


def different(a, b):
    a, b = a.to_dict(), b.to_dict()
    return {key for key in a if a[key] != b.get(key)}


def test_streets_compare_one_thing_at_a_time_at_one_budget():
    variants = EXPERIMENTS["streets"].variants
    full = variants["pix2pixhd"]
    assert different(full, variants["without feature matching"]) == {"feature_matching"}
    assert different(full, variants["without instance edges"]) == {"use_instances"}
    for field in BUDGET:
        assert getattr(variants["spade"], field) == getattr(full, field)


def test_runs_are_recorded_with_their_seeds(tmp_path, monkeypatch):
    smoke = Pix2PixHDRecipe.preset("smoke", data="landscapes", aspect_ratio=1.0, size=32, steps=1)
    smoke = smoke.replace(use_instances=False, instance_features=False)
    tiny = Experiment(
        variants={"full": smoke, "without matching": smoke.replace(feature_matching=0.0)},
        seeds=(0, 1),
    )
    monkeypatch.setitem(EXPERIMENTS, "tiny", tiny)
    monkeypatch.setattr(experiments, "RESULTS", tmp_path / "results")
    recorded = run("tiny", runs=tmp_path / "runs")
    assert results("tiny") == recorded
    assert [(r["variant"], r["seed"]) for r in recorded] == [
        ("full", 0),
        ("without matching", 0),
        ("full", 1),
        ("without matching", 1),
    ]
    assert all(r["steps"] == 1 and r["pictures_seen"] == smoke.batch_size for r in recorded)
    assert all(0 <= r["scores"]["miou"] <= 1 for r in recorded)
    with pytest.raises(InputError, match="no recorded experiment 'tinny'; there are tiny"):
        results("tinny")
