"""The local enhancer: its pyramid, the global part frozen and released, wrong global parts."""

import pytest
import torch

from nbgan.errors import InputError
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.generator import GlobalGenerator, TrunkSizes

SIZES = {"in_channels": 4, "downsamplings": 1, "blocks": 1}


def coarse(**changes):
    torch.manual_seed(0)
    return GlobalGenerator(**(SIZES | {"width": 8} | changes))


def enhancer(generator=None, **changes):
    torch.manual_seed(1)
    arguments = {"in_channels": 4, "width": 4, "blocks": 1} | changes
    return LocalEnhancer(global_generator=generator or coarse(), **arguments)


def test_two_enhancers_paint_at_four_times_the_size():
    two = enhancer(width=2, enhancers=2)
    picture = two(torch.randn(1, 4, 16, 24))
    assert picture.shape == (1, 3, 16, 24)
    assert picture.abs().max() < 1
    assert two.local_parts[0].to_rgb(picture) is picture


def test_global_part_sees_the_input_at_half_size():
    seen = []
    fine = enhancer()
    fine.global_part.register_forward_hook(lambda *args: seen.append(args[1][0]))
    one_hot = torch.zeros(1, 4, 8, 8)
    one_hot[:, 0, :, :4], one_hot[:, 1, :, 4:] = 1, 1
    fine(one_hot)
    assert seen[0].shape == (1, 4, 4, 4)
    torch.testing.assert_close(seen[0].sum(dim=1), torch.ones(1, 4, 4))
    shares = seen[0][0, 0, 0]
    torch.testing.assert_close(shares, torch.tensor([1.0, 1.0, 1 / 3, 0.0]))


def test_trained_weights_are_copied_and_not_shared():
    trained = coarse()
    fine = enhancer(trained)
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(fine.global_part(x), trained.features(x))
    with torch.no_grad():
        fine.global_part.stem[0].weight.zero_()
    assert trained.trunk.stem[0].weight.abs().sum() > 0


def test_frozen_global_part_gets_no_gradient_and_costs_no_graph():
    fine = enhancer()
    fine.global_part.requires_grad_(False)
    result = fine.global_part(torch.randn(1, 4, 8, 8))
    assert not result.requires_grad
    fine(torch.randn(1, 4, 16, 16)).sum().backward()
    assert all(p.grad is None for p in fine.global_part.parameters())
    assert all(p.grad is not None for p in fine.local_parts.parameters())
    fine.global_part.requires_grad_(True)
    fine(torch.randn(1, 4, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in fine.global_part.parameters())


def test_every_weight_is_in_the_global_or_a_local_part():
    fine = enhancer()
    parts = [*fine.global_part.parameters(), *fine.local_parts.parameters()]
    assert {id(p) for p in parts} == {id(p) for p in fine.parameters()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 4}, r"width 4 \(needed: 8\)"),
        ({"in_channels": 7}, r"in_channels 7 \(needed: 4\)"),
        ({"norm": "batch"}, r"norm batch \(needed: instance\)"),
        ({"width": 16, "in_channels": 3}, r"in_channels 3 \(needed: 4\), width 16 \(needed: 8\)"),
    ],
)
def test_wrong_global_generator_says_what_differs(changes, message):
    with pytest.raises(InputError, match=message):
        enhancer(coarse(**changes))


def test_wrong_global_checkpoint_says_what_differs():
    fine = enhancer(TrunkSizes(**SIZES, width=8))
    before = {k: v.clone() for k, v in fine.state_dict().items()}
    wrong = coarse(downsamplings=2, blocks=3)
    message = r"old\.safetensors: .*downsamplings 2 \(needed: 1\), blocks 3 \(needed: 1\)"
    with pytest.raises(InputError, match=message):
        fine.load_global(wrong, where="old.safetensors")
    assert all(torch.equal(v, before[k]) for k, v in fine.state_dict().items())


def test_paper_sizes_are_the_default():
    with torch.device("meta"):
        fine = LocalEnhancer(in_channels=36)
    assert fine.global_part.sizes == TrunkSizes(in_channels=36)
    assert fine.global_part.sizes.width == 64


def test_sizes_say_by_what_they_must_be_divisible():
    with pytest.raises(InputError, match="must be divisible by 4, because .* halves them 2 times"):
        enhancer()(torch.randn(1, 4, 14, 16))
    with pytest.raises(InputError, match="enhancers: must be at least 1"):
        enhancer(enhancers=0)
