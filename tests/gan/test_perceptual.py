"""Perceptual loss, VGG19 features and the features of a shipped network."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from nbgan.errors import InputError
from nbgan.gan.perceptual import (
    ModuleFeatures,
    PerceptualLoss,
    VGG19Features,
    embedded_features,
)
from nbgan.gan.published import FOLDER_VARIABLE


class TwoMaps:
    name = "two maps"

    def __call__(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image, 2 * image[..., ::2, ::2]]


class Trainable(nn.Module):
    """A network with features, trainable and in training mode."""

    name = "trainable"

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))

    def features(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [self.layer(image)]

    forward = features


@pytest.fixture(autouse=True)
def no_weights_on_this_machine(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_loss_by_hand():
    image, target = torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.5)
    # Maps differ by 0.5 and by 1.
    assert PerceptualLoss(TwoMaps())(image, target).item() == pytest.approx(0.75)
    assert PerceptualLoss(TwoMaps(), weights=(2, 3))(image, target).item() == pytest.approx(4.0)
    assert PerceptualLoss(TwoMaps())(target, target).item() == 0


def test_gradient_reaches_the_image_only(images):
    network = Trainable()
    image, target = images.clone().requires_grad_(), images.flip(0).clone().requires_grad_()
    PerceptualLoss(network)(image, target).backward()
    assert image.grad.abs().sum() > 0
    assert target.grad is None
    assert all(p.grad is None for p in network.parameters())


def test_the_network_handed_in_stays_as_it_was(images):
    network = Trainable()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    PerceptualLoss(network)(images, images.flip(0))
    ModuleFeatures(network, name="x")(images)
    assert network.training and all(p.requires_grad for p in network.parameters())
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_the_loss_is_no_part_of_a_system():
    class System(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.loss = PerceptualLoss(Trainable())

    assert not list(System().parameters()) and not System().state_dict()


def test_half_precision_features_are_compared_in_single_precision(images):
    class Half(TwoMaps):
        def __call__(self, image):
            return [m.bfloat16() for m in super().__call__(image)]

    loss = PerceptualLoss(Half())(images, images.flip(0))
    assert loss.dtype == torch.float32
    single = PerceptualLoss(TwoMaps())(images, images.flip(0))
    assert loss.item() == pytest.approx(single.item(), rel=0.01)


@pytest.mark.parametrize(
    ("image", "target", "weights", "message"),
    [
        (torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 8), None, "differ in shape"),
        (torch.zeros(3, 4, 4), torch.zeros(3, 4, 4), None, "add the batch axis"),
        (*[torch.zeros(1, 3, 4, 4, dtype=torch.uint8)] * 2, None, "x / 127.5 - 1"),
        (*[torch.zeros(1, 3, 4, 4)] * 2, (1, 1, 1), "got 3, but two maps has 2 feature maps"),
    ],
)
def test_bad_input(image, target, weights, message):
    with pytest.raises(InputError, match=message):
        PerceptualLoss(TwoMaps(), weights=weights)(image, target)


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    """Random VGG19 weights in the published layout; the large head, which is not read, is small."""
    with torch.random.fork_rng(), torch.device("meta"):
        network = torchvision.models.vgg19(weights=None)
    random = torch.Generator().manual_seed(3)
    state = {
        key: torch.randn(value.shape, generator=random) * (2 / max(1, value[0].numel())) ** 0.5
        for key, value in network.features.state_dict(prefix="features.").items()
    }
    state["classifier.0.weight"] = torch.zeros(2, 2)
    path = tmp_path_factory.mktemp("weights") / "vgg19-dcbb9e9d.pth"
    torch.save(state, path)
    return path, state


def test_vgg19_maps_are_those_of_the_published_loss(vgg19, images):
    path, state = vgg19
    rng = torch.get_rng_state()
    features = VGG19Features(path=path)
    assert torch.equal(rng, torch.get_rng_state())
    maps = features(images)
    assert [tuple(m.shape[1:]) for m in maps] == [
        (64, 32, 32),
        (128, 16, 16),
        (256, 8, 8),
        (512, 4, 4),
        (512, 2, 2),
    ]
    # relu1_1 and relu2_1 from the file: the image goes in without ImageNet normalisation.
    conv = torch.nn.functional.conv2d
    x = conv(images, state["features.0.weight"], state["features.0.bias"], padding=1).relu()
    assert torch.allclose(maps[0], x, atol=1e-5)
    x = conv(x, state["features.2.weight"], state["features.2.bias"], padding=1).relu()
    x = torch.nn.functional.max_pool2d(x, 2)
    x = conv(x, state["features.5.weight"], state["features.5.bias"], padding=1).relu()
    assert torch.allclose(maps[1], x, atol=1e-4)


def test_vgg19_loss_uses_the_published_weights(vgg19, images):
    features = VGG19Features(path=vgg19[0].parent)
    other = images.flip(0)
    weights = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1)
    expected = sum(
        weight * (x - y).abs().mean()
        for weight, x, y in zip(weights, features(images), features(other), strict=True)
    )
    loss = PerceptualLoss(features)
    assert loss.features is features
    assert loss(images, other).item() == pytest.approx(expected.item(), rel=1e-5)
    assert loss.name == "perceptual loss (VGG19, weights not the published file)"


def test_vgg19_is_found_in_the_named_folder_and_the_hub_cache(vgg19, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(vgg19[0].parent))
    assert VGG19Features().name.startswith("VGG19")
    monkeypatch.delenv(FOLDER_VARIABLE)
    with pytest.raises(InputError) as caught:
        VGG19Features()
    for part in ("vgg19-dcbb9e9d.pth", "https://", FOLDER_VARIABLE, "embedded_features"):
        assert part in str(caught.value)
    hub = vgg19[0].parent / "hub"
    (hub / "checkpoints").mkdir(parents=True)
    (hub / "checkpoints" / vgg19[0].name).symlink_to(vgg19[0])
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(hub))
    VGG19Features()


def test_vgg19_refuses_files_that_do_not_fit(vgg19, tmp_path):
    lacking = {k: v for k, v in vgg19[1].items() if k != "features.10.bias"}
    torch.save(lacking, tmp_path / "lacking.pth")
    with pytest.raises(InputError, match=r"lacking\.pth: does not hold .*10\.bias"):
        VGG19Features(path=tmp_path / "lacking.pth")
    wrong = vgg19[1] | {"features.0.weight": torch.zeros(64, 1, 3, 3)}
    torch.save(wrong, tmp_path / "wrong.pth")
    with pytest.raises(InputError, match=r"wrong\.pth: does not hold .*0\.weight"):
        VGG19Features(path=tmp_path / "wrong.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(InputError, match="dictionary of tensors .* got list"):
        VGG19Features(path=tmp_path / "list.pth")
    (tmp_path / "empty.pth").touch()
    (tmp_path / "text.pth").write_text("<html>not found</html>")
    for name in ("empty.pth", "text.pth"):
        with pytest.raises(InputError, match=name):
            VGG19Features(path=tmp_path / name)


def test_vgg19_refuses_images_that_would_vanish(vgg19):
    with pytest.raises(InputError, match="at least 16 by 16"):
        VGG19Features(path=vgg19[0])(torch.zeros(1, 3, 8, 64))


def test_embedded_features_say_what_they_are_not(monkeypatch, images):
    from nbgan import zoo

    asked = []
    monkeypatch.setattr(zoo, "load", lambda name: asked.append(name) or Trainable(), raising=False)
    features = embedded_features()
    assert features.name == "segmenter-landscapes (not VGG19)"
    assert asked == ["segmenter-landscapes"]
    assert not features(images)[0].requires_grad
    assert embedded_features("other", instead_of="Inception").name == "other (not Inception)"


def test_a_module_without_features_is_refused():
    with pytest.raises(InputError, match="Linear has no features"):
        ModuleFeatures(nn.Linear(1, 1), name="x")
