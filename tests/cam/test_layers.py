"""Hooks are there inside the block, and gone after it."""

import pytest
import torch
from torch import nn

from nbgan.cam import layer_names, watch
from nbgan.errors import InputError


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)).eval()


def hooks(network):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


def test_outputs_and_inputs_are_kept(network):
    image = torch.randn(2, 3, 8, 8)
    with watch(network, "0", "1", "3.input") as kept:
        network(image)
    assert torch.equal(kept["0"], network[0](image))
    assert torch.equal(kept["1"], kept["0"].relu())
    assert torch.equal(kept["3.input"], kept["1"].flatten(1))
    assert hooks(network) == 0


def test_hooks_go_away_after_an_error(network):
    with pytest.raises(ZeroDivisionError), watch(network, "0", "1.input"):
        assert hooks(network) == 2
        raise ZeroDivisionError
    assert hooks(network) == 0


def test_an_output_can_be_replaced(network):
    image = torch.randn(1, 3, 8, 8)
    with watch(network, "1", replace=torch.zeros_like) as kept:
        scores = network(image)
    assert torch.equal(scores[0], network[3].bias)
    assert kept["1"].abs().sum() > 0, "what is kept is the output as it was"


def test_a_layer_called_input_is_an_output():
    network = nn.ModuleDict({"block": nn.ModuleDict({"input": nn.Linear(2, 3)})})
    with watch(network, "block.input") as kept:
        network["block"]["input"](torch.ones(1, 2))
    assert kept["block.input"].shape == (1, 3)


def test_a_missing_layer_is_answered_with_the_list(network):
    assert layer_names(network) == ["0", "1", "2", "3"]
    for wrong in ("layer4", "", "layer4.input"):
        message = "has no layer.*it has 0, 1, 2, 3"
        with pytest.raises(InputError, match=message), watch(network, "0", wrong):
            pass
        assert hooks(network) == 0
    with pytest.raises(InputError, match="no layers at all"), watch(nn.ReLU(), "0"):
        pass
    many = nn.Sequential(*(nn.ReLU() for _ in range(50)))
    with pytest.raises(InputError, match="38, 39 … and 10 more"), watch(many, "relu"):
        pass
