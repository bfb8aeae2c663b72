"""CAM and Grad-CAM: by hand, against each other, and what they refuse."""

import pytest
import torch
from torch import nn

from nbgan.cam import (
    cam,
    class_activation_maps,
    enlarge,
    grad_cam,
    heat,
    max_contributions,
    to_unit,
)
from nbgan.errors import InputError


class Network(nn.Module):
    def __init__(self, pooling="mean", classes=3, inplace=False):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.features = nn.ReLU(inplace=inplace)
        self.fc = nn.Linear(6, classes)
        self.unused = nn.Conv2d(3, 6, 1)
        self.pooling = pooling

    def forward(self, image):
        x = self.features(self.norm(self.conv(image)))
        return self.fc(x.mean((2, 3)) if self.pooling == "mean" else x.amax((2, 3)))


@pytest.fixture(params=["mean", "max"])
def network(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Network(request.param)
        nn.init.constant_(network.norm.weight, 2.0)  # so that norm and conv differ
        return network.eval()


@pytest.fixture
def image():
    return torch.randn(2, 3, 10, 14, generator=torch.Generator().manual_seed(1))


def test_maps_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])  # one sample, two channels, 1 × 2
    weight = torch.tensor([[1.0, -1.0], [0.5, 2.0]])
    assert class_activation_maps(features, weight).tolist() == [[[[-2.0, 2.0]], [[6.5, 1.0]]]]
    # The first channel is largest at the right, the second at the left.
    assert max_contributions(features, weight).tolist() == [[[[-3.0, 2.0]], [[6.0, 1.0]]]]


def test_equal_maxima_count_once():
    features, weight = torch.ones(1, 1, 2, 2), torch.ones(1, 1)
    assert max_contributions(features, weight).flatten().tolist() == [1, 0, 0, 0]


def test_the_score_is_in_the_map(network, image):
    found = cam(network, image, layer="features", classifier="fc")
    assert found.maps.shape == (2, 3, 5, 7) and found.weights.shape == (2, 3, 6)
    torch.testing.assert_close(found.scores, network(image))
    if found.pooling == "mean":
        total = found.maps.mean((2, 3))
    else:
        total = max_contributions(found.features, network.fc.weight).sum((2, 3))
    torch.testing.assert_close(total + network.fc.bias, found.scores)
    assert found.pooling == network.pooling


def test_grad_cam_is_rectified_cam_divided_by_the_positions(network, image):
    """For both poolings: the gradient of a maximum is one at one position, that of a mean 1 / Z
    everywhere, and their means are the same."""
    by_weights = cam(network, image, layer="features", classifier="fc")
    by_gradient = grad_cam(network, image, layer="features")
    torch.testing.assert_close(by_gradient.maps, by_weights.maps.relu() / 35)
    torch.testing.assert_close(by_gradient.weights, by_weights.weights / 35)
    torch.testing.assert_close(by_gradient.scores, by_weights.scores)


def test_grad_cam_by_autograd(network, image):
    """At a layer where no formula holds, sample by sample through the whole graph."""
    found = grad_cam(network, image, layer="conv", classes=[2, 0])
    for n in range(2):
        before = network.conv(image[n : n + 1])
        x = network.features(network.norm(before))
        scores = network.fc(x.mean((2, 3)) if network.pooling == "mean" else x.amax((2, 3)))
        for place, k in enumerate((2, 0)):
            (gradient,) = torch.autograd.grad(scores[0, k], before, retain_graph=True)
            alpha = gradient.mean((2, 3))[0]
            torch.testing.assert_close(found.weights[n, place], alpha)
            want = (alpha[:, None, None] * before[0]).sum(0).relu()
            torch.testing.assert_close(found.maps[n, place], want)
    one = grad_cam(network, image, layer="conv", classes=0)
    torch.testing.assert_close(one.maps[:, 0], found.maps[:, 1])


def test_nothing_is_left_behind(network, image):
    network.requires_grad_(False)
    with torch.no_grad():
        found = grad_cam(network, image, layer="features")
    assert found.maps.abs().sum() > 0
    assert not any(t.requires_grad for t in (found.maps, found.scores, found.features))
    assert all(p.grad is None for p in network.parameters())
    assert not any(m._forward_hooks for m in network.modules())


def test_layers_that_work_in_place(image):
    torch.manual_seed(0)
    network = Network(inplace=True).eval()
    found = grad_cam(network, image, layer="norm")
    network.features.inplace = False
    torch.testing.assert_close(found.maps, grad_cam(network, image, layer="norm").maps)


def test_a_convolution_can_be_the_classifier(image):
    class Convolutional(Network):
        def forward(self, image):
            x = self.features(self.norm(self.conv(image))).mean((2, 3), keepdim=True)
            return self.scores(x).flatten(1)

    torch.manual_seed(0)
    network = Convolutional()
    network.scores = nn.Conv2d(6, 3, 1)
    network.eval()
    found = cam(network, image, layer="features", classifier="scores")
    torch.testing.assert_close(found.maps.mean((2, 3)) + network.scores.bias, network(image))


def test_half_precision(network, image):
    with torch.autocast("cpu", torch.bfloat16):
        assert cam(network, image, layer="features", classifier="fc").pooling == network.pooling


def test_wrong_networks_and_layers(network, image):
    with pytest.raises(InputError, match="it has conv, norm, features, fc, unused"):
        cam(network, image, layer="layer4", classifier="fc")
    with pytest.raises(InputError, match="it has conv, norm, features, fc, unused"):
        grad_cam(network, image, layer="layer4")
    with pytest.raises(InputError, match="neither the spatial mean nor the maximum of 'conv'"):
        cam(network, image, layer="conv", classifier="fc")
    with pytest.raises(InputError, match="'norm' is a BatchNorm2d"):
        cam(network, image, layer="features", classifier="norm")
    with pytest.raises(InputError, match="'unused' of Network put out no tensor"):
        cam(network, image, layer="unused", classifier="fc")
    with pytest.raises(InputError, match="put out no tensor"):
        grad_cam(network, image, layer="unused")
    with pytest.raises(InputError, match=r"'fc' puts out \[2, 3\]"):
        grad_cam(network, image, layer="fc")
    with pytest.raises(InputError, match="got 3; the model has the classes 0 to 2"):
        grad_cam(network, image, layer="conv", classes=3)
    with pytest.raises(InputError, match=r"image: got torch.float32 \[3, 10, 14\]"):
        cam(network, image[0], layer="features", classifier="fc")
    with pytest.raises(InputError, match="training mode"):
        grad_cam(network.train(), image, layer="features")


def test_scores_that_do_not_depend_on_the_layer(network, image):
    class Detached(Network):
        def forward(self, image):
            self.conv(image)
            return self.fc(image.mean((2, 3)).repeat(1, 2))

    with pytest.raises(InputError, match="do not depend on 'conv'"):
        grad_cam(Detached().eval(), image, layer="conv")

    class Twice(Network):
        def forward(self, image):
            return self.fc(self.features(self.features(self.conv(image))).mean((2, 3)))

    with pytest.raises(InputError, match="'features' runs 2 times"):
        grad_cam(Twice().eval(), image, layer="features")

    class Pair(Network):
        def forward(self, image):
            return super().forward(image), None

    with pytest.raises(InputError, match="returns a tuple"):
        grad_cam(Pair().eval(), image, layer="features")


def test_a_flattened_map_is_not_pooled(image):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 8 * 12, 2)).eval()
    with pytest.raises(InputError, match="neither the spatial mean nor the maximum"):
        cam(network, image, layer="0", classifier="2")
    assert grad_cam(network, image, layer="0").maps.shape == (2, 2, 8, 12)


def test_sizes_that_do_not_fit():
    with pytest.raises(InputError, match="with the same C"):
        class_activation_maps(torch.zeros(1, 4, 2, 2), torch.zeros(3, 5))
    with pytest.raises(InputError, match="with the same C"):
        max_contributions(torch.zeros(4, 2, 2), torch.zeros(3, 4))
    with pytest.raises(InputError, match="Enlarge the maps"):
        heat(torch.zeros(1, 3, 8, 8), torch.zeros(1, 4, 4))


def test_for_display():
    maps = torch.tensor([[[-1.0, 3.0], [1.0, 1.0]], [[2.0, 2.0], [2.0, 2.0]]])
    unit = to_unit(maps)
    assert unit[0].tolist() == [[0.0, 1.0], [0.5, 0.5]] and unit[1].abs().sum() == 0
    large = enlarge(maps[None], (4, 6))
    assert large.shape == (1, 2, 4, 6)
    assert large[0, 0, 0, 0] == -1 and large[0, 0, 0, -1] == 3
    picture = heat(torch.zeros(2, 3, 2, 2), unit)
    assert picture.abs().max() <= 1
    lightness = picture.mean(1)[0].flatten()
    assert lightness.argmax() == 1 and lightness.argmin() == 0
