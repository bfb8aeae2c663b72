"""Inception and LPIPS on weight files made here: real file formats, random numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings

import pytest
import torch
import torchvision
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from nbgan.errors import InputError
from nbgan.gan.published import FOLDER_VARIABLE
from nbgan.metrics import LPIPS, FeatureDistance, InceptionFeatures, perceptual_distance
from nbgan.metrics import inception as inception_module


class Identity:
    name = "identity"

    def __call__(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image]


@pytest.fixture(autouse=True)
def no_weights_on_this_machine(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """Random weights under the published name; the constructor's own loading is stepped over."""
    module = "torch_fidelity.feature_extractor_inceptionv3"
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(f"{module}.load_state_dict_from_url", lambda *args, **kwargs: {})
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = FeatureExtractorInceptionV3("random", ["2048"])
    path = tmp_path_factory.mktemp("weights") / "pt_inception-2015-12-05-6726825d.pth"
    torch.save(network.state_dict(), path)
    return path


def test_inception_reads_the_file_and_takes_no_gradient(inception_file):
    state = torch.get_rng_state()
    network = InceptionFeatures(path=inception_file)
    assert torch.equal(state, torch.get_rng_state())
    assert network.name == "inception, weights not the published file"
    images = torch.rand(2, 3, 40, 52, generator=torch.Generator().manual_seed(0)) * 2 - 1
    (features,) = network(images)
    assert features.shape == (2, 2048, 1, 1) and not features.requires_grad

    bytes_ = ((images + 1) * 127.5).round().to(torch.uint8)
    expected = FeatureExtractorInceptionV3(
        "reference", ["2048"], feature_extractor_weights_path=str(inception_file)
    )(bytes_)[0]
    assert torch.allclose(features[:, :, 0, 0], expected)


def test_inception_is_called_so_only_if_the_file_is_the_published_one(inception_file, monkeypatch):
    digest = hashlib.sha256(inception_file.read_bytes()).hexdigest()
    weights = dataclasses.replace(inception_module.INCEPTION_WEIGHTS, digest=digest[:8])
    monkeypatch.setattr(inception_module, "INCEPTION_WEIGHTS", weights)
    monkeypatch.setenv(FOLDER_VARIABLE, str(inception_file.parent))
    assert InceptionFeatures().name == "inception"


def test_missing_inception_says_where_to_get_it_and_what_else_to_use(tmp_path):
    with pytest.raises(InputError) as caught:
        InceptionFeatures()
    for part in ("pt_inception-2015-12-05-6726825d.pth", "https://", FOLDER_VARIABLE, "segmenter"):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="elsewhere"):
        InceptionFeatures(path=tmp_path / "elsewhere")


def test_inception_of_another_network_or_with_code_is_refused(tmp_path):
    other = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(2)}, other)
    with pytest.raises(InputError, match=r"other\.pth: does not hold the parameters"):
        InceptionFeatures(path=other)

    class Code:
        def __reduce__(self):
            return (open, (str(tmp_path / "was run"), "w"))

    evil = tmp_path / "evil.pth"
    torch.save({"weight": Code()}, evil)
    with pytest.raises(InputError, match="could run code"):
        InceptionFeatures(path=evil)
    assert not (tmp_path / "was run").exists()


@pytest.fixture(scope="module")
def alexnet_file(tmp_path_factory):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = torchvision.models.alexnet(weights=None)
    path = tmp_path_factory.mktemp("weights") / "alexnet-owt-7be5be79.pth"
    torch.save(network.state_dict(), path)
    return path


def test_lpips_takes_its_trunk_from_the_file(alexnet_file):
    images = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lpips = LPIPS(path=alexnet_file)
    assert lpips.name == "LPIPS (alex, trunk not the published)"
    values = lpips(images[0], images[1])
    assert values.shape == (2,) and (values > 0).all()
    assert torch.equal(lpips(images[0], images[0]), torch.zeros(2))

    # The definition, from the file and the shipped heads: Σ_l mean_hw w_l · (x̂ − ŷ)².
    trunk = torchvision.models.alexnet(weights=None)
    trunk.load_state_dict(torch.load(alexnet_file, weights_only=True))
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    x, y = ((one - shift) / scale for one in images)
    expected = torch.zeros(2)
    with torch.no_grad():
        for index, layer in enumerate(trunk.features[:12]):
            x, y = layer(x), layer(y)
            if index in (1, 4, 7, 9, 11):
                head = lpips.network.lins[(1, 4, 7, 9, 11).index(index)].model[-1].weight
                unit = [m / (m.square().sum(1, keepdim=True).sqrt() + 1e-10) for m in (x, y)]
                difference = (unit[0] - unit[1]).square() * head[0]
                expected += difference.sum(1).mean((1, 2))
    assert torch.allclose(values, expected, rtol=1e-4)


def test_lpips_errors(alexnet_file, tmp_path):
    with pytest.raises(InputError, match="alexnet-owt-7be5be79.pth.*https://"):
        LPIPS()
    with pytest.raises(InputError, match="trunk: got 'resnet'; use one of alex, vgg"):
        LPIPS(trunk="resnet")
    with pytest.raises(InputError, match="does not hold the parameters of LPIPS' VGG16"):
        LPIPS(trunk="vgg", path=alexnet_file)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(alexnet_file.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"cut\.pth"):
        LPIPS(path=cut)


def test_stand_in_only_where_nothing_was_asked_for_by_path(alexnet_file, tmp_path):
    with pytest.warns(UserWarning, match="https://.*Using: perceptual distance, stand-in"):
        distance = perceptual_distance(Identity())
    assert isinstance(distance, FeatureDistance)
    assert isinstance(perceptual_distance(Identity(), path=alexnet_file), LPIPS)
    with pytest.raises(InputError, match="no file"):
        perceptual_distance(Identity(), path=tmp_path / "nowhere")
