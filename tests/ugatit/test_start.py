"""Going on with trained networks, of the same variant or of the other."""

import pytest
import torch
from sides import shapes

from nbgan.errors import InputError
from nbgan.train import Trainer, load_model
from nbgan.ugatit import UGATITGenerator, UGATITRecipe, UGATITSystem

RECIPE = UGATITRecipe.preset("smoke", width=8, discriminator_width=8, steps=1)


@pytest.fixture
def run(tmp_path):
    trainer = Trainer(
        UGATITSystem(RECIPE),
        train_data=shapes(),
        validation_data=None,
        out=tmp_path,
        progress=False,
    )
    trainer.run()
    return trainer


def test_discriminators_go_on_too(run, tmp_path):
    system = UGATITSystem(RECIPE.replace(start_from=str(tmp_path), seed=1))
    system.begin()
    trained = run.system.discriminators.state_dict()
    for name, value in system.discriminators.state_dict().items():
        assert torch.equal(value, trained[name]), name


def painted_from(generator, image):
    """The features that the picture is painted from, and the CAM logits."""
    seen = []
    generator.up[-1].register_forward_hook(lambda *args: seen.append(args[-1]))
    return generator(image).cam_logits, seen[0]


def test_photo2cartoon_goes_on_where_ugatit_ended(run, tmp_path):
    cartoon = {"variant": "photo2cartoon", "norm": "softadalin"}
    system = UGATITSystem(RECIPE.replace(**cartoon, start_from=str(tmp_path)))
    system.begin()
    theirs = load_model(tmp_path / "model.safetensors")
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for name in ("generator_a2b", "generator_b2a"):
        ours, taught = (painted_from(part.get_submodule(name), image) for part in (system, theirs))
        torch.testing.assert_close(ours, taught)


def test_weights_that_do_not_fit_are_refused(run, tmp_path):
    wide = UGATITSystem(RECIPE.replace(width=4, start_from=str(tmp_path)))
    with pytest.raises(InputError, match=r"start_from .*generator_a2b"):
        wide.begin()


def test_sides_must_fit_the_halvings():
    with pytest.raises(InputError, match=r"size: 36 × 36.*divisible by 8"):
        UGATITGenerator(width=4, halvings=3, blocks=1, size=36)
    with pytest.raises(InputError, match="halvings: got 0"):
        UGATITGenerator(width=4, halvings=0, blocks=1)
