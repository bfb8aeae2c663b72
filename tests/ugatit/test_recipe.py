"""Recipes of U-GAT-IT: published values, presets that can be built, refused combinations."""

import pytest

from nbgan.errors import InputError
from nbgan.train import system_type
from nbgan.ugatit import UGATITRecipe, UGATITSystem


def test_published_numbers():
    paper = UGATITRecipe.preset("paper")
    assert (paper.learning_rate, paper.betas, paper.weight_decay) == (1e-4, (0.5, 0.999), 1e-4)
    assert (paper.batch_size, paper.size, paper.steps) == (1, 256, 1_000_000)
    assert paper.learning_rate_factor(499_999) == 1
    assert paper.learning_rate_factor(750_000) == 0.5
    weights = paper.weights
    assert (weights.adversarial, weights.cycle, weights.identity) == (1, 10, 10)
    assert (weights.cam, weights.face) == (1000, 0)
    assert (paper.local_layers, paper.global_layers, paper.width) == (5, 7, 64)
    assert (paper.halvings, paper.cycle_noise) == (2, 0)
    assert (paper.gan, paper.r1) == ("least_squares", 0)
    assert not paper.light and UGATITRecipe.preset("paper_light").light
    cartoon = UGATITRecipe.preset("paper_photo2cartoon")
    assert (cartoon.variant, cartoon.norm) == ("photo2cartoon", "softadalin")
    assert (cartoon.weights.cycle, cartoon.weights.face, cartoon.background) == (50, 1, "white")


def test_ablation_changes_one_thing_at_a_time():
    presets = UGATITRecipe.presets()
    compare = presets["compare"].to_dict()
    changed = {
        name: {k for k, v in recipe.to_dict().items() if v != compare[k]}
        for name, recipe in presets.items()
        if name.startswith("compare_")
    }
    assert changed == {
        "compare_no_cam": {"cam"},
        "compare_instance": {"norm"},
        "compare_layer": {"norm"},
        "compare_softadalin": {"norm"},
        "compare_face": {"face_weight"},
    }
    shipped = presets["cpu"].to_dict()
    assert {k for k, v in shipped.items() if v != compare[k]} == {
        *("size", "steps", "decay_from", "precision", "width", "global_layers"),
        *("face_weight", "ema_decay"),
    }


def test_recipe_survives_a_file_and_is_registered():
    for recipe in UGATITRecipe.presets().values():
        assert UGATITRecipe.from_dict(recipe.to_dict()) == recipe
    assert system_type("ugatit") is UGATITSystem


def test_reader_is_told_of_folders_and_backgrounds():
    assert UGATITRecipe().reader_options() == {}
    recipe = UGATITRecipe(
        data="unpaired", data_path="a", target_path="b", background="white", resize="jitter"
    )
    assert recipe.reader_options() == {"target": "b", "background": "white"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gan": "squares"}, "unknown GAN loss 'squares'; choose one of hinge, least_squares"),
        ({"r1_every": 0}, "'r1_every' must be 1 or more, got 0"),
        ({"aspect_ratio": 2.0}, "'aspect_ratio' must be 1 .* got 2.0; crop"),
        ({"variant": "cyclegan"}, "'variant' is 'cyclegan'; choose 'ugatit' or 'photo2cartoon'"),
        ({"background": "black"}, "'background' is 'black'; choose 'keep' or 'white'"),
        ({"background": "white"}, "are for data 'unpaired', this recipe reads 'avatar-pair'"),
        ({"target_path": "b"}, "'target_path' and 'background' are for data 'unpaired'"),
        ({"cam_wieght": 1.0}, "did you mean 'cam_weight'"),
    ],
)
def test_bad_input(changes, message):
    with pytest.raises(InputError, match=message):
        UGATITRecipe.preset("smoke", **changes)
