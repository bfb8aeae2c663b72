"""Training in little memory: the wide layer's gradient in factors, and Adam's moments."""

import copy

import pytest
import torch
from sides import shapes
from torch import nn
from torch.utils.data import default_collate

from nbgan.errors import InputError
from nbgan.ugatit import UGATITRecipe, UGATITSystem
from nbgan.ugatit.compact import CompactAdam, WideLinear, factors_of, make_compact
from nbgan.ugatit.generator import UGATITGenerator

PUBLISHED = {"cycle_noise": 0.0, "gan": "least_squares", "r1": 0.0}
FULL = UGATITRecipe.preset("smoke", **PUBLISHED, light=False)


@pytest.fixture
def batch():
    return default_collate([shapes()[i] for i in range(2)])


def test_factors_make_the_gradient():
    torch.manual_seed(0)
    plain = nn.Linear(50, 6)
    wide = copy.deepcopy(plain)
    wide.__class__ = WideLinear
    x = torch.randn(3, 50, requires_grad=True)
    y = x.detach().clone().requires_grad_()
    (plain(x).square().sum() + plain(2 * x).sum()).backward()
    (wide(y).square().sum() + wide(2 * y).sum()).backward()
    torch.testing.assert_close(y.grad, x.grad)
    torch.testing.assert_close(wide.bias.grad, plain.bias.grad)
    assert wide.weight.grad is None
    made = sum(delta.T @ seen for delta, seen in factors_of(wide.weight))
    torch.testing.assert_close(made, plain.weight.grad)


def test_updates_are_those_of_adam(monkeypatch):
    monkeypatch.setattr("nbgan.ugatit.compact._CHUNK", 64)
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Linear(8, 9))
    ours = copy.deepcopy(plain)
    ours[0].__class__ = WideLinear
    options = {"lr": 0.01, "betas": (0.5, 0.999), "weight_decay": 0.1}
    adam = torch.optim.Adam(plain.parameters(), **options)
    compact = CompactAdam(ours.parameters(), **options)
    start = plain[0].weight.detach().clone()
    for step in range(12):
        x = torch.randn(2, 40, generator=torch.Generator().manual_seed(step))
        for network, optimizer in ((plain, adam), (ours, compact)):
            optimizer.zero_grad()
            (network(x) - 1).square().sum().backward()
            optimizer.step()
    assert not factors_of(ours[0].weight), "used up"
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        # Half precision of the first moment: a few thousandths of what was moved.
        torch.testing.assert_close(a, b, atol=2e-3, rtol=0)
    assert (plain[0].weight - start).abs().max() > 0.05
    moments = compact.state[ours[0].weight]
    assert (moments["exp_avg"].dtype, moments["exp_avg_sq"].dtype) == (
        torch.bfloat16,
        torch.float32,
    )


def test_moments_keep_their_type_through_a_state():
    weight = nn.Parameter(torch.randn(4, 4))
    optimizer = CompactAdam([weight], lr=0.1, betas=(0.5, 0.999))
    weight.sum().backward()
    optimizer.step()
    other = CompactAdam([weight], lr=0.1, betas=(0.5, 0.999))
    other.load_state_dict(optimizer.state_dict())
    state = other.state[weight]
    assert state["exp_avg"].dtype == torch.bfloat16
    assert torch.equal(state["exp_avg"], optimizer.state[weight]["exp_avg"])


def test_only_the_full_model_has_a_wide_layer():
    full = UGATITGenerator(width=4, blocks=1, size=16, light=False)
    names = list(full.state_dict())
    make_compact(full)
    assert isinstance(full.style[0], WideLinear) and list(full.state_dict()) == names
    light = UGATITGenerator(width=4, blocks=1, size=16)
    make_compact(light)
    assert not any(isinstance(module, WideLinear) for module in light.modules())


def test_compact_generators_learn_what_plain_ones_learn(batch):
    systems = [UGATITSystem(FULL), UGATITSystem(FULL.replace(compact=True))]
    for system in systems:
        system.train()
        for phase in system.phases():
            with system.only(phase) as parameters:
                optimizer = phase.optimizer(parameters)
                torch.stack(list(system(phase.name, batch).values())).sum().backward()
            optimizer.step()
    plain, compact = (system.state_dict() for system in systems)
    assert plain.keys() == compact.keys()
    before = UGATITSystem(FULL).state_dict()
    for name, value in plain.items():
        moved = (value - before[name]).abs().max()
        # Adam's first step is the gradient's sign: where a gradient is nearly 0, rounding turns it.
        different = ((value - compact[name]).abs() > 0.05 * moved + 1e-7).float().mean()
        assert different < 0.02, name


def test_several_processes_are_refused(monkeypatch):
    system = UGATITSystem(FULL.replace(compact=True))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    with pytest.raises(InputError, match="'compact' is for one process, this training has 2"):
        system.check_data(shapes())
