"""Going on at twice the size with the inner layers of a smaller translation."""

import pytest
import torch
from sides import shapes

from nbgan.errors import InputError
from nbgan.train import Trainer, load_model
from nbgan.ugatit import UGATITGenerator, UGATITRecipe, UGATITSystem
from nbgan.ugatit.growth import GENERATOR, grown

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
