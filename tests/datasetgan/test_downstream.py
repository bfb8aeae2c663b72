"""DeepLabV3 on a factory's shards."""

import pytest
import torch
from tiny import SPACE, Tiny
from torch.utils.data import default_collate

from nbgan.data import LabelSpace
from nbgan.datasetgan import (
    DatasetGANSystem,
    DeepLabRecipe,
    DeepLabSystem,
    cross_validate,
    train_checkpoints,
    write_shards,
)
from nbgan.datasetgan.deeplab import DeepLab
from nbgan.datasetgan.factory import Order
from nbgan.errors import InputError
from nbgan.segmenter import dice_loss
from nbgan.train import load_model, save_model, start_training


@pytest.fixture
def shards(recipe, tmp_path):
    system = DatasetGANSystem(recipe.replace(keypoints=2), SPACE).eval()
    with torch.no_grad():
        system.pointer.linear_2.bias[:, 0, 0] = 1.0
    write_shards(system, tmp_path / "shards", Order(pictures=4), progress=False)
    return tmp_path / "shards"


def test_trains_on_shards_and_is_read_back(shards, tmp_path):
    recipe = DeepLabRecipe.preset("smoke", data_path=str(shards), steps=2)
    trained = start_training(recipe, out=tmp_path / "run", progress=False).system
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.label_space == SPACE
    picture = torch.rand(2, 3, 32, 32) * 2 - 1
    assert torch.equal(model.segment(picture), trained.segment(picture))
    assert model.segment(picture).shape == (2, 32, 32)
    assert model.preview(default_collate([Tiny()[0]])).shape == (3, 3, 32, 32)


def test_keypoint_head_trains_on_shards(shards, tmp_path):
    recipe = DeepLabRecipe.preset("smoke", data_path=str(shards), steps=2, keypoints=2)
    model = start_training(recipe, out=tmp_path / "run", progress=False).system
    assert model.find_keypoints(torch.zeros(1, 3, 32, 32)).shape == (1, 2, 2)
    with pytest.raises(InputError, match="has 0 keypoints, recipe field 'keypoints' asks for 2"):
        model.keypoint_losses(default_collate([Tiny()[i] for i in range(2)]))


def test_checkpoints_are_scored_picture_by_picture_and_cross_validated(tmp_path):
    recipe = DeepLabRecipe.preset("smoke", steps=4)
    matrices = train_checkpoints(
        recipe, Tiny(length=8), Tiny(length=5), out=tmp_path, checkpoints=2
    )
    assert [m.shape for m in matrices] == [(5, 2, 2)] * 2
    assert all((m.sum(dim=(1, 2)) == 32 * 32).all() for m in matrices)
    result = cross_validate(matrices)
    assert 0 <= result.mean <= 1


def test_dice_joins_cross_entropy_with_its_weight():
    batch = default_collate([Tiny()[i] for i in range(2)])
    plain, both = (
        DeepLabSystem(DeepLabRecipe.preset("smoke", dice=weight), SPACE).eval()
        for weight in (0.0, 0.5)
    )
    losses = both.label_losses(batch)
    assert set(plain.label_losses(batch)) == {"cross_entropy"}
    assert losses["cross_entropy"] == plain.label_losses(batch)["cross_entropy"]
    dice = dice_loss(both.network(batch["image"]), batch["label"])
    assert losses["dice"].item() == pytest.approx(0.5 * dice.item())
    assert dice.item() > 0


@pytest.mark.parametrize("backbone", ["resnet50", "resnet101", "mobilenet_v3_large"])
def test_every_backbone_is_built(backbone):
    with torch.device("meta"):
        network = DeepLab(backbone=backbone, outputs=3, head_width=16)
        out = network.eval()(torch.zeros(1, 3, 64, 64))
    assert out.shape == (1, 3, 64, 64)


def test_a_short_training_is_evaluated_with_its_own_statistics():
    """Once: MobileNetV3 kept the statistics of fresh weights for hundreds of steps."""
    torch.manual_seed(0)
    network = DeepLab(backbone="mobilenet_v3_large", outputs=2, head_width=16).train()
    picture = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        for _ in range(60):
            network(picture)
        layers = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        first = layers[0]
        seen = []
        first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        network(picture)
    torch.testing.assert_close(first.running_mean, seen[0].mean((0, 2, 3)), atol=0.02, rtol=0.02)
    assert {m.momentum for m in layers} == {0.1}


def test_pictures_are_normalised_as_for_imagenet():
    network = DeepLab(backbone="mobilenet_v3_large", outputs=2, head_width=16)
    seen = []
    network.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network.eval()(torch.ones(1, 3, 32, 32))
    expected = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(seen[0][0, :, 5, 5], expected)


def test_small_pictures_are_enlarged_for_the_network():
    network = DeepLab(backbone="mobilenet_v3_large", outputs=2, head_width=16, enlarge=3)
    seen = []
    network.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    assert network.eval()(torch.zeros(1, 3, 32, 40)).shape == (1, 2, 32, 40)
    assert seen == [(1, 3, 96, 120)]


def test_other_classes_take_over_all_but_the_last_layer(tmp_path):
    recipe = DeepLabRecipe.preset("smoke", seed=1)
    other = LabelSpace(
        name="other", classes=("a", "b", "c"), colors=tuple((i, 0, 0) for i in range(3))
    )
    before = DeepLabSystem(recipe.replace(seed=0), other)
    save_model(tmp_path / "model.safetensors", before)
    start = str(tmp_path / "model.safetensors")
    system = DeepLabSystem(recipe.replace(start_from=start), SPACE)
    last = system.network.network.classifier[4].weight.clone()
    system.begin()
    assert torch.equal(system.network.network.classifier[4].weight, last)
    taken, given = (s.network.network.backbone.state_dict() for s in (system, before))
    assert all(torch.equal(value, given[name]) for name, value in taken.items())
    same = DeepLabSystem(recipe.replace(start_from=start), other)
    same.begin()
    assert torch.equal(
        same.network.network.classifier[4].weight, before.network.network.classifier[4].weight
    )
    wrong = DeepLabSystem(recipe.replace(start_from="segmenter-avatars"), SPACE)
    with pytest.raises(InputError, match="'segmenter' model; a 'deeplab' training"):
        wrong.begin()


def test_bad_input_is_named(tmp_path):
    with pytest.raises(InputError, match="'enlarge' must be at least 1, got 0"):
        DeepLabRecipe(enlarge=0)
    with pytest.raises(InputError, match="'backbone' is 'vgg'; choose one of resnet50"):
        DeepLabRecipe(backbone="vgg")
    with pytest.raises(InputError, match="'batch_size' must be at least 2 for DeepLabV3"):
        DeepLabRecipe(batch_size=1)
    with pytest.raises(InputError, match="no classes to learn"):
        DeepLabSystem(DeepLabRecipe.preset("smoke"), None)
    other = Tiny(length=5)
    other.label_space = LabelSpace(name="other", classes=("a",), colors=((0, 0, 0),))
    recipe = DeepLabRecipe.preset("smoke", steps=2)
    with pytest.raises(InputError, match="label space 'other', the training data has 'tiny'"):
        train_checkpoints(recipe, Tiny(), other, out=tmp_path / "run")
    with pytest.raises(InputError, match="checkpoints: got 5 for 2 steps"):
        train_checkpoints(recipe, Tiny(), Tiny(length=5), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
