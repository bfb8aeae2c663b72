"""The SPADE layer."""

import pytest
import torch
import torch.nn.functional as F

from nbgan import norms
from nbgan.errors import InputError

CLASSES = 4


@pytest.fixture
def layer() -> norms.SPADE:
    torch.manual_seed(0)
    return norms.SPADE(channels=6, label_channels=CLASSES, hidden=8)


def one_hot(ids: torch.Tensor) -> torch.Tensor:
    return F.one_hot(ids, CLASSES).movedim(-1, 1).float()


@pytest.fixture
def segmap() -> torch.Tensor:
    return one_hot(torch.randint(CLASSES, (2, 32, 48), generator=torch.Generator().manual_seed(1)))


@pytest.fixture
def x() -> torch.Tensor:
    return 2 + 3 * torch.randn(2, 6, 8, 12, generator=torch.Generator().manual_seed(2))


def test_formula(layer, x, segmap):
    gamma, beta = layer.modulation(segmap, (8, 12))
    expected = norms.instance_norm(x) * (1 + gamma) + beta
    torch.testing.assert_close(layer(x, segmap), expected, atol=1e-5, rtol=1e-5)


def test_modulation_can_be_computed_once_and_shared_by_a_batch(layer, x, segmap):
    modulation = layer.modulation(segmap[:1], (8, 12))
    expected = layer(x, segmap[:1].expand(2, -1, -1, -1))
    torch.testing.assert_close(layer(x, modulation=modulation), expected)


def test_uniform_map_is_affine_instance_norm_away_from_the_border(layer, x):
    ids = torch.full((2, 8, 12), 3)
    out = layer(x, one_hot(ids))[..., 2:-2, 2:-2]
    gamma, beta = (m[0, :, 4, 4] for m in layer.modulation(one_hot(ids), (8, 12)))
    expected = F.instance_norm(x, weight=1 + gamma, bias=beta)[..., 2:-2, 2:-2]
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)


def test_uniform_maps_of_two_classes_differ(layer, x):
    first, second = (layer(x, one_hot(torch.full((2, 8, 12), c))) for c in (0, 1))
    assert (first - second).abs().mean() > 1e-2


def test_map_is_resized_by_the_legacy_nearest_rule():
    layer = norms.SPADE(channels=1, label_channels=CLASSES, hidden=1, kernel_size=1)
    for conv in (layer.shared, layer.gamma, layer.beta):
        torch.nn.init.constant_(conv.weight, 1.0)
        torch.nn.init.zeros_(conv.bias)
    layer.shared.weight.data = torch.arange(float(CLASSES)).reshape(1, CLASSES, 1, 1)
    ids = torch.tensor([[[0, 1, 2, 3, 3, 1, 2]]])
    _, beta = layer.modulation(one_hot(ids), (1, 3))
    # Columns floor(0), floor(7/3), floor(14/3); the half-pixel rule would take 1, 3 and 5.
    assert beta.flatten().tolist() == [0.0, 2.0, 3.0]


def test_batch_variant_uses_running_statistics_only_in_eval_mode(x, segmap):
    layer = norms.SPADE(channels=6, label_channels=CLASSES, hidden=8, norm="batch")
    together, alone = layer(x, segmap)[:1], layer(x[:1], segmap[:1])
    assert (together - alone).abs().max() > 1e-3
    assert layer.norm.num_batches_tracked == 2
    layer.eval()
    torch.testing.assert_close(layer(x, segmap)[:1], layer(x[:1], segmap[:1]))


def test_syncbatch_becomes_pytorch_sync_batch_norm(x, segmap):
    layer = norms.SPADE(channels=6, label_channels=CLASSES, hidden=8, norm="syncbatch")
    converted = torch.nn.SyncBatchNorm.convert_sync_batchnorm(layer)
    assert isinstance(converted.norm, torch.nn.SyncBatchNorm)
    assert converted.norm.weight is None


def test_normalisation_itself_has_no_parameters(layer):
    prefixes = {name.split(".")[0] for name, _ in layer.named_parameters()}
    assert prefixes == {"shared", "gamma", "beta"}


def test_mixed_precision_and_gradients(layer, x, segmap):
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(x.requires_grad_(), segmap)
    torch.testing.assert_close(out.float(), layer(x, segmap), atol=0.1, rtol=0.05)
    out.float().pow(2).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in layer.parameters())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda layer, x, m: layer(x[:, :5], m), "has 5 channels"),
        (lambda layer, x, m: layer(x, m[:, :3]), "segmap: has 3 channels"),
        (lambda layer, x, m: layer(x, m.argmax(1)), "segmap: expected a float tensor"),
        (lambda layer, x, m: layer(x), "either segmap or modulation"),
        (lambda layer, x, m: layer(x, m, layer.modulation(m, (8, 12))), "either segmap"),
        (lambda layer, x, m: layer(x, m[:1].repeat(3, 1, 1, 1)), "gamma.*does not fit"),
        (lambda layer, x, m: layer(x, modulation=layer.modulation(m, (4, 6))), "does not fit"),
        (lambda *_: norms.SPADE(channels=2, label_channels=2, norm="group"), "unknown 'group'"),
        (lambda *_: norms.SPADE(channels=2, label_channels=2, kernel_size=4), "kernel_size: 4"),
    ],
)
def test_bad_input_is_named(layer, x, segmap, call, words):
    with pytest.raises(InputError, match=words):
        call(layer, x, segmap)
