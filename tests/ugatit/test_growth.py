"""Going on at twice the size with the inner layers of a smaller translation."""

import json

import pytest
import torch
from sides import shapes

from nbgan.errors import InputError
from nbgan.train import Trainer, load_model
from nbgan.ugatit import UGATITGenerator, UGATITRecipe, UGATITSystem
from nbgan.ugatit.growth import GENERATOR, grown, imitation_terms
from nbgan.ugatit.terms import Translated

SMALL = UGATITRecipe.preset("smoke", width=8, discriminator_width=8, steps=1)
LARGE = SMALL.replace(
    size=64, width=4, halvings=3, discriminator_width=4, local_layers=4, global_layers=5
)


@pytest.fixture
def small_run(tmp_path):
    data = shapes()
    run = Trainer(
        UGATITSystem(SMALL), train_data=data, validation_data=None, out=tmp_path, progress=False
    )
    run.run()
    return run


@pytest.mark.parametrize("variant", ["ugatit", "photo2cartoon"])
def test_inner_layers_see_what_they_saw(variant):
    recipe = {"variant": variant, "norm": "softadalin" if variant == "photo2cartoon" else "adalin"}
    small = UGATITSystem(SMALL.replace(**recipe)).generator_a2b
    large = UGATITSystem(LARGE.replace(**recipe)).generator_a2b
    large.load_state_dict(grown(small.state_dict(), large.state_dict(), **GENERATOR))
    halved = torch.rand(1, 8, 32, 32, generator=torch.Generator().manual_seed(0))
    expected = small.down(halved)
    # The first halving of the large one stands where the small one has its first layer.
    torch.testing.assert_close(large.down[3:](halved), expected)
    for part in ("encoder", "attention", "style", "decoder"):
        theirs = small.get_submodule(part).state_dict()
        for name, value in large.get_submodule(part).state_dict().items():
            assert torch.equal(value, theirs[name]), f"{part}.{name}"
    steering = [torch.ones(1, 32)] * 2
    middle = torch.rand(1, 32, 8, 8, generator=torch.Generator().manual_seed(1))
    if variant == "ugatit":
        for ours, theirs in zip(large.decoder, small.decoder, strict=True):
            torch.testing.assert_close(ours(middle, *steering), theirs(middle, *steering))
    torch.testing.assert_close(large.up[:2](middle), small.up(middle))


def test_a_training_goes_on_at_twice_the_size(small_run, tmp_path):
    large = UGATITSystem(LARGE.replace(start_from=str(tmp_path)))
    fresh = UGATITSystem(LARGE).discriminators.state_dict()
    large.begin()
    trained = small_run.system.discriminators["global_b"].state_dict()
    ours = large.discriminators["global_b"].state_dict()
    assert torch.equal(ours["blocks.4.weight_orig"], trained["blocks.2.weight_orig"])
    assert torch.equal(ours["attention.mix.weight"], trained["attention.mix.weight"])
    for name in ("blocks.0.weight_orig", "blocks.2.weight_orig"):
        assert torch.equal(ours[name], fresh[f"global_b.{name}"]), "outer layers start anew"
    image = torch.rand(1, 3, 64, 64)
    assert large.translate(image).image.shape == image.shape
    assert large.translate(image).heatmap.shape == (1, 1, 8, 8)


def test_a_variant_goes_on_with_what_both_have(small_run, tmp_path):
    cartoon = {"variant": "photo2cartoon", "norm": "softadalin"}
    system = UGATITSystem(SMALL.replace(**cartoon, start_from=str(tmp_path)))
    fresh = system.generator_b2a.to_rgb.weight.clone()
    system.begin()
    theirs = load_model(tmp_path / "model.safetensors").generator_b2a
    for part in ("stem", "down", "encoder", "attention", "up"):
        ours = system.generator_b2a.get_submodule(part).state_dict()
        for name, value in theirs.get_submodule(part).state_dict().items():
            torch.testing.assert_close(ours[name], value)
    assert torch.equal(system.generator_b2a.to_rgb.weight, fresh), "of another shape"


def test_grown_generators_learn_by_imitation_before_they_play(small_run, tmp_path):
    recipe = LARGE.replace(
        start_from=str(tmp_path), imitation=12, steps=14, ema_decay=0.0, log_every=1, seed=1
    )
    run = Trainer(
        UGATITSystem(recipe),
        train_data=shapes(size=64),
        validation_data=None,
        out=tmp_path / "large",
        progress=False,
    )
    run.run()
    assert not any(name.startswith("teacher") for name in run.system.state_dict())
    lines = (tmp_path / "large" / "log.jsonl").read_text().splitlines()
    log = [json.loads(line) for line in lines]
    log = [entry for entry in log if "discriminator_local_a/patches" in entry]
    for entry in log:
        assert ("imitation/picture_a" in entry) == (entry["step"] <= 12)
        assert ("generators/cycle_a" in entry) == (entry["step"] > 12)
    first, last = log[0], log[11]
    assert last["imitation/picture_b"] < 0.8 * first["imitation/picture_b"]

    again = Trainer(
        UGATITSystem(recipe.replace(steps=15)),
        train_data=shapes(size=64),
        validation_data=None,
        out=tmp_path / "large",
        resume=True,
        progress=False,
    )
    assert again.step == 14
    assert again.system.teacher.recipe.size == 32, "a resumed training finds its teacher"


def test_imitation_needs_a_teacher():
    names = [phase.name for phase in UGATITSystem(LARGE.replace(imitation=5)).phases()]
    assert "imitation" not in names


def test_imitation_terms():
    def translations(picture, logits):
        return {"b": Translated(picture, picture, logits, -logits)}

    picture, logits = torch.rand(2, 3, 8, 8), torch.full((2, 2), 3.0)
    enlarged = torch.nn.functional.interpolate(picture, (16, 16), mode="bilinear")
    terms = imitation_terms(translations(enlarged + 0.25, logits), translations(picture, logits))
    torch.testing.assert_close(terms["picture_b"], torch.tensor(2.5))
    expected = 2 * torch.nn.functional.softplus(torch.tensor(-3.0))
    torch.testing.assert_close(terms["attention_b"], expected)


def test_weights_that_do_not_fit_are_refused(small_run, tmp_path):
    wide = UGATITSystem(LARGE.replace(width=8, start_from=str(tmp_path)))
    with pytest.raises(InputError, match=r"start_from .*generator_a2b.*down\.3"):
        wide.begin()
    shorter = UGATITSystem(SMALL.replace(size=64, halvings=1, start_from=str(tmp_path)))
    with pytest.raises(InputError, match=r"start_from .*generator_a2b"):
        shorter.begin()


def test_sides_must_fit_the_halvings():
    with pytest.raises(InputError, match=r"size: 36 × 36.*divisible by 8"):
        UGATITGenerator(width=4, halvings=3, blocks=1, size=36)
    with pytest.raises(InputError, match="halvings: got 0"):
        UGATITGenerator(width=4, halvings=0, blocks=1)
