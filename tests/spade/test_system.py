"""Networks and the SPADE system: shapes, styles, recipes, fast paths, errors."""

import itertools

import pytest
import torch
from tiny import SPACE, Tiny
from torch.utils.data import default_collate

from nbgan.errors import InputError
from nbgan.spade import SpadeGenerator, SpadeRecipe, SpadeSystem
from nbgan.spade.baseline import InputGenerator
from nbgan.spade.networks import HALVINGS, ImageEncoder


def system(**changes):
    system = SpadeSystem(SpadeRecipe.preset("smoke", **changes), SPACE).train()
    label = torch.randint(0, 2, (4, 32, 32), generator=torch.Generator().manual_seed(0))
    style = None if changes.get("z_dim", 8) is None else torch.randn(4, 8)
    with torch.no_grad():
        for _ in range(20):
            system.generator(system.segmap(label), style)
    return system.eval()


@pytest.fixture
def label():
    return Tiny()[2]["label"][None]


@pytest.mark.parametrize(("depth", "z_dim"), itertools.product(HALVINGS, (None, 8)))
def test_all_depths_paint_the_asked_size(depth, z_dim):
    net = SpadeGenerator(
        label_channels=3, width=2, height_width=(128, 256), depth=depth, z_dim=z_dim, hidden=4
    ).eval()
    z = None if z_dim is None else torch.randn(2, z_dim)
    segmap = torch.rand(2, 3, 128, 256)
    image = net(segmap, z)
    assert image.shape == (2, 3, 128, 256)
    assert image.abs().max() <= 1
    assert len(net.blocks) == (8 if depth == "most" else 7)


def test_published_width_doubles_towards_the_start():
    net = SpadeGenerator(label_channels=3, width=2, height_width=(64, 64))
    widths = [block.conv_1.out_channels for block in net.blocks]
    assert widths == [32, 32, 32, 16, 8, 4, 2]
    capped = SpadeGenerator(label_channels=3, width=2, height_width=(64, 64), max_width=8)
    assert [block.conv_1.out_channels for block in capped.blocks] == [8, 8, 8, 8, 8, 4, 2]


def test_size_that_does_not_divide_says_by_what():
    with pytest.raises(InputError, match="100 × 128 .* divisible by 32"):
        SpadeGenerator(label_channels=3, width=2, height_width=(100, 128))
    with pytest.raises(InputError, match="unknown depth 'deep'"):
        SpadeGenerator(label_channels=3, width=2, height_width=(64, 64), depth="deep")


def test_modulations_computed_once_give_the_same_picture(label):
    model = system()
    style = model.sample_style(1, seed=3)
    once = model.modulations(label)
    torch.testing.assert_close(
        model.generate(label, style=style, modulations=once), model.generate(label, style=style)
    )


def test_label_map_decides_the_picture_everywhere_it_changes():
    model = system()
    left, right = torch.zeros(1, 32, 32, dtype=torch.long), torch.ones(1, 32, 32, dtype=torch.long)
    change = (model.generate(left) - model.generate(right)).abs().mean(dim=1)
    assert (change > 0).float().mean() > 0.9


def test_style_changes_the_picture_and_seeds_repeat(label):
    model = system()
    a, b = model.sample_style(1, seed=0), model.sample_style(1, seed=1)
    assert torch.equal(a, model.sample_style(1, seed=0))
    assert not torch.allclose(model.generate(label, style=a), model.generate(label, style=b))


def test_encoder_gives_one_style_per_picture():
    mu, logvar = system().encode(torch.rand(3, 3, 48, 80) * 2 - 1)
    assert mu.shape == logvar.shape == (3, 8)
    with pytest.raises(InputError, match="power of two"):
        ImageEncoder(size=100)


def test_baseline_sees_the_map_at_its_input_only(label):
    model = system(conditioning="input")
    assert isinstance(model.generator, InputGenerator)
    assert model.generate(label).shape == (1, 3, 32, 32)
    with pytest.raises(InputError, match="has none"):
        model.modulations(label)


def test_losses_have_the_published_names_and_weights():
    batch = default_collate([Tiny()[i] for i in range(4)])
    model = system(feature_matching=10.0, pixel=0.0)
    single = system(feature_matching=5.0, pixel=0.0)
    noise = torch.zeros(4, 8)
    a, b = model.generator_losses(batch, noise), single.generator_losses(batch, noise)
    assert set(a) == {"gan", "feature_matching", "kl"}
    torch.testing.assert_close(a["feature_matching"], 2 * b["feature_matching"])
    assert set(model.discriminator_losses(batch, noise)) == {"fake", "real"}


def test_perceptual_and_pixel_loss_have_their_weights():
    from nbgan.gan.perceptual import PerceptualLoss

    class Pixels:
        name = "pixels"

        def __call__(self, image):
            return [image]

    model = SpadeSystem(
        SpadeRecipe.preset("smoke", perceptual=2.0, pixel=3.0), SPACE, PerceptualLoss(Pixels())
    )
    batch = default_collate([Tiny()[i] for i in range(2)])
    model.eval()
    losses = model.generator_losses(batch, torch.zeros(2, 8))
    fake = model.generate(batch["label"], style=model.encode(batch["image"])[0])
    difference = (fake - batch["image"]).abs().mean()
    torch.testing.assert_close(losses["perceptual"], 2 * difference, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(losses["pixel"], 3 * difference, rtol=1e-4, atol=1e-5)


def test_missing_vgg_is_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setenv("NBGAN_PUBLISHED_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = SpadeSystem(
        SpadeRecipe.preset("smoke", perceptual=1.0, perceptual_features="vgg19"), SPACE
    )
    with pytest.raises(InputError, match="VGG19"):
        model.generator_losses(default_collate([Tiny()[0], Tiny()[1]]))


def test_bad_input_is_named(label):
    model = system()
    with pytest.raises(InputError, match=r"size 16 × 16 .*paints 32 × 32"):
        model.generate(torch.zeros(1, 16, 16, dtype=torch.long))
    with pytest.raises(InputError, match="unknown class id 9"):
        model.generate(torch.full((1, 32, 32), 9))
    with pytest.raises(InputError, match=r"expected shape \[1, 8\]"):
        model.generate(label, style=torch.zeros(2, 8))
    plain = system(z_dim=None)
    with pytest.raises(InputError, match="trained without styles"):
        plain.generate(label, style=torch.zeros(1, 8))
    with pytest.raises(InputError, match="no encoder"):
        plain.encode(torch.zeros(1, 3, 32, 32))


@pytest.mark.parametrize("name", SpadeRecipe.presets())
def test_presets_are_consistent(name):
    recipe = SpadeRecipe.preset(name)
    assert SpadeRecipe.from_dict(recipe.to_dict()) == recipe


def test_paper_recipes_hold_the_published_values():
    recipe = SpadeRecipe.preset("paper_cityscapes")
    assert recipe.height_width == (256, 512)
    assert (recipe.width, recipe.hidden, recipe.discriminator_width) == (64, 128, 64)
    assert (recipe.feature_matching, recipe.perceptual, recipe.kl) == (10.0, 10.0, 0.05)
    assert (recipe.learning_rate, recipe.betas, recipe.gan_loss) == (2e-4, (0.0, 0.9), "hinge")
    assert SpadeRecipe.preset("paper_coco_stuff").height_width == (256, 256)
    assert SpadeRecipe.preset("paper_ade20k").use_instances is False


def test_published_generator_size():
    """96 to 98 million parameters: what the published COCO-Stuff generator has."""
    with torch.device("meta"):
        net = SpadeGenerator(label_channels=184, width=64, height_width=(256, 256), spectral=False)
    millions = sum(p.numel() for p in net.parameters()) / 1e6
    assert 95 < millions < 99
