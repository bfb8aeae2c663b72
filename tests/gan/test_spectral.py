"""Spectral norm on the smaller side against PyTorch's, which divides the weight."""

import copy

import pytest
import torch
from torch import nn

from nbgan.gan.spectral import spectral_norm

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("side", [5, 40])  # fewer inputs than weights, and more
def test_convolutions_agree_with_pytorch(side, layout, training):
    torch.manual_seed(0)
    plain = nn.Conv2d(8, 6, 4, padding=1, padding_mode="reflect").double()
    theirs = nn.utils.spectral_norm(copy.deepcopy(plain)).train(training)
    ours = spectral_norm(copy.deepcopy(plain)).train(training)
    ours.load_state_dict(theirs.state_dict())
    ours.to(memory_format=FORMATS[layout])
    x = torch.randn(2, 8, side, side, dtype=torch.double)
    for _ in range(2):
        inputs = [x.clone().requires_grad_() for _ in range(2)]
        outputs = [layer(x) for layer, x in zip((theirs, ours), inputs, strict=True)]
        torch.testing.assert_close(*outputs)
        for output in outputs:
            output.square().sum().backward()
        torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
        for name in ("weight_orig", "bias"):
            torch.testing.assert_close(
                *(layer.get_parameter(name).grad for layer in (theirs, ours))
            )
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_few_inputs_leave_the_weight_whole():
    layer = spectral_norm(nn.Conv2d(8, 8, 3, padding=1))
    layer(torch.randn(1, 8, 4, 4))
    assert layer.weight is layer.weight_orig
    assert {name for name, _ in layer.named_parameters()} == {"weight_orig", "bias"}
    layer(torch.randn(4, 8, 20, 20))
    assert layer.weight is not layer.weight_orig


def test_linear_layers_are_pytorchs():
    layer = spectral_norm(nn.Linear(5, 3))
    for _ in range(50):
        layer(torch.randn(2, 5))
    assert torch.linalg.matrix_norm(layer.weight, ord=2).item() == pytest.approx(1, abs=1e-3)
