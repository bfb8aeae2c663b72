"""The pix2pixHD system: input channels, losses, styles, editing, recipes, errors."""

import pytest
import torch
from objects import SPACE, Objects
from torch.utils.data import default_collate

from nbgan.errors import InputError
from nbgan.gan.losses import gan_loss
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.pix2pixhd.styles import SLOTS, instance_ids
from nbgan.train.painting import PaintingSystem


def system(preset="smoke", **changes):
    return Pix2PixHDSystem(Pix2PixHDRecipe.preset(preset, **changes), SPACE).eval()


@pytest.fixture
def batch():
    return default_collate([Objects()[i] for i in range(3)])


@pytest.fixture
def model():
    """With two made-up centres for each class that is seen."""
    model = system(initial_std=0.1)
    model.clusters.centres[:2, :2] = torch.tensor([[[0.5] * 3, [-0.5] * 3]] * 2)
    model.clusters.counts[:2, :2] = torch.tensor([7, 3])
    return model


def test_generator_sees_classes_edges_features_and_the_discriminator_no_features(batch):
    model = system()
    condition, ids = model.condition(batch["label"], batch["instance"])
    assert condition.shape == (3, 3 + 1, 32, 64)
    assert torch.equal(condition[:, :3].argmax(dim=1), batch["label"])
    assert torch.equal(ids.unique(), torch.tensor([0, 1000, 1001]))
    border = (batch["instance"][:, :, 1:] == 1001) & (batch["instance"][:, :, :-1] == 1000)
    assert condition[:, 3, :, 1:][border].all()
    assert model.generator.sizes.in_channels == 4 + 3
    assert model.discriminator.discriminators[0].blocks[0][0].in_channels == 4 + 3
    plain = system(use_instances=False, instance_features=False)
    assert plain.condition(batch["label"], None)[0].shape[1] == 3


def test_both_conventions_of_instance_maps_mean_the_same():
    label = torch.tensor([[[0, 1, 1, 1]]])
    ours, theirs = torch.tensor([[[0, 1000, 1001, 0]]]), torch.tensor([[[0, 1000, 1001, 1]]])
    expected = torch.tensor([[[0, 1000, 1001, 1]]])
    assert torch.equal(instance_ids(label, ours), expected)
    assert torch.equal(instance_ids(label, theirs), expected)
    painted = torch.tensor([[[0, 2, 3, 0]]])
    assert torch.equal(instance_ids(label, painted), torch.tensor([[[0, 1002, 1003, 1]]]))


def test_losses_have_the_published_terms_and_weights(batch):
    model = system(discriminator_scales=2)
    terms = model.generator_losses(batch)
    assert set(terms) == {"gan", "feature_matching"}
    condition, ids = model.condition(batch["label"], batch["instance"])
    fake = model.paint(condition, model.feature_map(batch["image"], ids))
    judged_fake = model.discriminator(torch.cat([condition, fake], dim=1))
    judged_real = model.discriminator(torch.cat([condition, batch["image"]], dim=1))
    gan = sum((scale[-1] - 1).square().mean() for scale in judged_fake)
    torch.testing.assert_close(terms["gan"], gan)
    matching = sum(
        (f - r).abs().mean()
        for fakes, reals in zip(judged_fake, judged_real, strict=True)
        for f, r in zip(fakes[:-1], reals[:-1], strict=True)
    )
    layers, scales = model.recipe.discriminator_layers + 1, 2
    torch.testing.assert_close(terms["feature_matching"], matching * 10 * 4 / layers / scales)
    own = model.discriminator_losses(batch)
    torch.testing.assert_close(own["fake"], 0.5 * sum(s[-1].square().mean() for s in judged_fake))
    torch.testing.assert_close(
        own["real"], 0.5 * sum((s[-1] - 1).square().mean() for s in judged_real)
    )
    assert gan_loss("least_squares") is model.gan_loss


def test_discriminator_judges_the_picture_that_the_generator_was_judged_on(batch):
    model = system()
    model.generator_losses(batch)
    (_, painted), *others = model._painted
    assert not others and not painted.requires_grad
    calls = []
    model.generator.register_forward_hook(lambda *_: calls.append(1))
    model.discriminator_losses(batch)
    assert not calls and not model._painted
    model.discriminator_losses(batch)
    assert calls == [1]


def test_gradient_reaches_generator_and_encoder_only(batch):
    model = system()
    with model.only(model.phases()[0]):
        torch.stack(list(model("generator", batch).values())).sum().backward()
    assert all(p.grad is None for p in model.discriminator.parameters())
    assert any(p.grad.abs().sum() > 0 for p in model.encoder.parameters())
    model.zero_grad(set_to_none=True)
    with model.only(model.phases()[1]):
        torch.stack(list(model("discriminator", batch).values())).sum().backward()
    assert all(p.grad is None for p in model.generator.parameters())
    assert any(p.grad.abs().sum() > 0 for p in model.discriminator.parameters())


def test_painting_needs_no_style_and_repeats(model, batch):
    assert isinstance(model, PaintingSystem) and model.has_styles
    one, two = (model.generate(batch["label"], batch["instance"]) for _ in range(2))
    assert one.shape == (3, 3, 32, 64) and one.abs().max() <= 1
    assert torch.equal(one, two)
    usual = torch.full((3, 3, 32, 64), 0.5)
    assert torch.equal(one, model.generate(batch["label"], batch["instance"], features=usual))


def test_sampled_styles_are_centres_and_repeat_by_seed(model, batch):
    style = model.sample_style(4, seed=1)
    assert style.shape == (4, 3, SLOTS, 3)
    assert torch.equal(style, model.sample_style(4, seed=1))
    assert not torch.equal(style, model.sample_style(4, seed=2))
    assert set(style[:, :2].unique().tolist()) == {0.5, -0.5}
    share = (style[:, :2] == 0.5).float().mean().item()
    assert share == pytest.approx(0.7, abs=0.1)
    assert not style[:, 2].any()


def test_own_style_gives_back_the_encoded_feature_map(model, batch):
    maps = batch["label"], batch["instance"]
    features = model.encode(batch["image"], *maps)
    assert features.shape == (3, 3, 32, 64)
    style = model.style_of(batch["image"], *maps)
    torch.testing.assert_close(
        model.generate(*maps, style), model.generate(*maps, features=features)
    )
    table = model.instance_styles(*maps, image=batch["image"])
    torch.testing.assert_close(model.paint_styles(*maps, table), features)


def test_one_box_changes_its_colour_and_the_others_features_stay(model, batch):
    maps = batch["label"][:1], batch["instance"][:1]
    (table,) = model.instance_styles(*maps)
    assert set(table) == {0, 1000, 1001}
    before = model.paint_styles(*maps, [table])
    table[1001] = -table[1001]
    after = model.paint_styles(*maps, [table])
    changed = (before != after).any(dim=1)
    assert torch.equal(changed, maps[1] == 1001)
    assert not torch.equal(
        model.generate(*maps, features=before), model.generate(*maps, features=after)
    )
    (chosen,) = model.instance_styles(*maps, choices={1001: 1})
    assert torch.equal(chosen[1001], torch.full((3,), -0.5))


def test_style_of_a_picture_fits_another_map(model, batch):
    style = model.style_of(batch["image"][:1], batch["label"][:1], batch["instance"][:1])
    assert torch.equal(style[0, 1, 0], style[0, 1, 2])  # two boxes shown: the third is the first
    other = batch["label"][1:2], batch["instance"][1:2]
    assert model.generate(*other, style).shape == (1, 3, 32, 64)


def test_preview_and_scores_are_those_of_all_painting_systems(model, batch):
    assert model.preview(batch).shape == (4 * 3, 3, 32, 64)
    assert model.evaluate([batch]) == {}


def test_enhancer_encodes_at_the_global_size_and_paints_at_its_own():
    model = system("enhancer_smoke")
    item = default_collate([Objects(size=(64, 128))[0]])
    sizes = []
    model.encoder.trunk.register_forward_hook(lambda _, args, __: sizes.append(args[0].shape[-2:]))
    features = model.encode(item["image"], item["label"], item["instance"])
    assert sizes == [(32, 64)]
    assert features.shape == (1, 3, 64, 128)
    for identity in (1000, 1001):
        inside = features[:, :, (item["instance"] == identity)[0]]
        torch.testing.assert_close(inside, inside[..., :1].expand_as(inside))
    picture = model.generate(item["label"], item["instance"], features=features)
    assert picture.shape == (1, 3, 64, 128)


def test_bad_input_is_named(model, batch):
    maps = batch["label"], batch["instance"]
    with pytest.raises(InputError, match="instance: .*no instance map was given"):
        model.generate(batch["label"])
    with pytest.raises(InputError, match="instance: id 70000 is outside 0 to 65535"):
        model.generate(batch["label"], torch.full_like(batch["label"], 70000))
    with pytest.raises(InputError, match="unknown class id 9"):
        model.generate(torch.full_like(batch["label"], 9), batch["instance"])
    with pytest.raises(InputError, match="id 9000 is of class 9, but there are 3 classes"):
        model.generate(batch["label"], torch.full_like(batch["label"], 9000))
    with pytest.raises(InputError, match="divisible by 4"):
        model.generate(torch.zeros(1, 30, 64, dtype=int), torch.zeros(1, 30, 64, dtype=int))
    with pytest.raises(InputError, match=r"style: expected shape \[3, 3, 64, 3\]"):
        model.generate(*maps, torch.zeros(1, 3, 64, 3))
    with pytest.raises(InputError, match=r"features: expected shape \[3, 3, 32, 64\]"):
        model.generate(*maps, features=torch.zeros(1, 3, 8, 8))
    with pytest.raises(InputError, match="cluster 5 of class 'box' does not exist; it has 0 to 1"):
        model.instance_styles(*maps, choices={1001: 5})
    with pytest.raises(InputError, match="no instance 1007"):
        model.instance_styles(*maps, choices={1007: 0})
    with pytest.raises(InputError, match="no vector for instance 0, 1000"):
        model.paint_styles(*maps, [{1001: torch.zeros(3)}] * 3)
    with pytest.raises(InputError, match="give the picture's label map"):
        model.style_of(batch["image"])
    plain = system(instance_features=False)
    assert not plain.has_styles
    with pytest.raises(InputError, match="without instance features"):
        plain.sample_style(1)
    with pytest.raises(InputError, match="style: .*leave it out"):
        plain.generate(*maps, torch.zeros(3, 3, 64, 3))
    with pytest.raises(InputError, match="both sides must be divisible by 4"):
        system(size=60)


@pytest.mark.parametrize("name", Pix2PixHDRecipe.presets())
def test_presets_are_consistent(name):
    recipe = Pix2PixHDRecipe.preset(name)
    assert Pix2PixHDRecipe.from_dict(recipe.to_dict()) == recipe
    assert all(side % recipe.sizes_divide_by == 0 for side in recipe.height_width)


def test_paper_recipes_hold_the_published_values():
    recipe = Pix2PixHDRecipe.preset("paper_512p_feat")
    assert recipe.height_width == (512, 1024) and recipe.instance_features
    assert (recipe.width, recipe.downsamplings, recipe.blocks) == (64, 4, 9)
    assert (recipe.encoder_width, recipe.encoder_downsamplings) == (16, 4)
    sizes = recipe.discriminator_width, recipe.discriminator_layers, recipe.discriminator_scales
    assert sizes == (64, 3, 2)
    assert (recipe.gan_loss, recipe.feature_matching, recipe.perceptual) == (
        "least_squares",
        10.0,
        10.0,
    )
    assert (recipe.learning_rate, recipe.betas, recipe.initial_std) == (2e-4, (0.5, 0.999), 0.02)
    assert (recipe.clusters, recipe.cluster_area, recipe.feature_channels) == (10, 0.5, 3)
    assert (recipe.steps, recipe.decay_from) == (200 * 2975, 100 * 2975)
    local = Pix2PixHDRecipe.preset("paper_1024p_feat")
    assert local.height_width == (1024, 2048) and local.load_features
    assert (local.width, local.enhancers, local.local_blocks) == (32, 1, 3)
    assert local.discriminator_scales == 3
    assert (local.steps, local.fix_global_until) == (100 * 2975, 10 * 2975)
    assert (recipe.resize, local.resize) == ("scale_width", "none")
    assert local.start_discriminators
    windows = Pix2PixHDRecipe.preset("paper_1024p_crop")
    assert (windows.resize, windows.height_width) == ("crop", (1024, 1024))
    assert (windows.steps, windows.fix_global_until) == (200 * 2975, 20 * 2975)
    assert Pix2PixHDRecipe.preset("paper_1024p_crop_feat").height_width == (896, 896)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fix_global_until": 2}, "nothing to fix"),
        ({"generator": "local", "fix_global_until": 2}, "no trained global generator"),
        ({"load_features": True}, "needs 'instance_features' and a trained encoder"),
        ({"clusters": 0}, "'clusters' must be at least 1"),
    ],
)
def test_recipes_that_make_no_sense(changes, message):
    with pytest.raises(InputError, match=message):
        Pix2PixHDRecipe.preset("smoke", **changes)
